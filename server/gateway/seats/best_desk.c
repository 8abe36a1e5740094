#include "server/gateway/seats/best_desk.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_pace.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/wire/wire.h"
#include "ticketing/best_seats.h"

#define TRIES_MAX 5        /* seats that others were faster to take: then `busy` */
#define SPENT_US_MAX 20000 /* some seventy walks through a large hall */

/* One question on its way. Lifetime: until the answer. */
struct best_ask {
    struct ask *ask;
    struct best_request request;
    struct best_answer chosen;
    uint32_t tries;
};

/* --- choosing --- */

void best_desk_forget(struct event_entry *event)
{
    best_index_free(event->best);
    free(event->best_asked);
    event->best = NULL;
    event->best_asked = NULL;
}

/* The index costs 32 bytes a seat, so it is made when somebody asks. False without memory. */
static bool make_index(struct event_entry *event)
{
    if (event->best != NULL)
        return true;
    event->best = best_index_create(event->plan, best_focus_of(event->plan));
    event->best_asked = calloc(event->plan->seated_count + 1, 1);
    if (event->best == NULL || event->best_asked == NULL) {
        best_desk_forget(event);
        return false;
    }
    return true;
}

/* Free as far as this gateway knows, less what it has asked for and less `taken` (may be NULL). */
static uint32_t free_seats(const struct event_entry *event, const struct hold *taken, uint8_t *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < event->plan->seated_count; i++) {
        out[i] = seat_map_state(event->map, i) == SEAT_FREE && event->best_asked[i] == 0;
        count += out[i];
    }
    for (size_t i = 0; taken != NULL && i < taken->seats_count; i++)
        if (taken->seats[i].seat < event->plan->seated_count)
            out[taken->seats[i].seat] = 0;
    return count;
}

/* Whether there can be enough; when a sale ends this spares most of the walks over all seats. */
static bool has_enough(const struct event_entry *event, const struct best_request *request)
{
    bool is_any = request->category < 0;
    size_t first = is_any ? 0 : (size_t)request->category;
    size_t end = is_any ? event->plan->categories_count : first + 1;
    uint32_t free_count = 0;
    for (size_t i = first; i < end; i++)
        free_count += seat_map_count(event->map, i, SEAT_FREE);
    return free_count >= request->count;
}

/* Leaves nobody alone while that is possible at all. */
static void choose(struct event_entry *event, const struct hold *taken,
                   struct best_request *request, struct best_answer *answer)
{
    *answer = (struct best_answer){0};
    if (!has_enough(event, request) || !make_index(event))
        return;
    uint8_t *is_free = malloc(event->plan->seated_count + 1);
    assert(is_free != NULL);
    uint32_t free_count = free_seats(event, taken, is_free);
    request->may_leave_single = best_seats_is_nearly_full(free_count, event->plan->seated_count);
    best_seats_find(event->best, is_free, request, answer);
    if (answer->count == 0 && !request->may_leave_single) {
        request->may_leave_single = true;
        best_seats_find(event->best, is_free, request, answer);
    }
    free(is_free);
}

bool best_desk_may_look(struct best_spent *spent, int64_t cpu_us)
{
    int64_t forgiven_us = (cpu_us - spent->seen_us) / 5;
    spent->spent_us = spent->spent_us > forgiven_us ? spent->spent_us - forgiven_us : 0;
    spent->seen_us = cpu_us;
    return spent->spent_us < SPENT_US_MAX;
}

json_t *best_desk_instead(struct event_entry *event, const struct hold *taken, size_t count)
{
    json_t *list = json_array();
    bool is_seated = taken->seats_count > 0 && event->has_plan &&
                     taken->seats[0].seat < event->plan->seated_count;
    if (!is_seated || count == 0 || count > HOLD_SEATS_MAX)
        return list;
    struct best_request request = {.count = (uint32_t)count,
                                   .category =
                                       plan_seat_category(event->plan, taken->seats[0].seat)};
    struct best_answer answer = {0};
    struct best_spent *spent = &event->gateway->instead_spent;
    int64_t begun_us = clock_cpu_us();
    if (best_desk_may_look(spent, begun_us)) {
        choose(event, taken, &request, &answer);
        spent->spent_us += clock_cpu_us() - begun_us;
    }
    for (uint32_t i = 0; i < answer.count; i++)
        json_array_append_new(list, json_integer(answer.seats[i]));
    return list;
}

/* --- holding --- */

static void mark(struct event_entry *event, const struct best_answer *chosen, bool is_asked)
{
    for (uint32_t i = 0; event->best_asked != NULL && i < chosen->count; i++)
        if (chosen->seats[i] < event->plan->seated_count)
            event->best_asked[chosen->seats[i]] = is_asked;
}

static void on_answered(void *ctx, enum seats_status status, const struct hold *hold);

/* False when nothing was asked, because there is nothing to offer. */
static bool ask_next(struct best_ask *best, const struct hold *taken)
{
    struct ask *ask = best->ask;
    struct gateway *gateway = ask->gateway;
    struct held_seat seats[HOLD_SEATS_MAX];
    choose(ask->event, taken, &best->request, &best->chosen);
    if (best->chosen.count == 0)
        return false;
    for (uint32_t i = 0; i < best->chosen.count; i++) {
        uint32_t seat = best->chosen.seats[i];
        seats[i] = (struct held_seat){seat, plan_seat_category(ask->event->plan, seat)};
    }
    mark(ask->event, &best->chosen, true);
    best->tries++;
    enum seats_status sent = gateway->seats->hold(gateway->seats, ask->event->id, ask->visitor,
                                                  seats, best->chosen.count, on_answered, best);
    if (sent != SEATS_OK)
        on_answered(best, sent, NULL);
    return true;
}

static void answer_none(struct gateway *gateway, const struct reply_to *to)
{
    wire_error(gateway, to, "none_free", "There are not so many free seats of this kind.", NULL);
}

static void on_answered(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct best_ask *best = ctx;
    struct ask *ask = best->ask;
    struct gateway *gateway = ask->gateway;
    mark(ask->event, &best->chosen, false);
    bool is_taken = status == SEATS_OK && hold->result == HOLD_TAKEN;
    if (is_taken && best->tries < TRIES_MAX && event_is_ready(ask->event)) {
        if (ask_next(best, hold))
            return;
        answer_none(gateway, &ask->to);
    } else if (status != SEATS_OK || is_taken) {
        wire_busy(gateway, &ask->to);
    } else if (hold->result == HOLD_OK) {
        gateway->figures.holds++;
        seat_desk_answer_hold(gateway, &ask->to, ask->event, hold);
    } else {
        seat_desk_refuse(gateway, &ask->to, hold);
    }
    line_pace_on_hold(ask);
    free(ask);
    free(best);
}

/* --- reading the request --- */

/* The member as a whole number in [min, max]; `fallback` when absent. False when it is anything
 * else. */
static bool read_whole(const json_t *object, const char *name, int64_t min, int64_t max,
                       int64_t fallback, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    *out = value == NULL ? fallback : json_integer_value(value);
    return value == NULL || (json_is_integer(value) && *out >= min && *out <= max);
}

/* The name of the field that is wrong, or NULL. */
static const char *read_request(const struct event_entry *event, const json_t *best,
                                struct best_request *request)
{
    int64_t count, category, accessible;
    if (!json_is_object(best))
        return "best";
    if (!read_whole(best, "count", 1, INT32_MAX, 0, &count) || count == 0)
        return "count";
    if (!read_whole(best, "category", 0, (int64_t)event->plan->categories_count - 1, -1, &category))
        return "category";
    if (!read_whole(best, "accessible", 0, count, 0, &accessible))
        return "accessible";
    *request = (struct best_request){.count = (uint32_t)count,
                                     .accessible_count = (uint32_t)accessible,
                                     .category = (int32_t)category};
    return NULL;
}

void best_desk_hold(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request)
{
    struct event_entry *event = session->event;
    struct best_request wanted;
    const char *field = read_request(event, json_object_get(request, "best"), &wanted);
    if (field != NULL) {
        wire_bad_field(gateway, to, field,
                       "best must be {\"count\":1..,\"category\":index,\"accessible\":0..count}.");
        return;
    }
    if (wanted.count > event_seats_max(event) || wanted.count > HOLD_SEATS_MAX) {
        wire_error(gateway, to, "too_many_seats", "That is more seats than one visitor may have.",
                   json_pack("{si}", "seats_max", (int)event_seats_max(event)));
        return;
    }
    struct best_ask *best = calloc(1, sizeof *best);
    assert(best != NULL);
    best->ask = ask_create(gateway, session, to);
    best->request = wanted;
    if (!ask_next(best, NULL)) {
        answer_none(gateway, to);
        free(best->ask);
        free(best);
    }
}
