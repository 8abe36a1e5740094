/* From argv to a command: settings' flags are taken out first (config_load), the words that are
 * left name the command, the rest are its arguments and options. Whatever is not known is answered
 * with the nearest known word. */
#include "server/cli/cli.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/config/nearest.h"

#define VERSION "0.1.0"
#define WORDS_MAX 64

__attribute__((format(printf, 1, 0))) static void complain(const char *format, va_list args)
{
    (void)fputs("stanchion: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
}

int cli_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(format, args);
    va_end(args);
    return CLI_FAILED;
}

int cli_misused(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(format, args);
    va_end(args);
    return CLI_USAGE;
}

/* Headings are bold on a terminal only. */
static void print_heading(const char *text)
{
    bool is_terminal = isatty(STDOUT_FILENO) == 1;
    (void)printf("%s%s%s\n", is_terminal ? "\033[1m" : "", text, is_terminal ? "\033[0m" : "");
}

static void print_help(void)
{
    print_heading("stanchion: a waiting line and ticket shop of your own");
    (void)printf("\nstanchion COMMAND [arguments] [--setting value]...\n\n");
    for (size_t i = 0; i < cli_commands_count; i++)
        (void)printf("  %-18s %s\n", cli_commands[i].name, cli_commands[i].summary);
    (void)printf("  %-18s %s\n", "help [COMMAND]",
                 "print this, or what --help of the command prints");
    (void)printf("  %-18s %s\n", "--version", "print the version");
    (void)printf("\n`stanchion COMMAND --help` tells more about one; `stanchion config` lists the "
                 "settings.\n"
                 "Exit code: 0 done; 1 refused or failed, or something was found by a command that "
                 "looks for it; 2 wrong use.\n");
}

static void print_command_help(const struct cli_command *command)
{
    (void)printf("stanchion %s%s%s: %s\n", command->name, command->arguments[0] ? " " : "",
                 command->arguments, command->summary);
    if (command->details[0])
        (void)printf("\n%s\n", command->details);
    if (command->options[0].name)
        (void)printf("\n");
    for (size_t i = 0; i < CLI_OPTIONS_MAX && command->options[i].name; i++) {
        const struct cli_option *option = &command->options[i];
        char left[64];
        (void)snprintf(left, sizeof left, "--%s%s%s", option->name, option->value_name ? " " : "",
                       option->value_name ? option->value_name : "");
        (void)printf("  %-20s %s\n", left, option->help);
    }
    (void)printf("\nEvery setting can be given as a flag too, e.g. --data.dir DIR.\n");
}

const struct cli_command *cli_find(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < cli_commands_count; i++) {
        const char *name = cli_commands[i].name, *space = strchr(name, ' ');
        size_t first_bytes = space ? (size_t)(space - name) : strlen(name);
        if (argc < 1 || strlen(argv[0]) != first_bytes || strncmp(argv[0], name, first_bytes) != 0)
            continue;
        if (space && (argc < 2 || strcmp(argv[1], space + 1) != 0))
            continue;
        *words = space ? 2 : 1;
        return &cli_commands[i];
    }
    return NULL;
}

/* "event" of "event list", "" of "audit". */
static void first_word(const char *name, char out[NEAREST_WORD_BYTES_MAX + 1])
{
    size_t bytes = strchr(name, ' ') ? strcspn(name, " ") : 0;
    assert(bytes <= NEAREST_WORD_BYTES_MAX);
    memcpy(out, name, bytes);
    out[bytes] = '\0';
}

/* The nearest command to one or two words, or NULL; of one word also the first of two. The answer
 * stays good until the next call. */
static const char *nearest_command(int argc, char **argv)
{
    static char firsts[WORDS_MAX][NEAREST_WORD_BYTES_MAX + 1];
    const char *names[2 * WORDS_MAX];
    char typed[NEAREST_WORD_BYTES_MAX + 1];
    size_t count = 0;
    bool has_second = argc > 1 && argv[1][0] != '-';
    for (; count < cli_commands_count && count < WORDS_MAX - 1; count++)
        names[count] = cli_commands[count].name;
    names[count++] = "help";
    for (size_t i = 0; i < cli_commands_count && i < WORDS_MAX && !has_second; i++) {
        first_word(cli_commands[i].name, firsts[i]);
        names[count++] = firsts[i];
    }
    int bytes = snprintf(typed, sizeof typed, "%s%s%s", argv[0], has_second ? " " : "",
                         has_second ? argv[1] : "");
    const char *nearest =
        bytes > 0 && (size_t)bytes < sizeof typed ? nearest_word(typed, names, count) : NULL;
    return nearest ? nearest : nearest_word(argv[0], names, count);
}

/* "event" alone, or "event" with an unknown second word. */
static bool is_first_word(const char *word)
{
    size_t bytes = strlen(word);
    for (size_t i = 0; i < cli_commands_count; i++)
        if (strncmp(cli_commands[i].name, word, bytes) == 0 && cli_commands[i].name[bytes] == ' ')
            return true;
    return false;
}

static void list_second_words(const char *word, FILE *out)
{
    size_t bytes = strlen(word), count = 0;
    for (size_t i = 0; i < cli_commands_count; i++)
        if (strncmp(cli_commands[i].name, word, bytes) == 0 && cli_commands[i].name[bytes] == ' ')
            (void)fprintf(out, "%s%s", count++ ? ", " : "", cli_commands[i].name + bytes + 1);
    (void)fputc('\n', out);
}

static int refuse_command(int argc, char **argv)
{
    const char *nearest = nearest_command(argc, argv);
    bool has_second = argc > 1 && argv[1][0] != '-';
    if (is_first_word(argv[0]) && !has_second) {
        (void)fprintf(stderr, "stanchion: `%s` needs one more word: ", argv[0]);
        list_second_words(argv[0], stderr);
        return CLI_USAGE;
    }
    bool is_second_wrong = is_first_word(argv[0]);
    (void)fprintf(stderr, "stanchion: there is no command `%s%s%s`", argv[0],
                  is_second_wrong ? " " : "", is_second_wrong ? argv[1] : "");
    if (nearest)
        (void)fprintf(stderr, "; did you mean `%s`?\n", nearest);
    else
        (void)fprintf(stderr, "; `stanchion help` lists all\n");
    return CLI_USAGE;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* `help event load`; of `help event` the second words. */
static int help_about(int argc, char **argv)
{
    int words = 0;
    const struct cli_command *command = cli_find(argc, argv, &words);
    if (!command && (argc > 1 || !is_first_word(argv[0])))
        return refuse_command(argc, argv);
    if (command)
        print_command_help(command);
    else
        list_second_words(argv[0], stdout);
    return CLI_OK;
}

static int run_command(struct config *config, int argc, char **argv)
{
    static char orders[] = "orders";
    struct cli_args args;
    int words = 0;
    if (strcmp(argv[0], "order") == 0)
        argv[0] = orders; /* of one order people say `order`, as the verbs do */
    const struct cli_command *command = cli_find(argc, argv, &words);
    if (!command && wants_help(argc, argv) && is_first_word(argv[0])) {
        (void)printf("stanchion %s: ", argv[0]);
        list_second_words(argv[0], stdout);
        return CLI_OK;
    }
    if (!command)
        return refuse_command(argc, argv);
    if (wants_help(argc - words, argv + words)) {
        print_command_help(command);
        return CLI_OK;
    }
    if (!cli_args_read(command, argc - words, argv + words, &args))
        return CLI_USAGE;
    int code = command->run(config, &args);
    bool is_told = fflush(stdout) == 0 && !ferror(stdout);
    return is_told || code != CLI_OK ? code : cli_fail("cannot write to stdout");
}

int cli_main(int argc, char **argv)
{
    static struct config config; /* large */
    struct config_error error = {""};
    if (argc < 2) {
        print_help();
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        (void)printf("stanchion %s\n", VERSION);
        return CLI_OK;
    }
    bool is_help = strcmp(argv[1], "help") == 0;
    if (is_help && argc > 2)
        return help_about(argc - 2, argv + 2);
    if (is_help || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return CLI_OK;
    }
    if (config_load(&config, environ, &argc, argv, &error) != CONFIG_OK) {
        (void)cli_fail("%s", error.text);
        return CLI_USAGE;
    }
    if (argc < 2) {
        (void)cli_fail("a command is missing; `stanchion help` lists them");
        return CLI_USAGE;
    }
    return run_command(&config, argc - 1, argv + 1);
}
