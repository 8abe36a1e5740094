/* `stanchion event rehearse`: the server rehearses; this asks for it, shows how it goes, and tells
 * what came of it. Ctrl-C ends the rehearsal, a second one only this command. */
#include "server/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/cli/office_client.h"

#define LOOK_MS 1000

/* The options' places in the table of commands. */
enum { OPTION_HTML, OPTION_JSON };

/* One run of the command. */
struct watch {
    struct office_client *client;
    const char *event;
    bool is_quiet; /* only JSON on stdout */
    sigset_t signals;
    bool was_asked_to_stop;
};

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

static int64_t whole(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* The caller's; NULL: said why. */
static json_t *ask(const struct watch *watch, const char *verb, bool with_report)
{
    json_t *args = json_pack("{ss sb}", "event", watch->event, "report", with_report);
    json_t *answer = office_ask(watch->client, verb, args, OFFICE_WAIT_MS);
    json_decref(args);
    return answer;
}

/* False: the second signal. */
static bool wait_a_moment(struct watch *watch)
{
    const struct timespec limit = {.tv_sec = LOOK_MS / 1000};
    int number = sigtimedwait(&watch->signals, NULL, &limit);
    if (number < 0)
        return true;
    if (watch->was_asked_to_stop)
        return false;
    watch->was_asked_to_stop = true;
    json_decref(ask(watch, "rehearsal.stop", false));
    return true;
}

static void show_progress(const struct watch *watch, const json_t *state)
{
    const char *name = text(state, "state");
    if (watch->is_quiet)
        return;
    if (strcmp(name, "running") != 0) {
        (void)printf("preparing the copy\n");
        return;
    }
    (void)printf("%4" PRId64 " s  in line %5" PRId64 "  inside %5" PRId64 "  sold %6" PRId64
                 " of %" PRId64 "\n",
                 whole(state, "run_ms") / 1000, whole(state, "waiting"), whole(state, "inside"),
                 whole(state, "sold"), whole(state, "seats"));
    (void)fflush(stdout);
}

static bool is_over(const json_t *state)
{
    const char *name = text(state, "state");
    return strcmp(name, "done") == 0 || strcmp(name, "failed") == 0 ||
           strcmp(name, "stopped") == 0 || strcmp(name, "none") == 0;
}

/* How it ended, the caller's; NULL: said why. */
static json_t *follow(struct watch *watch)
{
    for (;;) {
        json_t *state = ask(watch, "rehearsal.show", false);
        if (state == NULL || is_over(state))
            return state;
        show_progress(watch, state);
        json_decref(state);
        if (!wait_a_moment(watch)) {
            (void)cli_fail("the rehearsal goes on to its end on the server");
            return NULL;
        }
    }
}

static void print_latency(const json_t *latencies, const char *name, const char *words)
{
    const json_t *one = json_object_get(latencies, name);
    if (one != NULL)
        (void)printf("%-24s p50 %.1f ms, p99 %.1f ms\n", words,
                     json_number_value(json_object_get(one, "p50_ms")),
                     json_number_value(json_object_get(one, "p99_ms")));
}

static void print_result(const json_t *state)
{
    const json_t *result = json_object_get(state, "result"),
                 *latencies = json_object_get(result, "latency");
    json_t *check;
    size_t i;
    json_array_foreach(json_object_get(result, "checks"), i, check) {
        (void)printf("%-12s %s: %s\n", text(check, "state"), text(check, "check"),
                     text(check, "text"));
    }
    (void)printf("%" PRId64 " came, %" PRId64 " were let in, %" PRId64 " bought %" PRId64
                 " seats\n",
                 whole(result, "arrived"), whole(result, "admitted"), whole(result, "confirmed"),
                 whole(result, "seats_sold"));
    print_latency(latencies, "join", "a place in line");
    print_latency(latencies, "told", "told of the turn");
    print_latency(latencies, "hold", "seats held");
    print_latency(latencies, "confirm", "paid and confirmed");
    (void)printf("verdict: %s%s%s\n", text(result, "verdict"),
                 text(result, "reason")[0] ? ": " : "", text(result, "reason"));
}

static bool save_report(const struct watch *watch, const char *path)
{
    json_t *answer = ask(watch, "rehearsal.show", true);
    const char *page = json_string_value(json_object_get(answer, "page"));
    FILE *file = page != NULL ? fopen(path, "we") : NULL;
    bool is_written = file != NULL && fputs(page, file) >= 0;
    is_written = (file == NULL || fclose(file) == 0) && is_written;
    if (page != NULL && !is_written)
        (void)cli_fail("%s cannot be written: %s", path, strerror(errno));
    json_decref(answer);
    return is_written;
}

static int conclude(const struct watch *watch, const json_t *state, const struct cli_args *args)
{
    bool is_done = strcmp(text(state, "state"), "done") == 0;
    bool is_green = strcmp(text(json_object_get(state, "result"), "verdict"), "green") == 0;
    if (watch->is_quiet)
        office_print_line(state);
    else if (is_done)
        print_result(state);
    if (!is_done)
        return cli_fail("%s", text(state, "message"));
    if (args->values_count[OPTION_HTML] > 0 && !save_report(watch, args->values[OPTION_HTML][0]))
        return CLI_FAILED;
    return is_green ? CLI_OK : CLI_FAILED;
}

int cli_event_rehearse(struct config *config, const struct cli_args *args)
{
    struct watch watch = {.client = office_client_create(config),
                          .event = args->arguments[0],
                          .is_quiet = args->values_count[OPTION_JSON] > 0};
    int code = CLI_FAILED;
    if (watch.client == NULL)
        return code;
    (void)sigemptyset(&watch.signals);
    (void)sigaddset(&watch.signals, SIGINT);
    (void)sigaddset(&watch.signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &watch.signals, NULL);
    json_t *started = ask(&watch, "rehearsal.start", false), *state = NULL;
    if (started != NULL && !watch.is_quiet)
        (void)printf("%s: %" PRId64 " virtual visitors to a copy of it, on this machine\n",
                     watch.event, whole(started, "visitors"));
    if (started != NULL)
        state = follow(&watch);
    if (state != NULL)
        code = conclude(&watch, state, args);
    json_decref(state);
    json_decref(started);
    office_client_free(watch.client);
    return code;
}
