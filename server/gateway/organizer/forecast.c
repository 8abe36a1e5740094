/* See the header. Rates are thousandths of a visitor per second; times
 * are rounded up to minutes. */
#include "server/gateway/organizer/forecast.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLI 1000
#define MINUTE_S 60
#define NUMBER_BYTES 32
#define TEXT_BYTES 240

void forecast_number(int64_t number, char *out, size_t out_bytes_max)
{
    char digits[NUMBER_BYTES];
    int count = snprintf(digits, sizeof digits, "%" PRId64, number);
    size_t used = 0;
    for (int i = 0; i < count && used + 2 < out_bytes_max; i++) {
        if (i > 0 && (count - i) % 3 == 0 && digits[i - 1] != '-')
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

struct words {
    char text[3][NUMBER_BYTES];
};

static struct words words(int64_t a, int64_t b, int64_t c)
{
    struct words w;
    forecast_number(a, w.text[0], NUMBER_BYTES);
    forecast_number(b, w.text[1], NUMBER_BYTES);
    forecast_number(c, w.text[2], NUMBER_BYTES);
    return w;
}

/* A rate for people: "300", "12.5". */
static void rate_text(int64_t milli_per_s, char out[NUMBER_BYTES])
{
    forecast_number(milli_per_s / MILLI, out, NUMBER_BYTES - 4);
    int64_t tenths = milli_per_s % MILLI / 100;
    size_t used = strlen(out);
    if (tenths > 0)
        (void)snprintf(out + used, NUMBER_BYTES - used, ".%" PRId64, tenths);
}

/* `values` is stolen. */
static void add(json_t *list, const char *code, json_t *values, const char *text)
{
    json_t *effect = json_pack("{ss so ss}", "code", code, "values",
                               values != NULL ? values : json_object(), "text", text);
    assert(effect != NULL);
    (void)json_array_append_new(list, effect);
}

static json_t *rate_json(int64_t milli_per_s)
{
    return milli_per_s % MILLI == 0 ? json_integer(milli_per_s / MILLI)
                                    : json_real((double)milli_per_s / MILLI);
}

static int64_t minutes_for(int64_t count, int64_t milli_per_s)
{
    int64_t seconds = (count * MILLI + milli_per_s - 1) / milli_per_s;
    return (seconds + MINUTE_S - 1) / MINUTE_S;
}

static void add_line_empties(json_t *list, const struct forecast_sale *sale, int64_t milli_per_s)
{
    char text[TEXT_BYTES], rate[NUMBER_BYTES];
    int64_t minutes = minutes_for(sale->waiting, milli_per_s);
    struct words w = words(sale->waiting, minutes, 0);
    rate_text(milli_per_s, rate);
    (void)snprintf(text, sizeof text, "At %s/s the line of %s empties in about %s min.", rate,
                   w.text[0], w.text[1]);
    add(list, "line_empties",
        json_pack("{so sI sI}", "rate_per_s", rate_json(milli_per_s), "waiting",
                  (json_int_t)sale->waiting, "minutes", (json_int_t)minutes),
        text);
}

/* If everybody buys the most they may, the seats are gone first. */
static void add_seats_first(json_t *list, const struct forecast_sale *sale, int64_t milli_per_s)
{
    char text[TEXT_BYTES];
    int64_t each = sale->seats_per_visitor_max > 0 ? sale->seats_per_visitor_max : 1;
    int64_t buyers = (sale->free + each - 1) / each;
    if (buyers >= sale->waiting)
        return;
    int64_t minutes = minutes_for(buyers, milli_per_s);
    struct words w = words(sale->free, each, minutes);
    (void)snprintf(text, sizeof text,
                   "The %s seats that are left may be taken in about %s min, if each buys %s.",
                   w.text[0], w.text[2], w.text[1]);
    add(list, "seats_first",
        json_pack("{so sI sI}", "rate_per_s", rate_json(milli_per_s), "seats",
                  (json_int_t)sale->free, "minutes", (json_int_t)minutes),
        text);
}

/* What the cap lets through when everybody stays as long as they may. */
static int64_t cap_milli_per_s(const struct forecast_sale *sale)
{
    return sale->stay_ms > 0 ? sale->cap * MILLI * 1000 / sale->stay_ms : INT64_MAX;
}

static void add_cap_limits(json_t *list, const struct forecast_sale *sale, int64_t milli_per_s)
{
    char text[TEXT_BYTES], rate[NUMBER_BYTES];
    int64_t by_cap = cap_milli_per_s(sale);
    if (by_cap >= milli_per_s || sale->waiting <= sale->cap)
        return;
    struct words w = words(sale->cap, 0, 0);
    rate_text(by_cap, rate);
    (void)snprintf(text, sizeof text,
                   "The cap of %s inside may hold the line back to about %s/s, if all stay as long "
                   "as they may.",
                   w.text[0], rate);
    add(list, "cap_limits",
        json_pack("{sI sI so}", "cap", (json_int_t)sale->cap, "inside", (json_int_t)sale->inside,
                  "rate_per_s", rate_json(by_cap)),
        text);
}

/* How the line will move, for a sale as it would be. */
static void add_movement(json_t *list, const struct forecast_sale *sale)
{
    int64_t milli_per_s = sale->tick_ms > 0 ? sale->admit_milli * 1000 / sale->tick_ms : 0;
    if (milli_per_s == 0 || sale->cap == 0) {
        add(list, "nobody_goes_in", NULL, "Nobody goes in as long as this is so.");
        return;
    }
    if (sale->waiting > 0) {
        add_line_empties(list, sale, milli_per_s);
        add_seats_first(list, sale, milli_per_s);
    }
    add_cap_limits(list, sale, milli_per_s);
}

static void add_phase(json_t *list, const struct forecast_sale *sale, enum queue_phase phase)
{
    char text[TEXT_BYTES];
    struct words w = words(sale->waiting, sale->inside, sale->held);
    if (phase == PHASE_PAUSED) {
        (void)snprintf(text, sizeof text, "The line of %s stands still. The %s inside may finish.",
                       w.text[0], w.text[1]);
        add(list, "line_stands",
            json_pack("{sI sI}", "waiting", (json_int_t)sale->waiting, "inside",
                      (json_int_t)sale->inside),
            text);
    } else if (phase == PHASE_CLOSED) {
        (void)snprintf(text, sizeof text,
                       "The %s in line are sent home. The %s inside may finish; %s seats are in "
                       "their hands.",
                       w.text[0], w.text[1], w.text[2]);
        add(list, "line_ends",
            json_pack("{sI sI sI}", "waiting", (json_int_t)sale->waiting, "inside",
                      (json_int_t)sale->inside, "held", (json_int_t)sale->held),
            text);
    } else if (phase == PHASE_OPEN) {
        int64_t rate = sale->tick_ms > 0 ? sale->admit_milli * 1000 / sale->tick_ms : 0;
        (void)snprintf(text, sizeof text, "The line of %s begins to move.", w.text[0]);
        add(list, "line_moves",
            json_pack("{sI so}", "waiting", (json_int_t)sale->waiting, "rate_per_s",
                      rate_json(rate)),
            text);
    }
}

static void add_message(json_t *list, const struct forecast_sale *sale, int64_t bytes)
{
    char text[TEXT_BYTES];
    struct words w = words(sale->waiting, 0, 0);
    if (bytes == 0) {
        add(list, "message_gone", json_pack("{sI}", "waiting", (json_int_t)sale->waiting),
            "The message is taken back from all who wait.");
        return;
    }
    (void)snprintf(text, sizeof text, "The %s who wait see the message at once.", w.text[0]);
    add(list, "message_shown",
        json_pack("{sI sI}", "waiting", (json_int_t)sale->waiting, "bytes", (json_int_t)bytes),
        text);
}

static void add_inside_stay(json_t *list, const struct forecast_sale *sale, int64_t cap)
{
    char text[TEXT_BYTES];
    if (sale->inside <= cap)
        return;
    struct words w = words(sale->inside, cap, 0);
    (void)snprintf(text, sizeof text,
                   "%s are inside and stay. Nobody goes in until fewer than %s are.", w.text[0],
                   w.text[1]);
    add(list, "inside_stay",
        json_pack("{sI sI}", "inside", (json_int_t)sale->inside, "cap", (json_int_t)cap), text);
}

json_t *forecast_change(const struct forecast_sale *sale, const struct forecast_change *change)
{
    json_t *list = json_array();
    struct forecast_sale after = *sale;
    char text[TEXT_BYTES];
    after.tick_ms = change->tick_ms;
    if (change->has_phase)
        after.phase = change->phase;
    if (change->has_rate)
        after.admit_milli = change->admit_milli;
    if (change->has_cap)
        after.cap = change->cap;
    bool is_moved = change->has_rate || change->has_cap || change->tick_ms != sale->tick_ms ||
                    (change->has_phase && change->phase == PHASE_OPEN);
    if (change->has_phase)
        add_phase(list, &after, change->phase);
    if (change->has_cap)
        add_inside_stay(list, sale, change->cap);
    if (is_moved && after.phase != PHASE_PAUSED && after.phase != PHASE_CLOSED)
        add_movement(list, &after);
    if (change->has_message)
        add_message(list, sale, change->message_bytes);
    if (change->has_other || (json_array_size(list) == 0 && is_moved)) {
        (void)snprintf(text, sizeof text, "It counts from the next tick, within %" PRId64 " ms.",
                       after.tick_ms);
        add(list, "from_next_tick", json_pack("{sI}", "tick_ms", (json_int_t)after.tick_ms), text);
    }
    if (json_array_size(list) == 0)
        add(list, "nothing_changes", NULL, "Everything is like this already.");
    return list;
}

json_t *forecast_release(const struct forecast_sale *sale, int64_t seats)
{
    json_t *list = json_array();
    char text[TEXT_BYTES];
    struct words w = words(seats, sale->waiting, 0);
    if (seats == 0) {
        add(list, "nothing_changes", NULL, "None of these seats is kept from sale.");
        return list;
    }
    (void)snprintf(text, sizeof text, "%s seats come on sale at once, for a line of %s.", w.text[0],
                   w.text[1]);
    add(list, "seats_on_sale",
        json_pack("{sI sI}", "seats", (json_int_t)seats, "waiting", (json_int_t)sale->waiting),
        text);
    return list;
}

json_t *forecast_withhold(int64_t seats, int64_t taken)
{
    json_t *list = json_array();
    char text[TEXT_BYTES];
    struct words w = words(seats, taken, 0);
    (void)snprintf(text, sizeof text,
                   taken > 0
                       ? "%s seats are kept from sale. %s more are in somebody's hands and stay so."
                       : "%s seats are kept from sale.",
                   w.text[0], w.text[1]);
    add(list, "seats_kept",
        json_pack("{sI sI}", "seats", (json_int_t)seats, "taken", (json_int_t)taken), text);
    return list;
}
