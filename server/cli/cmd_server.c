/* `stanchion serve` and `stanchion config`. */
#include "server/cli/cli.h"

#include <unistd.h>

#include "server/supervisor/supervisor.h"

int cli_serve(struct config *config, const struct cli_args *args)
{
    (void)args;
    return supervisor_main(config);
}

static int print_one(const struct config *config, const char *name)
{
    char value[CONFIG_TEXT_BYTES_MAX];
    const struct config_setting *setting = config_find(name);
    const char *nearest = setting ? NULL : config_nearest(name);
    if (!setting && nearest)
        return cli_misused("there is no setting \"%s\"; did you mean %s?", name, nearest);
    if (!setting)
        return cli_misused("there is no setting \"%s\"; `stanchion config` lists all", name);
    config_value_text(config, setting, value, sizeof value);
    (void)printf("%s\n", value);
    return CLI_OK;
}

int cli_config(struct config *config, const struct cli_args *args)
{
    struct data_dir dir;
    struct start_error error = {""};
    if (args->values_count[0] > 0) {
        config_print_markdown(stdout);
        return CLI_OK;
    }
    if (access(config->data_dir, F_OK) == 0 &&
        data_dir_find(&dir, config->data_dir, &error) == START_OK) {
        if (data_dir_fill_keys(&dir, config, false, &error) != START_OK)
            (void)cli_fail("%s", error.text);
        data_dir_release(&dir);
    }
    if (args->arguments_count > 0)
        return print_one(config, args->arguments[0]);
    config_print(config, stdout);
    return CLI_OK;
}
