/* See the header. */
#include "server/gateway/organizer/pulse.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "organizer_files.h"
#include "queue/admission.h"
#include "queue/phase.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/organizer/live.h"

#define NUMBER_BYTES 24
#define ARGS_MAX (12 + 4 * PACE_BUCKETS)
#define REPLY_PARTS 11
#define LEDGER_LATE_MS 2000 /* since its last sign of life */
#define LEDGER_GONE_MS 5000
#define REGISTRAR_LATE_MS 4000
#define REGISTRAR_GONE_MS 15000
#define PULSE_QUIET_MS 60000 /* events where nobody is, and nobody watches */

/* --- measuring --- */

/* Makes sure that the event has one. */
static struct event_pulse *pulse_of(struct event_entry *event)
{
    if (event->pulse == NULL) {
        event->pulse = calloc(1, sizeof *event->pulse);
        assert(event->pulse != NULL);
        event->pulse->error_percent = -1;
    }
    return event->pulse;
}

void pulse_free(struct event_pulse *pulse)
{
    free(pulse);
}

void pulse_on_hold(struct event_entry *event, int64_t took_ms)
{
    pace_note(&pulse_of(event)->holds, took_ms);
    latency_note(&event->gateway->figures.hold_latency, took_ms);
}

void pulse_on_settling(struct event_entry *event, const char *order)
{
    struct event_pulse *pulse = pulse_of(event);
    size_t place = PULSE_SETTLING_MAX;
    for (size_t i = 0; i < PULSE_SETTLING_MAX; i++)
        if (pulse->settling[i].since_ms == 0)
            place = place == PULSE_SETTLING_MAX ? i : place;
        else if (strcmp(pulse->settling[i].order, order) == 0)
            return; /* tried again: it counts from the first time */
    if (place < PULSE_SETTLING_MAX) {
        struct pulse_settling *added = &pulse->settling[place];
        *added = (struct pulse_settling){.since_ms = clock_monotonic_ms(), .took_ms = -1};
        (void)snprintf(added->order, sizeof added->order, "%s", order);
    }
}

static struct pulse_settling *find_settling(struct event_pulse *pulse, const char *order)
{
    for (size_t i = 0; i < PULSE_SETTLING_MAX; i++)
        if (pulse->settling[i].since_ms != 0 && strcmp(pulse->settling[i].order, order) == 0)
            return &pulse->settling[i];
    return NULL;
}

/* Ours and confirmed: it counts, once. */
static void count_settled(struct event_entry *event, struct pulse_settling *settling)
{
    if (settling->is_ours && settling->took_ms >= 0) {
        pace_note(&event->pulse->confirms, settling->took_ms);
        latency_note(&event->gateway->figures.confirm_latency, settling->took_ms);
        settling->since_ms = 0;
    }
}

void pulse_on_settled(struct event_entry *event, const char *order, bool is_ours)
{
    struct event_pulse *pulse = pulse_of(event);
    struct pulse_settling *settling = find_settling(pulse, order);
    if (settling != NULL && is_ours) {
        settling->is_ours = true;
        count_settled(event, settling);
    } else if (settling != NULL && !settling->is_ours) { /* or this is our own webhook */
        settling->since_ms = 0;
    }
}

void pulse_on_confirmed(struct event_entry *event, const char *order)
{
    struct event_pulse *pulse = pulse_of(event);
    struct pulse_settling *settling = order != NULL ? find_settling(pulse, order) : NULL;
    if (settling != NULL && settling->took_ms < 0) {
        settling->took_ms = clock_monotonic_ms() - settling->since_ms;
        count_settled(event, settling);
    }
}

/* --- the call --- */

struct seats_of {
    int64_t free, held, sold;
};

static struct seats_of count_seats(const struct event_entry *event, size_t category)
{
    return (struct seats_of){seat_map_count(event->map, category, SEAT_FREE),
                             (int64_t)seat_map_count(event->map, category, SEAT_HELD) +
                                 seat_map_count(event->map, category, SEAT_PAYING),
                             seat_map_count(event->map, category, SEAT_SOLD)};
}

static struct seats_of count_all(const struct event_entry *event)
{
    struct seats_of all = {0};
    for (size_t i = 0; event->has_plan && event->map != NULL && i < event->plan->categories_count;
         i++) {
        struct seats_of one = count_seats(event, i);
        all.free += one.free;
        all.held += one.held;
        all.sold += one.sold;
    }
    return all;
}

/* Arguments of the script, with room for the numbers among them. */
struct arguments {
    const char *argv[ARGS_MAX];
    char numbers[ARGS_MAX][NUMBER_BYTES];
    size_t argc;
};

static void add(struct arguments *args, const char *text)
{
    assert(args->argc < ARGS_MAX);
    args->argv[args->argc++] = text;
}

static void add_number(struct arguments *args, const char *format, int64_t number)
{
    char *text = args->numbers[args->argc];
    (void)snprintf(text, NUMBER_BYTES, "%s%" PRId64, format, number);
    add(args, text);
}

static void add_buckets(struct arguments *args, const char *name, struct pace_histogram *histogram)
{
    for (size_t i = 0; i < PACE_BUCKETS; i++) {
        if (histogram->counts[i] > 0) {
            add_number(args, name, (int64_t)i);
            add_number(args, "", histogram->counts[i]);
        }
    }
    *histogram = (struct pace_histogram){0};
}

static void latency_text(char *out, size_t bytes_max, const struct pulse_latency *latency)
{
    if (latency->count == 0)
        (void)snprintf(out, bytes_max, "null,null");
    else
        (void)snprintf(out, bytes_max, "%" PRId64 ",%" PRId64, latency->p50_ms, latency->p99_ms);
}

static int64_t error_here(const struct event_entry *event)
{
    return event->errors.count > 0 ? (int64_t)(estimate_error_quantile(&event->errors, 0.5) * 100.0)
                                   : -1;
}

static bool is_under_way(const struct event_entry *event)
{
    enum queue_phase phase = event_phase(event);
    return phase == PHASE_PREQUEUE || phase == PHASE_OPEN || phase == PHASE_PAUSED ||
           phase == PHASE_SOLD_OUT;
}

static void on_reply(void *ctx, enum redis_link_status status, const redisReply *reply);

static void ask(struct gateway *gateway, struct event_entry *event)
{
    struct arguments args = {.argc = 0};
    struct event_pulse *pulse = pulse_of(event);
    struct seats_of seats = count_all(event);
    char before[64], after[200], hold[64], confirm[64];
    (void)snprintf(before, sizeof before, "%" PRId64 ",%" PRId64, event->line.waiting,
                   event->line.inside);
    latency_text(hold, sizeof hold, &pulse->hold);
    latency_text(confirm, sizeof confirm, &pulse->confirm);
    (void)snprintf(after, sizeof after,
                   "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s,%s,%" PRId64, seats.free,
                   seats.held, seats.sold, pulse->revenue_minor, hold, confirm, event->line.lag_ms);
    add(&args, "EVAL");
    add(&args, (const char *)organizer_figures_lua);
    add(&args, "0");
    add(&args, event->id);
    add(&args, gateway->client_id);
    add(&args, is_under_way(event) && event_is_ready(event) ? "1" : "0");
    add(&args, before);
    add(&args, after);
    add_number(&args, "", event->sessions_count);
    add_number(&args, "", error_here(event));
    add_buckets(&args, "h", &pulse->holds);
    add_buckets(&args, "c", &pulse->confirms);
    pulse->is_asked = redis_link_command(gateway->commands, args.argc, args.argv, NULL, on_reply,
                                         event) == REDIS_LINK_OK;
}

void pulse_on_second(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        bool is_watched = organizer_live_is_watched(gateway, event);
        bool is_quiet = event_is_idle(event) && event->pulse != NULL &&
                        clock_monotonic_ms() - event->pulse->heard_ms < PULSE_QUIET_MS;
        bool is_wanted = event->is_listed && gateway->epoch != 0 &&
                         (is_watched || (is_under_way(event) && !is_quiet));
        if (is_wanted && !pulse_of(event)->is_asked)
            ask(gateway, event);
    }
    organizer_live_push(gateway);
}

/* --- the answer --- */

/* What the pulses of two slots say together. */
struct merged {
    struct pace_histogram holds, confirms;
};

static int64_t number_of(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING    ? strtoll(reply->str, NULL, 10)
           : reply->type == REDIS_REPLY_INTEGER ? reply->integer
                                                : 0;
}

static void add_bucket(struct pace_histogram *histogram, const char *index, int64_t count)
{
    int64_t bucket = strtoll(index, NULL, 10);
    if (bucket >= 0 && bucket < PACE_BUCKETS)
        histogram->counts[bucket] += count;
}

static bool has_field(const redisReply *fields, const char *name)
{
    for (size_t i = 0; i + 1 < fields->elements; i += 2)
        if (strcmp(fields->element[i]->str, name) == 0)
            return true;
    return false;
}

/* A gateway that has spoken in the newer slot does not count in the older one. */
static void take_slot(struct event_pulse *pulse, struct merged *merged, const redisReply *fields,
                      const redisReply *newer)
{
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const char *name = fields->element[i]->str;
        int64_t value = number_of(fields->element[i + 1]);
        bool is_repeated = newer != NULL && has_field(newer, name);
        if (name[0] == 'h') {
            add_bucket(&merged->holds, name + 1, value);
        } else if (name[0] == 'c') {
            add_bucket(&merged->confirms, name + 1, value);
        } else if (name[0] == 'v' && !is_repeated) {
            pulse->visitors += value;
            pulse->gateways++;
        } else if (name[0] == 'e' && !is_repeated && value > pulse->error_percent) {
            pulse->error_percent = value;
        }
    }
}

static struct pulse_latency latency_of(const struct pace_histogram *histogram)
{
    return (struct pulse_latency){pace_samples_count(histogram), pace_quantile_ms(histogram, 50),
                                  pace_quantile_ms(histogram, 99)};
}

static void take_recent(struct event_pulse *pulse, int64_t arrivals, int64_t admissions)
{
    if (pulse->recent_count == PULSE_RATE_SAMPLES) {
        memmove(pulse->recent, pulse->recent + 1,
                (PULSE_RATE_SAMPLES - 1) * sizeof pulse->recent[0]);
        pulse->recent_count--;
    }
    pulse->recent[pulse->recent_count].at_ms = pulse->at_ms;
    pulse->recent[pulse->recent_count].arrivals = arrivals;
    pulse->recent[pulse->recent_count++].admissions = admissions;
}

static void on_reply(void *ctx, enum redis_link_status status, const redisReply *reply)
{
    struct event_entry *event = ctx;
    struct event_pulse *pulse = event->pulse;
    struct merged merged = {0};
    pulse->is_asked = false;
    if (status != REDIS_LINK_OK || reply->type != REDIS_REPLY_ARRAY ||
        reply->elements != REPLY_PARTS)
        return;
    pulse->heard_ms = clock_monotonic_ms();
    pulse->at_ms = number_of(reply->element[0]);
    take_recent(pulse, number_of(reply->element[1]), number_of(reply->element[2]));
    pulse->orders = number_of(reply->element[3]);
    pulse->revenue_minor = number_of(reply->element[4]);
    pulse->refunded_minor = number_of(reply->element[5]);
    pulse->dead = number_of(reply->element[8]);
    pulse->failed = number_of(reply->element[9]);
    pulse->mails_failed = number_of(reply->element[10]);
    pulse->visitors = pulse->gateways = 0;
    pulse->error_percent = -1;
    take_slot(pulse, &merged, reply->element[6], NULL);
    take_slot(pulse, &merged, reply->element[7], reply->element[6]);
    pulse->hold = latency_of(&merged.holds);
    pulse->confirm = latency_of(&merged.confirms);
}

/* --- what is told --- */

static json_t *latency_json(const struct pulse_latency *latency)
{
    return latency->count == 0
               ? json_null()
               : json_pack("{sI sI sI}", "p50", (json_int_t)latency->p50_ms, "p99",
                           (json_int_t)latency->p99_ms, "count", (json_int_t)latency->count);
}

static json_t *categories_json(const struct event_entry *event)
{
    json_t *list = json_array();
    for (size_t i = 0; event->has_plan && event->map != NULL && i < event->plan->categories_count;
         i++) {
        struct seats_of seats = count_seats(event, i);
        json_array_append_new(
            list, json_pack("{ss sI sI sI si}", "name", event->plan->categories[i].name, "free",
                            (json_int_t)seats.free, "held", (json_int_t)seats.held, "sold",
                            (json_int_t)seats.sold, "total", (int)event->category_totals[i]));
    }
    return list;
}

static json_t *part(const char *name, const char *state, const char *note)
{
    return json_pack("{ss ss ss}", "part", name, "state", state, "note", note);
}

static bool is_paying_slowly(const struct gateway *gateway)
{
    for (const struct payment_run *run = gateway->runs.first; run != NULL; run = run->next)
        if (run->attempts > 1)
            return true;
    return false;
}

static int64_t more_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A part that gives signs of life and may be behind with its work. */
static json_t *working_part(const char *name, int64_t age_ms, int64_t away_ms, bool is_slow,
                            int64_t behind_ms)
{
    char note[64] = "";
    if (is_slow)
        (void)snprintf(note, sizeof note, "%" PRId64 " ms behind", more_of(age_ms, behind_ms));
    return part(name, age_ms > away_ms ? "away" : is_slow ? "slow" : "good", note);
}

static json_t *ledger_part(const struct gateway *gateway, int64_t lag_ms)
{
    int64_t age_ms = gateway->beat_age_ms;
    return working_part("ledger", age_ms, LEDGER_GONE_MS,
                        age_ms > LEDGER_LATE_MS || lag_ms > ADMISSION_LAG_MS, lag_ms);
}

/* Syncing once a second, and reading a line that sleeps as seldom, it is two seconds behind when
 * all is well; the draw of a full house keeps it from anything else for longer. */
static json_t *registrar_part(const struct gateway *gateway)
{
    int64_t age_ms = gateway->registrar_age_ms, lag_ms = gateway->registrar_lag_ms;
    return working_part("registrar", age_ms, REGISTRAR_GONE_MS,
                        more_of(age_ms, lag_ms) > REGISTRAR_LATE_MS, lag_ms);
}

static json_t *parts_json(const struct event_entry *event)
{
    const struct gateway *gateway = event->gateway;
    char gateways[NUMBER_BYTES] = "";
    bool has_redis = redis_link_is_ready(gateway->commands) &&
                     redis_link_is_ready(gateway->subscriptions) && gateway->epoch != 0;
    /* Of an event where nobody is, gateways speak seldom: then none is
     * known, and none is missed. */
    if (event->pulse->gateways > 0)
        (void)snprintf(gateways, sizeof gateways, "%" PRId64, event->pulse->gateways);
    return json_pack("[o o o o o]",
                     part("redis", has_redis ? "good" : "away",
                          event->line.recovers_at_ms > 0 ? "recovers" : ""),
                     ledger_part(gateway, event->line.lag_ms), registrar_part(gateway),
                     part("gateways", "good", gateways),
                     part("payments", is_paying_slowly(gateway) ? "slow" : "good", ""));
}

/* Per second, over what is known of the last seconds. */
static int64_t rate_of(int64_t count, int64_t ms)
{
    return ms > 0 ? (count * 1000 + ms / 2) / ms : 0;
}

json_t *pulse_figures(struct event_entry *event)
{
    const struct event_pulse *pulse = pulse_of(event);
    struct seats_of seats = count_all(event);
    int64_t ms = 0, arrivals = 0, admissions = 0;
    if (pulse->recent_count > 1) {
        size_t last = pulse->recent_count - 1;
        ms = pulse->recent[last].at_ms - pulse->recent[0].at_ms;
        arrivals = pulse->recent[last].arrivals - pulse->recent[0].arrivals;
        admissions = pulse->recent[last].admissions - pulse->recent[0].admissions;
    }
    double rate = event->tick_ms > 0 ? (double)event->line.rate_micro / (double)ADMISSION_MICRO *
                                           1000.0 / (double)event->tick_ms
                                     : 0;
    json_t *body = json_pack(
        "{ss sI ss sI sI sI sI sf sI sI sI}", "type", "figures", "at_ms",
        (json_int_t)clock_wall_ms(), "phase", queue_phase_name(event_phase(event)), "waiting",
        (json_int_t)event->line.waiting, "inside", (json_int_t)event->line.inside, "arrivals_per_s",
        (json_int_t)rate_of(arrivals, ms), "admissions_per_s", (json_int_t)rate_of(admissions, ms),
        "rate_per_s", rate, "free", (json_int_t)seats.free, "held", (json_int_t)seats.held, "sold",
        (json_int_t)seats.sold);
    json_t *more =
        json_pack("{sI sI sI ss so so so so sI sI so sI sI sI}", "orders",
                  (json_int_t)pulse->orders, "revenue_minor", (json_int_t)pulse->revenue_minor,
                  "refunded_minor", (json_int_t)pulse->refunded_minor, "currency", event->currency,
                  "categories", categories_json(event), "hold_ms", latency_json(&pulse->hold),
                  "confirm_ms", latency_json(&pulse->confirm), "estimate_error_percent",
                  pulse->error_percent < 0 ? json_null() : json_integer(pulse->error_percent),
                  "lag_ms", (json_int_t)event->line.lag_ms, "visitors", (json_int_t)pulse->visitors,
                  "parts", parts_json(event), "dead", (json_int_t)pulse->dead, "failed",
                  (json_int_t)pulse->failed, "mails_failed", (json_int_t)pulse->mails_failed);
    assert(body != NULL && more != NULL);
    json_object_update(body, more);
    json_decref(more);
    return body;
}

json_t *pulse_columns(void)
{
    static const char *const names[] = {
        "at_ms",       "waiting",        "inside",         "arrivals",      "admissions",
        "free",        "held",           "sold",           "revenue_minor", "hold_p50_ms",
        "hold_p99_ms", "confirm_p50_ms", "confirm_p99_ms", "lag_ms",
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}
