/* See the header: asks the server for event and plan, maps what the processes share, lets
 * monitor.c watch them, has the result judged and reports it. */
#include "loadtest/load_run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "loadtest/clocks.h"
#include "loadtest/judge.h"
#include "loadtest/ledger_read.h"
#include "loadtest/report.h"
#include "loadtest/report_html.h"

/* Raises the soft limit of open files to the hard one; the number of visitors
 * one process can hold. */
static uint32_t visitors_per_process(const struct stampede_options *o)
{
    struct rlimit files = {0};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return 500;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    (void)getrlimit(RLIMIT_NOFILE, &files);
    double usable = (double)files.rlim_cur - STAMPEDE_FILES_SPARE;
    uint32_t most = usable < 1                       ? 1
                    : usable > STAMPEDE_VISITORS_MAX ? STAMPEDE_VISITORS_MAX
                                                     : (uint32_t)usable;
    return (uint32_t)(most / (1 + o->tabs * o->tabs_each)) + 1;
}

static bool choose_processes(struct run *r)
{
    uint32_t each = visitors_per_process(r->options), visitors = r->options->visitors;
    uint32_t needed = (visitors + each - 1) / each;
    r->processes = r->options->processes > needed ? r->options->processes : needed;
    if (r->processes > visitors)
        r->processes = visitors;
    if (r->processes <= STAMPEDE_PROCESSES_MAX)
        return true;
    fprintf(stderr,
            "stampede: %u visitors need %u processes (one may open %u files); the most is %d\n",
            visitors, r->processes, each, STAMPEDE_PROCESSES_MAX);
    return false;
}

/* A server with many gateways is ready when the first of them is: the others say 503 until they
 * are, and 404 until they have heard of the event that a scenario has loaded a moment ago. */
static bool is_too_early(const struct run *r, long status)
{
    return status == 503 || (status == 404 && r->network);
}

/* GET. Returns the status, 0 = no answer. */
static long fetch(struct http_fetch *http, const struct run *r, const char *path, const char **body,
                  size_t *bytes)
{
    const struct timespec pause = {.tv_nsec = STAMPEDE_READY_STEP_MS * 1000000L};
    int64_t until_us = clocks_us() + INT64_C(1000) * STAMPEDE_READY_MS;
    for (;;) {
        long status =
            http_fetch_get(http, r->target.base, path, STAMPEDE_HTTP_TIMEOUT_MS, body, bytes);
        if (!is_too_early(r, status) || clocks_us() >= until_us)
            return status;
        nanosleep(&pause, NULL);
    }
}

/* GET as JSON; NULL when there is no usable answer, said on stderr. */
static json_t *fetch_json(struct http_fetch *http, const struct run *r, const char *path)
{
    const char *body;
    size_t bytes;
    long status = fetch(http, r, path, &body, &bytes);
    json_t *json = status == 200 ? json_loadb(body, bytes, 0, NULL) : NULL;
    if (json_is_object(json))
        return json;
    json_decref(json);
    if (status == 0)
        fprintf(stderr, "stampede: %s does not answer (%s). Is the server running?\n",
                r->target.base, http_fetch_error(http));
    else
        fprintf(stderr, "stampede: %s%s answered %ld %.120s\n", r->target.base, path, status, body);
    return NULL;
}

static bool is_on_sale(json_t *event)
{
    const char *phase = json_string_value(json_object_get(event, "phase"));
    return phase && (strcmp(phase, "open") == 0 || strcmp(phase, "prequeue") == 0);
}

/* The first event on sale, else the first of all. */
static json_t *choose_event(json_t *events)
{
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event)
        if (is_on_sale(event))
            return event;
    return json_array_get(events, 0);
}

/* Event ids go into paths and JSON as they are. */
static bool take_event(struct run *r, const char *id)
{
    bool is_good = id && id[0] && strlen(id) < sizeof r->event && !strpbrk(id, "/\"\\?#% \r\n");
    int a = is_good ? snprintf(r->event, sizeof r->event, "%s", id) : -1;
    int b = is_good ? snprintf(r->ws_path, sizeof r->ws_path, "/api/v1/events/%s/ws", id) : -1;
    if (a < 0 || b < 0 || (size_t)b >= sizeof r->ws_path)
        fprintf(stderr, "stampede: there is no event to go to%s%s\n", id ? ": " : "", id ? id : "");
    return a > 0 && b > 0 && (size_t)b < sizeof r->ws_path;
}

static bool find_event(struct run *r, struct http_fetch *http)
{
    if (r->options->event)
        return take_event(r, r->options->event);
    json_t *list = fetch_json(http, r, "/api/v1/events");
    if (!list)
        return false;
    json_t *event = choose_event(json_object_get(list, "events"));
    bool is_good = take_event(r, json_string_value(json_object_get(event, "id")));
    json_decref(list);
    return is_good;
}

static bool read_event(struct run *r, struct http_fetch *http)
{
    char path[160];
    int n = snprintf(path, sizeof path, "/api/v1/events/%s", r->event);
    int64_t before_ms = clocks_wall_ms();
    json_t *event = n > 0 ? fetch_json(http, r, path) : NULL;
    if (!event)
        return false;
    json_t *server_ms = json_object_get(event, "server_ms");
    /* On one machine there is one clock. Elsewhere the answer's time lies between asking and
     * hearing. */
    if (!r->target.is_loopback && json_is_integer(server_ms))
        r->server_ahead_ms = json_integer_value(server_ms) - (before_ms + clocks_wall_ms()) / 2;
    r->opens_at_ms = json_integer_value(json_object_get(event, "opens_at_ms"));
    json_int_t seats = json_integer_value(json_object_get(event, "seats_per_visitor_max"));
    r->seats_each_max =
        seats > 0 && seats < STAMPEDE_SEATS_MAX ? (uint32_t)seats : STAMPEDE_SEATS_MAX;
    json_decref(event);
    return true;
}

static bool read_plan(struct run *r, struct http_fetch *http, struct seat_picture *picture)
{
    char path[160];
    const char *body, *why;
    size_t bytes;
    int n = snprintf(path, sizeof path, "/api/v1/events/%s/plan", r->event);
    long status = n > 0 ? fetch(http, r, path, &body, &bytes) : 0;
    if (status != 200) {
        fprintf(stderr, "stampede: %s%s answered %ld\n", r->target.base, path, status);
        return false;
    }
    if (!seat_picture_init(picture, body, bytes, &why)) {
        fprintf(stderr, "stampede: %s\n", why);
        return false;
    }
    r->seats_count = picture->seats_count;
    return true;
}

/* Who was never inside has neither holds nor orders. Not to look there saves memory: pages of
 * shared memory come into being when they are read, too, and of a million most never get in. */
static bool was_inside(const struct history_visitor *v)
{
    return v->entered_ms != HISTORY_NONE || v->admission != HISTORY_NONE ||
           v->end == HISTORY_END_BOUGHT;
}

/* Moves the used records to the front of their arrays. */
static struct history history_of(const struct run *r)
{
    struct history h = {.visitors = r->visitors,
                        .orders = r->orders,
                        .holds = r->holds,
                        .visitors_count = r->options->visitors};
    for (uint32_t i = 0; i < r->options->visitors; i++) {
        const struct history_order *orders = &r->orders[(size_t)i * STAMPEDE_ORDERS_PER_VISITOR];
        const struct history_hold *holds = &r->holds[(size_t)i * STAMPEDE_HOLDS_PER_VISITOR];
        if (!was_inside(&r->visitors[i]))
            continue;
        for (int k = 0; k < STAMPEDE_ORDERS_PER_VISITOR; k++)
            if (orders[k].id[0])
                h.orders[h.orders_count++] = orders[k];
        for (int k = 0; k < STAMPEDE_HOLDS_PER_VISITOR; k++)
            if (holds[k].seats_count > 0)
                h.holds[h.holds_count++] = holds[k];
    }
    return h;
}

/* False when it could not be written where it was wanted. */
static bool write_report(const struct report *report, int report_fd)
{
    const struct stampede_options *o = report->run->options;
    if (!o->report && !o->html && report_fd < 0)
        return true;
    json_t *json = report_json(report);
    bool is_good = !o->report || report_write(json, o->report);
    is_good = (!o->html || report_html_write(json, o->html)) && is_good;
    if (report_fd >= 0)
        is_good = json_dumpfd(json, report_fd, JSON_COMPACT) == 0 && is_good;
    json_decref(json);
    return is_good;
}

static int run_all(struct run *r, struct http_fetch *http, struct seat_picture *picture,
                   int64_t cap, int report_fd)
{
    struct watch watch = {0};
    if (!run_map(r)) {
        fprintf(stderr, "stampede: not enough memory for %u visitors\n", r->options->visitors);
        return VERDICT_NOT_CARRIED_OUT;
    }
    printf("stampede: %u visitors to %s at %s (%s), %u process%s, seed %llu\n",
           r->options->visitors, r->event, r->target.authority,
           stampede_mode_name(r->options->mode), r->processes, r->processes == 1 ? "" : "es",
           (unsigned long long)r->options->seed);
    int code = VERDICT_NOT_CARRIED_OUT;
    struct report *report = calloc(1, sizeof *report);
    if (report && monitor_run(r, picture, http, &watch)) {
        report->run = r;
        report->watch = &watch;
        totals_read(r, &report->totals);
        struct history h = history_of(r);
        h.lost_ms = run_lost_ms(r);
        h.recovering_ms = watch.recovering_ms;
        judge(report, &h, cap);
        report_print(report);
        code = verdict_exit_code(report->verdict);
        if (!write_report(report, report_fd) && code == VERDICT_GREEN)
            code = VERDICT_NOT_CARRIED_OUT;
    }
    free(report);
    watch_release(&watch);
    run_unmap(r);
    return code;
}

/* The cap to check against; false when a ledger was wanted and cannot be read. */
static bool find_cap(const struct run *r, int64_t *cap)
{
    const struct stampede_options *o = r->options;
    struct ledger ledger;
    char why[160];
    *cap = o->cap;
    if (!judge_has_ledger(o))
        return true;
    if (judge_is_sale(o)) {
        if (!ledger_read(o->ledger, r->event, &ledger, why, sizeof why)) {
            fprintf(stderr,
                    "stampede: the ledger %s. Name it with --ledger FILE, or say --ledger none.\n",
                    why);
            return false;
        }
        ledger_release(&ledger);
    }
    if (*cap < 0)
        *cap = ledger_read_cap(o->ledger, r->event);
    return true;
}

int load_run(const struct stampede_options *o, const struct load_run_place *place)
{
    char why[400];
    int64_t cap;
    struct run r = {.options = o};
    if (place) {
        r.start_us = place->start_us;
        r.network = place->network;
        r.live = place->live;
    }
    struct seat_picture picture = {0};
    if (!stampede_target_init(&r.target, o, why, sizeof why)) {
        fprintf(stderr, "stampede: %s\n", why);
        return LOAD_RUN_USAGE;
    }
    struct http_fetch *http = http_fetch_create(&r.target.address);
    int code = VERDICT_NOT_CARRIED_OUT;
    if (http && choose_processes(&r) && find_event(&r, http) && read_event(&r, http) &&
        read_plan(&r, http, &picture) && find_cap(&r, &cap))
        code = run_all(&r, http, &picture, cap, place ? place->report_fd : -1);
    seat_picture_release(&picture);
    http_fetch_free(http);
    return code;
}
