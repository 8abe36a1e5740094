/* `stanchion orders show/refund/resend`: one office request each. `stanchion orders export`: asks
 * for pages of orders and writes one line per ticket. The ledger names the columns. */
#include "server/cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/cli/office_client.h"
#include "server/cli/seat_numbers.h"
#include "server/office/ticket_csv.h"

#define PAGE_ROWS 1000
#define PAGES_MAX 100000 /* an export that does not end is an error of the server */

/* Writes a page. Returns what to ask after next (new reference), NULL at the end. */
static json_t *write_page(const json_t *answer, bool is_first, bool is_json)
{
    size_t i;
    json_t *row, *rows = json_object_get(answer, "rows"), *next = json_object_get(answer, "next");
    const json_t *columns = json_object_get(answer, "columns");
    if (is_first && !is_json)
        orders_csv_header(stdout, columns);
    json_array_foreach(rows, i, row)
        if (is_json)
            office_print_line(row);
        else
            orders_csv_row(stdout, columns, row);
    bool is_end = json_array_size(rows) == 0 || !next || json_is_null(next);
    return is_end ? NULL : json_incref(next);
}

static int export_all(struct office_client *client, const char *event, bool is_json)
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
        after = write_page(answer, page == 0, is_json);
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
    int code = client ? export_all(client, event, args->values_count[1] > 0) : CLI_FAILED;
    office_client_free(client);
    return code;
}

int cli_orders_show(struct config *config, const struct cli_args *args)
{
    json_t *answer =
        office_ask_once(config, "order.show", json_pack("{s:s}", "order", args->arguments[0]));
    if (!answer)
        return CLI_FAILED;
    char *text = json_dumps(json_object_get(answer, "shown"), JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)printf("%s\n", text ? text : "");
    free(text);
    json_decref(answer);
    return CLI_OK;
}

enum { REFUND_SEATS, REFUND_WITHHOLD, REFUND_REASON };

static int tell_refund(const json_t *answer, const char *order)
{
    const json_t *seats = json_object_get(answer, "seats");
    char *list = json_dumps(seats, JSON_COMPACT);
    size_t count = json_array_size(seats);
    if (count == 0)
        (void)printf("%s: given back before, nothing was changed\n", order);
    else
        (void)printf("%s: seats %s given back, %" JSON_INTEGER_FORMAT
                     " %s (minor units) are on their way\n",
                     order, list, json_integer_value(json_object_get(answer, "amount_minor")),
                     json_string_value(json_object_get(answer, "currency")));
    free(list);
    return CLI_OK;
}

int cli_orders_refund(struct config *config, const struct cli_args *args)
{
    json_t *seats = NULL;
    if (args->values_count[REFUND_SEATS] > 0 &&
        !(seats = seat_numbers_read(args->values[REFUND_SEATS][0])))
        return CLI_USAGE;
    const char *reason =
        args->values_count[REFUND_REASON] > 0 ? args->values[REFUND_REASON][0] : NULL;
    json_t *request =
        json_pack("{s:s, s:o*, s:b, s:s*}", "order", args->arguments[0], "seats", seats, "withhold",
                  args->values_count[REFUND_WITHHOLD] > 0, "reason", reason);
    if (!request)
        return cli_fail("the reason is not UTF-8");
    json_t *answer = office_ask_once(config, "order.refund", request);
    int code = answer ? tell_refund(answer, args->arguments[0]) : CLI_FAILED;
    json_decref(answer);
    return code;
}

/* Where visitors find the server: public.url, otherwise where it listens. */
static void print_address(const struct config *config)
{
    bool is_v6 = strchr(config->listen_address, ':') != NULL;
    size_t bytes = strlen(config->public_url);
    while (bytes > 0 && config->public_url[bytes - 1] == '/')
        bytes--;
    if (bytes > 0)
        (void)printf("%.*s", (int)bytes, config->public_url);
    else
        (void)printf(is_v6 ? "http://[%s]:%" PRId64 : "http://%s:%" PRId64, config->listen_address,
                     config->listen_port);
}

static void tell_link(const struct config *config, const json_t *answer)
{
    char shown[32];
    struct tm parts;
    time_t ends_s = (time_t)(json_integer_value(json_object_get(answer, "ends_ms")) / 1000);
    print_address(config);
    (void)printf("%s\n", json_string_value(json_object_get(answer, "link")));
    if (gmtime_r(&ends_s, &parts) && strftime(shown, sizeof shown, "%Y-%m-%d %H:%M UTC", &parts))
        (void)printf("Good until %s. Whoever has it has the tickets; ", shown);
    (void)printf("links made earlier no longer work.\n");
}

int cli_orders_resend(struct config *config, const struct cli_args *args)
{
    const char *email = args->values_count[0] > 0 ? args->values[0][0] : NULL;
    json_t *request = json_pack("{s:s, s:s*}", "order", args->arguments[0], "email", email);
    if (!request)
        return cli_fail("the address is not UTF-8");
    json_t *answer = office_ask_once(config, "order.resend", request);
    if (!answer)
        return CLI_FAILED;
    tell_link(config, answer);
    if (email)
        (void)printf("A letter with it goes to %s; `orders show` tells how far it is.\n", email);
    json_decref(answer);
    return CLI_OK;
}
