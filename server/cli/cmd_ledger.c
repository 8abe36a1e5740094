/* `stanchion backup` and `stanchion ledger verify`: they read the ledger's file, whether the server
 * runs or not. */
#include "server/cli/cli.h"

#include <jansson.h>
#include <stdio.h>

#include "server/supervisor/data_dir.h"
#include "ticketing/ledger_backup.h"

static bool own_ledger(const struct config *config, char path[DATA_PATH_BYTES_MAX])
{
    struct data_dir dir;
    struct start_error error = {""};
    if (data_dir_find(&dir, config->data_dir, &error) != START_OK) {
        (void)cli_fail("%s", error.text);
        return false;
    }
    bool is_good = data_dir_path(&dir, "ledger.db", path, DATA_PATH_BYTES_MAX);
    data_dir_release(&dir);
    return is_good;
}

int cli_backup(struct config *config, const struct cli_args *args)
{
    char path[DATA_PATH_BYTES_MAX], why[LEDGER_REASON_BYTES] = "";
    if (!own_ledger(config, path))
        return CLI_FAILED;
    if (ledger_backup(path, args->arguments[0], why) != LEDGER_OK)
        return cli_fail("%s", why);
    (void)printf("wrote %s\n", args->arguments[0]);
    return CLI_OK;
}

int cli_ledger_verify(struct config *config, const struct cli_args *args)
{
    char path[DATA_PATH_BYTES_MAX], why[LEDGER_REASON_BYTES] = "";
    const char *file = args->arguments_count > 0 ? args->arguments[0] : path;
    json_t *findings = NULL, *finding;
    size_t i;
    if (args->arguments_count == 0 && !own_ledger(config, path))
        return CLI_FAILED;
    if (ledger_verify(file, &findings, why) != LEDGER_OK)
        return cli_fail("%s", why);
    json_array_foreach(findings, i, finding)
        (void)printf("%s\n", json_string_value(finding));
    size_t count = json_array_size(findings);
    json_decref(findings);
    if (count > 0)
        return cli_fail("%zu findings in %s", count, file);
    (void)printf("%s is whole\n", file);
    return CLI_OK;
}
