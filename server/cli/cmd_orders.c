/* `stanchion orders export`: asks for pages of orders and writes one line per ticket. The header
 * comes from the first row's fields, so the ledger decides what an export holds. */
#include "server/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "server/cli/csv_field.h"
#include "server/cli/office_client.h"

#define PAGE_ROWS 1000
#define PAGES_MAX 100000 /* an export that does not end is an error of the server */

static void write_value(const json_t *value)
{
    if (json_is_string(value)) {
        csv_write_field(stdout, json_string_value(value));
        return;
    }
    char *shown = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    (void)fputs(shown && !json_is_null(value) ? shown : "", stdout);
    free(shown);
}

static void write_header(const json_t *row)
{
    const char *key, *comma = "";
    json_t *value;
    json_object_foreach((json_t *)row, key, value)
    {
        (void)fputs(comma, stdout);
        csv_write_field(stdout, key);
        comma = ",";
    }
    (void)fputs("\r\n", stdout);
}

static void write_row(const json_t *row)
{
    const char *key, *comma = "";
    json_t *value;
    json_object_foreach((json_t *)row, key, value)
    {
        (void)fputs(comma, stdout);
        write_value(value);
        comma = ",";
    }
    (void)fputs("\r\n", stdout);
}

/* Writes a page. Returns what to ask after next (new reference), NULL at the end. */
static json_t *write_page(const json_t *answer, bool is_first)
{
    size_t i;
    json_t *row, *rows = json_object_get(answer, "rows"), *next = json_object_get(answer, "next");
    if (is_first && json_array_size(rows) > 0)
        write_header(json_array_get(rows, 0));
    json_array_foreach(rows, i, row) write_row(row);
    bool is_end = json_array_size(rows) == 0 || !next || json_is_null(next);
    return is_end ? NULL : json_incref(next);
}

static int export_all(struct office_client *client, const char *event)
{
    json_t *after = NULL;
    for (int page = 0; page < PAGES_MAX; page++) {
        json_t *args =
            json_pack("{s:i, s:s*, s:O*}", "limit", PAGE_ROWS, "event", event, "after", after);
        json_t *answer = office_ask(client, "orders.export", args, OFFICE_WAIT_MS);
        json_decref(args);
        json_decref(after);
        if (!answer)
            return CLI_FAILED;
        after = write_page(answer, page == 0);
        json_decref(answer);
        if (!after)
            return fflush(stdout) == 0 && !ferror(stdout) ? CLI_OK
                                                          : cli_fail("cannot write to stdout");
    }
    json_decref(after);
    return cli_fail("the export does not end");
}

int cli_orders_export(struct config *config, const struct cli_args *args)
{
    const char *event = args->values_count[0] > 0 ? args->values[0][0] : NULL;
    struct office_client *client = office_client_create(config);
    int code = client ? export_all(client, event) : CLI_FAILED;
    office_client_free(client);
    return code;
}
