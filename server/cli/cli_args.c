/* Sorting a command's arguments into options and the rest. */
#include "server/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config/nearest.h"

static size_t options_count(const struct cli_command *command)
{
    size_t count = 0;
    while (count < CLI_OPTIONS_MAX && command->options[count].name)
        count++;
    return count;
}

static size_t find_option(const struct cli_command *command, const char *name, size_t name_bytes)
{
    size_t count = options_count(command);
    for (size_t i = 0; i < count; i++)
        if (strlen(command->options[i].name) == name_bytes &&
            strncmp(command->options[i].name, name, name_bytes) == 0)
            return i;
    return CLI_OPTIONS_MAX;
}

static bool refuse_option(const struct cli_command *command, const char *arg)
{
    const char *names[CLI_OPTIONS_MAX + CONFIG_SETTINGS_MAX];
    char typed[NEAREST_WORD_BYTES_MAX + 1] = "";
    size_t count = options_count(command);
    for (size_t i = 0; i < count; i++)
        names[i] = command->options[i].name;
    for (size_t i = 0; i < config_table_count; i++)
        names[count++] = config_table[i].name;
    size_t bytes = strcspn(arg + 2, "=");
    if (bytes < sizeof typed)
        memcpy(typed, arg + 2, bytes);
    const char *nearest = nearest_word(typed, names, count);
    if (nearest)
        (void)cli_fail("`%s` has no option %s; did you mean --%s?", command->name, arg, nearest);
    else
        (void)cli_fail("`%s` has no option %s; `stanchion %s --help` lists its own, `stanchion "
                       "config` the settings",
                       command->name, arg, command->name);
    return false;
}

/* Takes the option at argv[*i]; *i moves past its value. */
static bool take_option(const struct cli_command *command, int argc, char **argv, int *i,
                        struct cli_args *args)
{
    const char *arg = argv[*i];
    const char *equals = strchr(arg, '=');
    size_t name_bytes = equals ? (size_t)(equals - arg) - 2 : strlen(arg) - 2;
    size_t index =
        strncmp(arg, "--", 2) == 0 ? find_option(command, arg + 2, name_bytes) : CLI_OPTIONS_MAX;
    if (index == CLI_OPTIONS_MAX)
        return refuse_option(command, arg);
    const struct cli_option *option = &command->options[index];
    const char *value = "";
    if (!option->value_name && equals) {
        (void)cli_fail("--%s takes no value", option->name);
        return false;
    }
    if (option->value_name) {
        value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : NULL;
        if (!value) {
            (void)cli_fail("--%s needs a value: %s", option->name, option->value_name);
            return false;
        }
    }
    if (args->values_count[index] == CLI_REPEATS_MAX) {
        (void)cli_fail("--%s is given more than %d times", option->name, CLI_REPEATS_MAX);
        return false;
    }
    args->values[index][args->values_count[index]++] = value;
    return true;
}

static bool check_count(const struct cli_command *command, const struct cli_args *args)
{
    if (args->arguments_count < command->arguments_min) {
        (void)cli_fail("`%s` needs %s; see `stanchion %s --help`", command->name,
                       command->arguments, command->name);
        return false;
    }
    if (args->arguments_count > command->arguments_max) {
        (void)cli_fail("`%s` does not take \"%s\"; see `stanchion %s --help`", command->name,
                       args->arguments[command->arguments_max], command->name);
        return false;
    }
    return true;
}

bool cli_args_read(const struct cli_command *command, int argc, char **argv, struct cli_args *args)
{
    bool is_after_dashes = false;
    memset(args, 0, sizeof *args);
    for (int i = 0; i < argc; i++) {
        if (!is_after_dashes && strcmp(argv[i], "--") == 0) {
            is_after_dashes = true;
            continue;
        }
        if (!is_after_dashes && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!take_option(command, argc, argv, &i, args))
                return false;
            continue;
        }
        if (args->arguments_count == CLI_ARGUMENTS_MAX) {
            (void)cli_fail("too many arguments (at most %d)", CLI_ARGUMENTS_MAX);
            return false;
        }
        args->arguments[args->arguments_count++] = argv[i];
    }
    return check_count(command, args);
}

const char *cli_value(const struct cli_command *command, const struct cli_args *args,
                      const char *name)
{
    size_t index = find_option(command, name, strlen(name));
    if (index == CLI_OPTIONS_MAX || args->values_count[index] == 0)
        return NULL;
    return args->values[index][args->values_count[index] - 1];
}

bool cli_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < min || value > max)
        return false;
    *number = value;
    return true;
}
