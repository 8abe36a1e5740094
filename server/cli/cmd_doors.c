/* `stanchion ticket check` and `stanchion door list`: what a door needs,
 * with network and without. */
#include "server/cli/cli.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/cli/office_client.h"
#include "server/office/ticket_csv.h"

#define CODE_BYTES_MAX 100
#define PAGES_MAX 100000

enum { CHECK_DOOR, CHECK_LOOK, CHECK_JSON };

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

static void print_time(int64_t at_ms)
{
    char shown[32];
    struct tm parts;
    time_t at_s = (time_t)(at_ms / 1000);
    if (gmtime_r(&at_s, &parts) && strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S UTC", &parts))
        (void)printf(" at %s", shown);
}

/* One line for people. */
static void print_verdict(const json_t *answer)
{
    const char *verdict = text(answer, "verdict");
    (void)printf("%s", verdict);
    if (strcmp(verdict, "unknown") != 0)
        (void)printf(": %s, section %s row %s number %s, order %s", text(answer, "event"),
                     text(answer, "section"), text(answer, "row"), text(answer, "number"),
                     text(answer, "order"));
    if (text(answer, "type")[0] != '\0')
        (void)printf(", %s", text(answer, "type"));
    if (strcmp(verdict, "used") == 0) {
        (void)printf(", used at %s", text(answer, "door"));
        print_time(json_integer_value(json_object_get(answer, "used_ms")));
    }
    (void)putchar('\n');
    (void)fflush(stdout);
}

/* CLI_OK when the ticket opens the door. */
static int check_one(struct office_client *client, const struct cli_args *args, const char *code)
{
    const char *door = args->values_count[CHECK_DOOR] > 0 ? args->values[CHECK_DOOR][0] : "door";
    json_t *request = json_pack("{s:s, s:s, s:b}", "code", code, "door", door, "look",
                                args->values_count[CHECK_LOOK] > 0);
    if (!request)
        return cli_fail("the code or the door's name is not UTF-8");
    json_t *answer = office_ask(client, "ticket.check", request, OFFICE_WAIT_MS);
    json_decref(request);
    if (!answer)
        return CLI_FAILED;
    bool is_valid = strcmp(text(answer, "verdict"), "valid") == 0;
    (void)json_object_del(answer, "id");
    (void)json_object_del(answer, "ok");
    if (args->values_count[CHECK_JSON] > 0)
        office_print_line(answer);
    else
        print_verdict(answer);
    json_decref(answer);
    return is_valid ? CLI_OK : CLI_FAILED;
}

/* A code a line, as scanners type them; what was no valid ticket makes the exit code 1. */
static int check_lines(struct office_client *client, const struct cli_args *args)
{
    char line[CODE_BYTES_MAX + 2];
    int code = CLI_OK;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0' && check_one(client, args, line) != CLI_OK)
            code = CLI_FAILED;
    }
    return code;
}

int cli_ticket_check(struct config *config, const struct cli_args *args)
{
    struct office_client *client = office_client_create(config);
    if (!client)
        return CLI_FAILED;
    int code = strcmp(args->arguments[0], "-") == 0 ? check_lines(client, args)
                                                    : check_one(client, args, args->arguments[0]);
    office_client_free(client);
    return code;
}

/* --- door list --- */

static int print_list(struct office_client *client, const char *event, bool has_codes)
{
    json_int_t after = -1;
    size_t i;
    json_t *ticket;
    for (int page = 0; page < PAGES_MAX; page++) {
        json_t *request = json_pack("{s:s, s:I}", "event", event, "after", after);
        json_t *answer = office_ask(client, "door.list", request, OFFICE_WAIT_MS);
        json_decref(request);
        if (!answer)
            return CLI_FAILED;
        if (page == 0)
            door_csv_header(stdout, has_codes);
        json_array_foreach(json_object_get(answer, "rows"), i, ticket)
            door_csv_row(stdout, ticket, has_codes);
        const json_t *next = json_object_get(answer, "next");
        bool is_end = !json_is_integer(next);
        after = json_integer_value(next);
        json_decref(answer);
        if (is_end)
            return fflush(stdout) == 0 && !ferror(stdout) ? CLI_OK
                                                          : cli_fail("cannot write to stdout");
    }
    return cli_fail("the list does not end");
}

int cli_door_list(struct config *config, const struct cli_args *args)
{
    struct office_client *client = office_client_create(config);
    int code =
        client ? print_list(client, args->arguments[0], args->values_count[0] > 0) : CLI_FAILED;
    office_client_free(client);
    return code;
}
