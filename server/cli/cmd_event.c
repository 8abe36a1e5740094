/* `stanchion event list/show/open/pause/close/set/delete`: one office request each. */
#include "server/cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/cli/office_client.h"

#define VALUE_BYTES_MAX 256

/* `list`, `show` and `check` have it as their only option. */
static bool is_json(const struct cli_args *args)
{
    return args->values_count[0] > 0;
}

static int64_t figure(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

int cli_event_list(struct config *config, const struct cli_args *args)
{
    size_t i;
    json_t *event, *answer = office_ask_once(config, "event.list", NULL);
    if (!answer)
        return CLI_FAILED;
    if (!is_json(args))
        (void)printf("%-24s %-10s %8s %8s %8s %8s  %s\n", "id", "phase", "seats", "sold", "waiting",
                     "inside", "name");
    json_array_foreach(json_object_get(answer, "events"), i, event) {
        if (is_json(args))
            office_print_line(event);
        else
            (void)printf("%-24s %-10s %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 "  %s\n",
                         text(event, "id"), text(event, "phase"), figure(event, "seats"),
                         figure(event, "sold"), figure(event, "waiting"), figure(event, "inside"),
                         text(event, "name"));
    }
    json_decref(answer);
    return CLI_OK;
}

/* "key   value" lines; an object's members are indented below its name. */
static void print_members(const json_t *object, int indent)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        if (json_is_object(value)) {
            (void)printf("%*s%s\n", indent, "", key);
            print_members(value, indent + 2);
            continue;
        }
        char *shown =
            json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        (void)printf("%*s%-*s %s\n", indent, "", 24 - indent, key,
                     shown ? shown : json_string_value(value));
        free(shown);
    }
}

int cli_event_show(struct config *config, const struct cli_args *args)
{
    json_t *answer =
        office_ask_once(config, "event.show", json_pack("{s:s}", "event", args->arguments[0]));
    if (!answer)
        return CLI_FAILED;
    (void)json_object_del(answer, "ok");
    (void)json_object_del(answer, "id");
    if (is_json(args))
        office_print_line(answer);
    else
        print_members(answer, 0);
    json_decref(answer);
    return CLI_OK;
}

static int set_phase(const struct config *config, const char *event, const char *phase)
{
    json_t *answer = office_ask_once(
        config, "event.set", json_pack("{s:s, s:{s:s}}", "event", event, "set", "phase", phase));
    if (!answer)
        return CLI_FAILED;
    (void)printf("%s is %s\n", event, phase);
    json_decref(answer);
    return CLI_OK;
}

int cli_event_open(struct config *config, const struct cli_args *args)
{
    return set_phase(config, args->arguments[0], "open");
}

int cli_event_pause(struct config *config, const struct cli_args *args)
{
    return set_phase(config, args->arguments[0], "paused");
}

int cli_event_close(struct config *config, const struct cli_args *args)
{
    return set_phase(config, args->arguments[0], "closed");
}

/* {"key":"value",...} from key=value arguments; NULL: said what is wrong. */
static json_t *read_pairs(const struct cli_args *args)
{
    json_t *pairs = json_object();
    for (size_t i = 1; i < args->arguments_count; i++) {
        const char *pair = args->arguments[i], *equals = strchr(pair, '=');
        char key[VALUE_BYTES_MAX];
        size_t bytes = equals ? (size_t)(equals - pair) : 0;
        if (bytes == 0 || bytes >= sizeof key) {
            (void)cli_fail("\"%s\" is not of the form key=value", pair);
            json_decref(pairs);
            return NULL;
        }
        memcpy(key, pair, bytes);
        key[bytes] = '\0';
        if (json_object_get(pairs, key) ||
            json_object_set_new(pairs, key, json_string(equals + 1)) != 0) {
            (void)cli_fail("%s is given twice, or its value is not UTF-8", key);
            json_decref(pairs);
            return NULL;
        }
    }
    return pairs;
}

int cli_event_set(struct config *config, const struct cli_args *args)
{
    json_t *pairs = read_pairs(args);
    if (!pairs)
        return CLI_USAGE;
    json_t *answer = office_ask_once(
        config, "event.set", json_pack("{s:s, s:o}", "event", args->arguments[0], "set", pairs));
    if (!answer)
        return CLI_FAILED;
    for (size_t i = 1; i < args->arguments_count; i++)
        (void)printf("%s: %s\n", args->arguments[0], args->arguments[i]);
    json_decref(answer);
    return CLI_OK;
}

/* Exit code 1 when something stands against publishing. */
int cli_event_check(struct config *config, const struct cli_args *args)
{
    size_t i;
    json_t *finding, *answer = office_ask_once(config, "event.check",
                                               json_pack("{s:s}", "event", args->arguments[0]));
    int code = json_is_true(json_object_get(answer, "is_ready")) ? CLI_OK : CLI_FAILED;
    (void)json_object_del(answer, "ok");
    (void)json_object_del(answer, "id");
    if (answer && is_json(args))
        office_print_line(answer);
    json_array_foreach(is_json(args) ? NULL : json_object_get(answer, "findings"), i, finding) {
        (void)printf("%-8s %-24s %s\n", text(finding, "level"), text(finding, "code"),
                     text(finding, "message"));
    }
    if (answer && !is_json(args) && json_array_size(json_object_get(answer, "findings")) == 0)
        (void)printf("nothing stands against it\n");
    json_decref(answer);
    return code;
}

int cli_event_publish(struct config *config, const struct cli_args *args)
{
    json_t *answer =
        office_ask_once(config, "event.publish", json_pack("{s:s}", "event", args->arguments[0]));
    if (!answer)
        return CLI_FAILED;
    (void)printf("%s is announced\n", args->arguments[0]);
    json_decref(answer);
    return CLI_OK;
}

/* Asks on the terminal; whoever cannot be asked must have said --yes. */
static bool is_meant(const struct config *config, const char *event)
{
    char answer[16] = "";
    json_t *shown = office_ask_once(config, "event.show", json_pack("{s:s}", "event", event));
    if (!shown)
        return false;
    if (isatty(STDIN_FILENO) != 1) {
        (void)cli_fail("deleting cannot be undone: say --yes");
    } else {
        (void)printf("Delete the draft \"%s\" with %" PRId64 " seats? It cannot be undone. [y/N] ",
                     text(shown, "name"), figure(shown, "seats"));
        (void)fflush(stdout);
        if (!fgets(answer, sizeof answer, stdin))
            answer[0] = '\0';
    }
    json_decref(shown);
    return answer[0] == 'y' || answer[0] == 'Y';
}

int cli_event_delete(struct config *config, const struct cli_args *args)
{
    const char *event = args->arguments[0];
    bool is_sure = args->values_count[0] > 0;
    if (!is_sure && !is_meant(config, event))
        return CLI_FAILED;
    json_t *answer = office_ask_once(config, "event.delete", json_pack("{s:s}", "event", event));
    if (!answer)
        return CLI_FAILED;
    (void)printf("%s is deleted\n", event);
    json_decref(answer);
    return CLI_OK;
}
