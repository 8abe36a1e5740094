/* `stanchion event withhold/release/withheld`: allotments. */
#include "server/cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/office_client.h"
#include "server/cli/seat_numbers.h"

/* Both commands have these options, in this order. */
enum { OPTION_NAME, OPTION_SEATS, OPTION_SECTION, OPTION_ROW, OPTION_COUNT };

static const char *value(const struct cli_args *args, size_t option)
{
    size_t count = args->values_count[option];
    return count > 0 ? args->values[option][count - 1] : NULL;
}

/* A whole number from 1 on, or NULL: said what is wrong. */
static json_t *read_count(const char *text)
{
    int64_t count = 0;
    if (cli_number(text, 1, INT64_MAX, &count))
        return json_integer(count);
    (void)cli_fail("--count is a whole number from 1 on, not \"%.40s\"", text);
    return NULL;
}

/* The request's arguments from event and options; NULL: said what is wrong. */
static json_t *read_request(const struct cli_args *args)
{
    const char *seats = value(args, OPTION_SEATS);
    json_t *list = seats ? seat_numbers_read(seats) : NULL;
    if (seats && !list)
        return NULL;
    if (seats && value(args, OPTION_SECTION)) {
        (void)cli_fail("--seats and --section exclude each other");
        json_decref(list);
        return NULL;
    }
    json_t *count = value(args, OPTION_COUNT) ? read_count(value(args, OPTION_COUNT)) : NULL;
    if (value(args, OPTION_COUNT) && !count) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:s, s:s*, s:s*, s:s*, s:o*, s:o*}", "event", args->arguments[0], "name",
                     value(args, OPTION_NAME), "section", value(args, OPTION_SECTION), "row",
                     value(args, OPTION_ROW), "seats", list, "count", count);
}

static int change(const struct config *config, const struct cli_args *args, const char *verb,
                  const char *done)
{
    json_t *request = read_request(args);
    if (!request)
        return CLI_USAGE;
    json_t *answer = office_ask_once(config, verb, request);
    if (!answer)
        return CLI_FAILED;
    const json_t *refused = json_object_get(answer, "refused");
    char *seats = json_dumps(refused, JSON_COMPACT);
    size_t refused_count = json_array_size(refused);
    (void)printf("%s: %" JSON_INTEGER_FORMAT " seats %s%s\n", args->arguments[0],
                 json_integer_value(json_object_get(answer, "changed")), done,
                 json_integer_value(json_object_get(answer, "changed")) == 0 && refused_count == 0
                     ? "; `stanchion event withheld` lists what is kept from sale"
                     : "");
    int code = refused_count == 0
                   ? CLI_OK
                   : cli_fail("%zu seats are in somebody's hands or sold, and stay so: %.200s",
                              refused_count, seats);
    free(seats);
    json_decref(answer);
    return code;
}

int cli_event_withhold(struct config *config, const struct cli_args *args)
{
    return change(config, args, "stock.withhold", "withheld");
}

int cli_event_release(struct config *config, const struct cli_args *args)
{
    return change(config, args, "stock.release", "released");
}

int cli_event_withheld(struct config *config, const struct cli_args *args)
{
    const char *name;
    json_t *seats, *answer = office_ask_once(config, "stock.list",
                                             json_pack("{s:s}", "event", args->arguments[0]));
    if (!answer)
        return CLI_FAILED;
    const json_t *withheld = json_object_get(answer, "withheld");
    bool is_json = args->values_count[0] > 0;
    if (is_json)
        office_print_line(withheld);
    else if (json_object_size(withheld) == 0)
        (void)printf("nothing is withheld\n");
    json_object_foreach(is_json ? NULL : (json_t *)withheld, name, seats) {
        char *list = json_dumps(seats, JSON_COMPACT);
        (void)printf("%-24s %6zu  %s\n", name, json_array_size(seats), list);
        free(list);
    }
    json_decref(answer);
    return CLI_OK;
}
