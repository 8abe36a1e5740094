/* One rehearsal:
 *
 *   preparing  a clean stage, its server, the copy of the draft in it
 *   running    the visitors; once a second the copy's figures are told
 *   judging    the visitors have ended and their checker is at work
 *   done | failed | stopped, and the stage is cleared
 *
 * Whatever ends it, stage_clear is what follows.
 */
#include "server/rehearsal/rehearsal.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "queue/queue_store.h"
#include "server/base/clock.h"
#include "server/cli/office_client.h"
#include "server/rehearsal/notes.h"
#include "server/rehearsal/stage.h"
#include "server/rehearsal/summary.h"

#define IDLE_MS 500 /* between looks for something to rehearse */
#define STEP_MS 100
#define TELL_MS 1000
#define FIGURES_WAIT_MS 3000
#define LOAD_WAIT_MS 20000
#define MESSAGE_BYTES 400

/* Lifetime: the process; the second half belongs to the rehearsal under way. */
struct rehearsal {
    const struct rehearsal_options *options;
    struct rehearsal_notes notes;
    struct stage stage;
    sigset_t signals;
    bool is_leaving; /* SIGTERM */

    char event[EVENT_ID_BYTES_MAX + 1];
    json_t *state;
    struct office_client *office; /* of the copy; NULL = not connected */
    int64_t told_ms;              /* monotonic */
    bool is_stopped, has_failed;
};

/* --- how it stands --- */

static void set_state(struct rehearsal *r, const char *name)
{
    (void)json_object_set_new(r->state, "state", json_string(name));
}

static void tell(struct rehearsal *r, bool is_over)
{
    notes_ready(&r->notes, r->options->visitors);
    notes_tell(&r->notes, r->event, r->state, is_over);
    r->told_ms = clock_monotonic_ms();
}

/* Ends it with a code that the console has words for, and a sentence for everybody else. */
static void end_as(struct rehearsal *r, const char *state, const char *code, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));
static void end_as(struct rehearsal *r, const char *state, const char *code, const char *format,
                   ...)
{
    char message[MESSAGE_BYTES];
    va_list values;
    if (r->has_failed || r->is_stopped)
        return; /* the first reason counts */
    va_start(values, format);
    (void)vsnprintf(message, sizeof message, format, values); /* a long one is cut */
    va_end(values);
    set_state(r, state);
    (void)json_object_set_new(r->state, "code", json_string(code));
    (void)json_object_set_new(r->state, "message", json_stringn(message, strlen(message)));
    r->is_stopped = strcmp(state, "stopped") == 0;
    r->has_failed = !r->is_stopped;
}

static void look_for_stop(struct rehearsal *r)
{
    char word[REHEARSAL_WORD_BYTES_MAX];
    if (!notes_is_to_stop(&r->notes, word))
        return;
    if (strcmp(word, "sale") == 0)
        end_as(r, "stopped", "sale",
               "A sale begins: the rehearsal was ended, so that it does not take the processor.");
    else
        end_as(r, "stopped", "asked", "The rehearsal was ended.");
}

/* Waits; takes signals and, once a second, tells and listens. False: it is to end. */
static bool go_on(struct rehearsal *r, int ms)
{
    const struct timespec limit = {.tv_nsec = ms * 1000000L};
    int number = sigtimedwait(&r->signals, NULL, &limit);
    if (number == SIGTERM || number == SIGINT) {
        r->is_leaving = true;
        end_as(r, "stopped", "server", "The server was stopped.");
    }
    stage_reap(&r->stage);
    if (r->state != NULL && clock_monotonic_ms() - r->told_ms >= TELL_MS) {
        look_for_stop(r);
        if (!r->is_stopped && !r->has_failed) /* its end is told when nothing is left */
            tell(r, false);
    }
    return !r->is_leaving && !r->is_stopped && !r->has_failed;
}

/* --- the server of the copy --- */

static void say_server_ended(struct rehearsal *r)
{
    char why[STAGE_WHY_BYTES];
    stage_last_words(&r->stage, false, why);
    end_as(r, "failed", "no_server", "The server of the copy did not start or has ended: %s", why);
}

/* Until `is_so`, as long as the server lives. */
static bool wait_for(struct rehearsal *r, bool (*is_so)(const struct rehearsal *r))
{
    int64_t until_ms = clock_monotonic_ms() + REHEARSAL_START_MS_MAX;
    while (!is_so(r)) {
        if (!go_on(r, STEP_MS))
            return false;
        if (r->stage.server == 0 || clock_monotonic_ms() > until_ms) {
            say_server_ended(r);
            return false;
        }
    }
    return true;
}

static bool is_up(const struct rehearsal *r)
{
    return stage_is_up(&r->stage);
}

static bool serves(const struct rehearsal *r)
{
    return stage_serves(&r->stage, r->event);
}

static bool connect_office(struct rehearsal *r)
{
    static struct config config; /* of the copy, as far as the client needs it */
    if (!stage_path(&r->stage, STAGE_DATA, config.data_dir, sizeof config.data_dir))
        return false;
    r->office = office_client_create(&config);
    return r->office != NULL;
}

static bool start_server(struct rehearsal *r)
{
    char why[STAGE_WHY_BYTES];
    if (!stage_start_server(&r->stage, why)) {
        end_as(r, "failed", "no_server", "The copy cannot be made: %s.", why);
        return false;
    }
    if (!wait_for(r, is_up))
        return false;
    if (connect_office(r))
        return true;
    say_server_ended(r);
    return false;
}

/* --- the copy --- */

/* What is different in the copy: it opens now, or its pre-queue does; and virtual visitors have no
 * accounts. With a pre-queue the opening is set later. */
static bool reschedule(json_t *settings)
{
    const char *draw = json_string_value(json_object_get(settings, "draw")),
               *prequeue = json_string_value(json_object_get(settings, "prequeue_at_ms"));
    bool has_prequeue = (draw != NULL && strcmp(draw, "0") != 0) ||
                        (prequeue != NULL && strcmp(prequeue, "0") != 0);
    int64_t now_ms = clock_wall_ms();
    (void)json_object_set_new(settings, "phase", json_string(has_prequeue ? "announced" : "open"));
    (void)json_object_set_new(settings, "draw_beacon_wait", json_string("0"));
    (void)json_object_set_new(settings, "require_account", json_string("0"));
    (void)json_object_set_new(settings, "closes_at_ms", json_string("0"));
    (void)json_object_set_new(settings, "prequeue_at_ms",
                              has_prequeue ? json_sprintf("%lld", (long long)now_ms)
                                           : json_string("0"));
    (void)json_object_set_new(settings, "opens_at_ms", json_string("0"));
    return has_prequeue;
}

static bool ask_copy(struct rehearsal *r, const char *verb, json_t *args)
{
    json_t *answer = office_ask(r->office, verb, args, LOAD_WAIT_MS);
    bool is_done = answer != NULL;
    json_decref(answer);
    return is_done;
}

/* They come within so many seconds. */
static uint32_t arrive_s(const struct rehearsal *r)
{
    uint32_t seconds = r->options->visitors / REHEARSAL_ARRIVALS_PER_S;
    return seconds > REHEARSAL_ARRIVE_S_MIN ? seconds : REHEARSAL_ARRIVE_S_MIN;
}

/* Only now, when the visitors can come: the line has its whole time, however
 * long the start took. */
static bool set_opening(struct rehearsal *r)
{
    int64_t wait_s = arrive_s(r) + REHEARSAL_PREQUEUE_S;
    long long opens_at_ms = clock_wall_ms() + wait_s * 1000;
    json_t *args = json_pack("{ss s{so}}", "event", r->event, "set", "opens_at_ms",
                             json_sprintf("%lld", opens_at_ms));
    (void)json_object_set_new(r->state, "prequeue_s", json_integer(wait_s));
    bool is_done = ask_copy(r, "event.set", args);
    json_decref(args);
    return is_done;
}

/* {name: [seats]} as it is kept from sale. */
static bool withhold(struct rehearsal *r, const json_t *withheld)
{
    const char *name;
    json_t *seats;
    bool is_done = true;
    json_object_foreach((json_t *)(uintptr_t)withheld, name, seats) {
        json_t *args = json_pack("{ss ss sO}", "event", r->event, "name", name, "seats", seats);
        is_done = is_done && ask_copy(r, "stock.withhold", args);
        json_decref(args);
    }
    return is_done;
}

static bool load_copy(struct rehearsal *r, const json_t *request)
{
    json_t *load = json_object_get(request, "load");
    bool has_prequeue = reschedule(json_object_get(load, "settings"));
    (void)json_object_set_new(r->state, "has_prequeue", json_boolean(has_prequeue));
    if (!ask_copy(r, "event.load", load) || !withhold(r, json_object_get(request, "withheld"))) {
        end_as(r, "failed", "not_loaded", "The copy of the draft could not be loaded.");
        return false;
    }
    if (!wait_for(r, serves))
        return false;
    if (has_prequeue && !set_opening(r))
        end_as(r, "failed", "not_loaded", "The copy of the draft could not be scheduled.");
    return !r->has_failed;
}

/* --- the visitors --- */

static void take_figures(struct rehearsal *r)
{
    static const char *const names[] = {"waiting", "inside", "free", "sold", "seats"};
    json_t *args = json_pack("{ss}", "event", r->event);
    json_t *shown = office_ask(r->office, "event.show", args, FIGURES_WAIT_MS);
    for (size_t i = 0; shown != NULL && i < sizeof names / sizeof names[0]; i++)
        (void)json_object_set(r->state, names[i], json_object_get(shown, names[i]));
    json_decref(shown);
    json_decref(args);
}

/* Until they have ended. */
static bool watch(struct rehearsal *r)
{
    int64_t started_ms = clock_monotonic_ms(), asked_ms = started_ms;
    while (r->stage.crowd != 0) {
        if (!go_on(r, STEP_MS))
            return false;
        int64_t now_ms = clock_monotonic_ms(), ms = now_ms - started_ms;
        if (r->stage.server == 0)
            say_server_ended(r);
        else if (ms > REHEARSAL_RUN_S * 1000 + REHEARSAL_JUDGE_MS_MAX)
            end_as(r, "failed", "no_report", "The visitors did not come to an end in time.");
        else if (now_ms - asked_ms >= TELL_MS) {
            take_figures(r);
            asked_ms = clock_monotonic_ms();
        }
        (void)json_object_set_new(r->state, "run_ms", json_integer(ms));
    }
    return true;
}

static bool send_visitors(struct rehearsal *r)
{
    char why[STAGE_WHY_BYTES];
    const struct stage_crowd crowd = {.event = r->event,
                                      .visitors = r->options->visitors,
                                      .arrive_s = arrive_s(r),
                                      .run_s = REHEARSAL_RUN_S};
    set_state(r, "running");
    if (!stage_start_crowd(&r->stage, &crowd, why)) {
        end_as(r, "failed", "no_stampede", "The visitors cannot be sent: %s.", why);
        return false;
    }
    tell(r, false);
    return watch(r);
}

/* The whole file, the caller's; NULL = none, or too large. */
static char *read_file(const char *path, size_t *bytes)
{
    struct stat about;
    char *text = NULL;
    FILE *file = fopen(path, "re");
    if (file != NULL && fstat(fileno(file), &about) == 0 &&
        about.st_size <= (off_t)REHEARSAL_PAGE_BYTES_MAX)
        text = malloc((size_t)about.st_size + 1);
    if (text != NULL)
        *bytes = fread(text, 1, (size_t)about.st_size, file);
    if (file != NULL)
        (void)fclose(file);
    return text;
}

static void take_reports(struct rehearsal *r)
{
    char path[DATA_PATH_BYTES_MAX], why[STAGE_WHY_BYTES];
    size_t bytes = 0;
    json_t *report = stage_path(&r->stage, STAGE_REPORT, path, sizeof path)
                         ? json_load_file(path, 0, NULL)
                         : NULL;
    json_t *summary = rehearsal_summary(report);
    json_decref(report);
    if (summary == NULL) {
        stage_last_words(&r->stage, true, why);
        end_as(r, "failed", "no_report", "The visitors left no report: %s", why);
        return;
    }
    (void)json_object_set_new(r->state, "result", summary);
    if (json_integer_value(json_object_get(summary, "joined")) == 0) {
        /* Promises that nobody was there to see kept are not a good sign. */
        end_as(r, "failed", "nobody_joined", "None of the visitors got into the line.");
        return;
    }
    char *page =
        stage_path(&r->stage, STAGE_PAGE, path, sizeof path) ? read_file(path, &bytes) : NULL;
    if (page != NULL)
        notes_page(&r->notes, r->event, page, bytes);
    (void)json_object_set_new(r->state, "has_report", json_boolean(page != NULL));
    free(page);
    take_figures(r);
    set_state(r, "done");
}

/* --- the sequence --- */

static void begin(struct rehearsal *r, const json_t *request)
{
    const char *id = json_string_value(json_object_get(request, "event"));
    (void)snprintf(r->event, sizeof r->event, "%s", id != NULL ? id : "");
    r->is_stopped = r->has_failed = false;
    r->state = json_pack("{ss ss sI si sI}", "event", r->event, "state", "preparing", "visitors",
                         (json_int_t)r->options->visitors, "limit_s", REHEARSAL_RUN_S, "started_ms",
                         (json_int_t)clock_wall_ms());
    tell(r, false);
    log_info("rehearsal of %s: %u visitors", r->event, (unsigned)r->options->visitors);
}

static void finish(struct rehearsal *r)
{
    office_client_free(r->office);
    r->office = NULL;
    if (!stage_clear(&r->stage) && !r->is_leaving)
        end_as(r, "failed", "not_removed", "%s could not be removed.", r->stage.dir);
    (void)json_object_set_new(r->state, "ended_ms", json_integer(clock_wall_ms()));
    tell(r, true);
    log_info("rehearsal of %s: %s", r->event,
             json_string_value(json_object_get(r->state, "state")));
    json_decref(r->state);
    r->state = NULL;
}

static void rehearse(struct rehearsal *r, const json_t *request)
{
    begin(r, request);
    if (start_server(r) && load_copy(r, request) && send_visitors(r))
        take_reports(r);
    finish(r);
}

/* What an earlier rehearser left when it was killed. */
static void tidy(struct rehearsal *r)
{
    (void)stage_clear(&r->stage);
    if (!notes_left_over(&r->notes, r->event, sizeof r->event, &r->state))
        return;
    const char *state = json_string_value(json_object_get(r->state, "state"));
    if (state != NULL && strcmp(state, "asked") != 0) {
        end_as(r, "failed", "interrupted", "The rehearsal was interrupted.");
        tell(r, true);
    }
    json_decref(r->state);
    r->state = NULL;
    r->has_failed = false;
}

int rehearsal_main(const struct rehearsal_options *options)
{
    static struct rehearsal r;
    char why[STAGE_WHY_BYTES];
    r.options = options;
    (void)sigemptyset(&r.signals);
    (void)sigaddset(&r.signals, SIGTERM);
    (void)sigaddset(&r.signals, SIGINT);
    (void)sigaddset(&r.signals, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &r.signals, NULL);
    if (!stage_init(&r.stage, options->data_dir, why)) {
        log_error("no rehearsals: %s", why);
        return 1;
    }
    notes_init(&r.notes, options->redis_url);
    tidy(&r);
    while (!r.is_leaving) {
        notes_ready(&r.notes, options->visitors);
        json_t *request = notes_take_request(&r.notes);
        if (request != NULL)
            rehearse(&r, request);
        json_decref(request);
        (void)go_on(&r, IDLE_MS);
    }
    notes_release(&r.notes);
    return 0;
}
