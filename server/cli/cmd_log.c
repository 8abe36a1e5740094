/* `stanchion log` and `stanchion undo`: what organizers did, here and on the console. */
#include "server/cli/cli.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/cli/office_client.h"

#define PAGE 200
#define ENTRIES_DEFAULT 50
#define ENTRIES_MAX 1000000

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

static int64_t whole(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void print_entry(const json_t *entry)
{
    char shown[32] = "";
    struct tm parts;
    time_t at_s = (time_t)(whole(entry, "at_ms") / 1000);
    if (gmtime_r(&at_s, &parts))
        (void)strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S UTC", &parts);
    (void)printf("%6" PRId64 "  %s  %s (%s)  %s  %s", whole(entry, "nr"), shown, text(entry, "who"),
                 text(entry, "via"), text(entry, "verb"), text(entry, "event"));
    const char *const parts_of[] = {"before", "after"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *object = json_object_get(entry, parts_of[i]);
        char *json = json_object_size(object) > 0 ? json_dumps(object, JSON_COMPACT) : NULL;
        if (json)
            (void)printf("  %s %s", parts_of[i], json);
        free(json);
    }
    if (text(entry, "note")[0] != '\0')
        (void)printf("  %s", text(entry, "note"));
    if (json_is_integer(json_object_get(entry, "undone_by")))
        (void)printf("  undone by %" PRId64, whole(entry, "undone_by"));
    (void)putchar('\n');
}

int cli_log(struct config *config, const struct cli_args *args)
{
    const char *event = args->values_count[0] > 0 ? args->values[0][0] : NULL;
    int64_t before = 0, left = ENTRIES_DEFAULT;
    if (args->values_count[1] > 0 && !cli_number(args->values[1][0], 1, ENTRIES_MAX, &left))
        return cli_misused("--limit is a number from 1 to %d, not \"%.40s\"", ENTRIES_MAX,
                           args->values[1][0]);
    struct office_client *client = office_client_create(config);
    bool has_more = client != NULL, is_good = client != NULL, is_json = args->values_count[2] > 0;
    bool is_empty = true;
    while (has_more && left > 0) {
        size_t i;
        json_t *entry,
            *wanted = json_pack("{s:I, s:I, s:s*}", "before", (json_int_t)before, "limit",
                                (json_int_t)(left < PAGE ? left : PAGE), "event", event);
        json_t *answer = office_ask(client, "log.page", wanted, OFFICE_WAIT_MS);
        json_array_foreach(json_object_get(answer, "entries"), i, entry) {
            is_empty = false;
            if (is_json)
                office_print_line(entry);
            else
                print_entry(entry);
        }
        left -= (int64_t)json_array_size(json_object_get(answer, "entries"));
        before = whole(answer, "next");
        is_good = answer != NULL;
        has_more = is_good && before > 0;
        json_decref(wanted);
        json_decref(answer);
    }
    office_client_free(client);
    if (is_good && is_empty && !is_json)
        (void)printf("no entries%s%s\n", event ? " about " : "", event ? event : "");
    return is_good ? CLI_OK : CLI_FAILED;
}

int cli_undo(struct config *config, const struct cli_args *args)
{
    int64_t nr = 0;
    if (!cli_number(args->arguments[0], 1, INT64_MAX, &nr))
        return cli_misused("\"%s\" is not the number of an entry of `stanchion log`",
                           args->arguments[0]);
    json_t *answer = office_ask_once(config, "log.undo", json_pack("{s:I}", "nr", (json_int_t)nr));
    if (!answer)
        return CLI_FAILED;
    (void)printf("%" PRId64 " is undone, by %" PRId64 "\n", nr, whole(answer, "log"));
    json_decref(answer);
    return CLI_OK;
}
