/* See seat_fake.h. Written from the port's words, not from the scripts, and as plainly as possible:
 * arrays, linear search, one function per decision. Where the port leaves a choice (which places of
 * an area), it does as hold_area.lua, so that both can be compared step by step. */
#include "ticketing/seat_fake.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/seat_fake_data.h"

/* --- finding --- */

static struct told_order *told_of(struct event *event, const char *order)
{
    for (size_t i = 0; i < event->told_count; i++)
        if (strcmp(event->told[i].order, order) == 0)
            return &event->told[i];
    return NULL;
}

static bool is_in(const struct held_seat *seats, size_t count, uint32_t seat)
{
    for (size_t i = 0; i < count; i++)
        if (seats[i].seat == seat)
            return true;
    return false;
}

/* --- changing seats, telling the outbox --- */

static void set_states(struct event *event, const struct held_seat *seats, size_t count,
                       enum seat_state state)
{
    size_t used = strlen(event->changes);
    for (size_t i = 0; i < count; i++) {
        uint8_t *now = &event->states[seats[i].seat];
        uint8_t category = event->categories[seats[i].seat];
        int freed = (state == SEAT_FREE) - (*now == SEAT_FREE);
        event->counts.free += freed;
        event->counts.free_of[category] += freed;
        event->counts.sold += (state == SEAT_SOLD) - (*now == SEAT_SOLD);
        *now = (uint8_t)state;
        used += (size_t)snprintf(event->changes + used, sizeof(event->changes) - used, "%s%u=%d",
                                 used == 0 ? "" : ",", seats[i].seat, (int)state);
        assert(used < sizeof(event->changes));
    }
}

/* All that an operation changed is one version of the map. */
static void tell_map(struct seat_fake *self)
{
    static char text[sizeof(((struct event *)NULL)->changes) + 24];
    for (size_t i = 0; i < self->events_count; i++) {
        struct event *event = &self->events[i];
        if (event->changes[0] == '\0')
            continue;
        (void)snprintf(text, sizeof(text), "%" PRId64 "|%s", ++event->counts.version,
                       event->changes);
        event->changes[0] = '\0';
        if (self->on_map != NULL)
            self->on_map(self->map_ctx, event->id, text);
    }
}

static void tell_order(struct event *event, const char *order, bool is_sold)
{
    event->told = seat_fake_grown(event->told, event->told_count, sizeof(*event->told));
    struct told_order *told = &event->told[event->told_count++];
    seat_fake_copy(told->order, sizeof(told->order), order);
    told->is_sold = is_sold;
}

static struct seat_fake_entry *add_entry(struct seat_fake *self, const char *order,
                                         const char *visitor)
{
    self->entries = seat_fake_grown(self->entries, self->entries_count, sizeof(*self->entries));
    struct seat_fake_entry *entry = &self->entries[self->entries_count++];
    *entry = (struct seat_fake_entry){0};
    seat_fake_copy(entry->order, sizeof(entry->order), order);
    seat_fake_copy(entry->visitor, sizeof(entry->visitor), visitor);
    return entry;
}

static void void_once(struct seat_fake *self, struct event *event, const char *order,
                      const char *visitor, int64_t amount_minor, const char *currency,
                      const char *reason)
{
    if (told_of(event, order) != NULL)
        return;
    tell_order(event, order, false);
    struct seat_fake_entry *entry = add_entry(self, order, visitor);
    entry->is_void = true;
    entry->amount_minor = amount_minor;
    seat_fake_copy(entry->currency, sizeof(entry->currency), currency);
    seat_fake_copy(entry->reason, sizeof(entry->reason), reason);
}

static void forget_hold(struct visitor *visitor)
{
    visitor->has_hold = false;
    visitor->hold = (struct hold){0};
    visitor->pay_deadline_ms = visitor->select_deadline_ms = 0;
}

static void drop_hold(struct seat_fake *self, struct event *event, struct visitor *visitor,
                      const char *reason)
{
    struct hold *hold = &visitor->hold;
    if (hold->is_paying)
        void_once(self, event, hold->order, visitor->id, hold->amount_minor, visitor->currency,
                  reason);
    set_states(event, hold->seats, hold->seats_count, SEAT_FREE);
    forget_hold(visitor);
}

/* The visitor's hold, or NULL; one past its deadline ends here. */
static struct hold *live_hold(struct seat_fake *self, struct event *event, struct visitor *visitor)
{
    if (visitor->has_hold && visitor->hold.deadline_ms <= seat_fake_deadline_clock(self))
        drop_hold(self, event, visitor, "time_out");
    return visitor->has_hold ? &visitor->hold : NULL;
}

static bool is_inside(const struct seat_fake *self, const struct visitor *visitor)
{
    return visitor->is_entered && visitor->admitted_until_ms > seat_fake_deadline_clock(self);
}

/* --- answering --- */

/* Every operation ends here. */
static struct completion *add_completion(struct seat_fake *self, void *ctx)
{
    tell_map(self);
    self->completions =
        seat_fake_grown(self->completions, self->completions_count, sizeof(*self->completions));
    struct completion *completion = &self->completions[self->completions_count++];
    *completion = (struct completion){.ctx = ctx};
    if (!self->is_current)
        completion->status = SEATS_EPOCH;
    return completion;
}

/* An answer about a hold: `hold` (may be NULL) with the result. */
static struct hold about(const struct hold *hold, enum hold_result result)
{
    struct hold answer = hold != NULL ? *hold : (struct hold){0};
    answer.result = result;
    answer.seats_max = answer.free_count = 0;
    return answer;
}

static struct hold with_max(struct hold answer, const struct event *event)
{
    answer.seats_max = event->seats_per_visitor_max;
    return answer;
}

static char *copy_of(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        abort();
    return copy;
}

static enum seats_status finish(struct seat_fake *self, struct hold answer, seats_hold_fn *fn,
                                void *ctx)
{
    struct completion *completion = add_completion(self, ctx);
    completion->on_hold = fn;
    completion->hold = answer;
    completion->hold.now_ms = self->now_ms;
    if (answer.offer != NULL) /* the hold may have gone when it is delivered */
        completion->hold.offer = completion->offer = copy_of(answer.offer);
    if (answer.deadline_ms != 0) /* it will be moved on by at least that */
        completion->hold.deadline_ms += self->now_ms - seat_fake_deadline_clock(self);
    return SEATS_OK;
}

/* An operation in another epoch: asked, refused, nothing done. */
static enum seats_status refuse_epoch(struct seat_fake *self, seats_hold_fn *fn, void *ctx)
{
    return finish(self, (struct hold){0}, fn, ctx);
}

/* --- hold --- */

static struct hold take(struct event *event, struct visitor *visitor, const struct held_seat *seats,
                        size_t count)
{
    struct hold *hold = &visitor->hold;
    if (!visitor->has_hold) {
        visitor->has_hold = true;
        *hold = (struct hold){.fence = ++event->fence, .deadline_ms = visitor->admitted_until_ms};
    }
    for (size_t i = 0; i < count; i++)
        hold->seats[hold->seats_count++] = seats[i];
    set_states(event, seats, count, SEAT_HELD);
    return with_max(about(hold, HOLD_OK), event);
}

/* The limit that so many seats more would break; 0 = none. */
static uint32_t broken_limit(const struct event *event, const struct visitor *visitor, size_t more)
{
    size_t of_order = visitor->hold.seats_count + more;
    if (event->seats_per_order_max > 0 && of_order > event->seats_per_order_max)
        return event->seats_per_order_max;
    return visitor->bought_count + of_order > event->seats_per_visitor_max
               ? event->seats_per_visitor_max
               : 0;
}

/* What can be said before looking at seats: true when `answer` is final. */
static bool is_refused(struct seat_fake *self, struct event *event, struct visitor *visitor,
                       size_t more_count, struct hold *answer)
{
    struct hold *hold = live_hold(self, event, visitor);
    if (!is_inside(self, visitor))
        *answer = about(NULL, HOLD_NOT_ADMITTED);
    else if (hold != NULL && hold->is_paying)
        *answer = about(hold, HOLD_PAYING);
    else if (broken_limit(event, visitor, more_count) > 0) {
        *answer = about(hold, HOLD_TOO_MANY);
        answer->seats_max = broken_limit(event, visitor, more_count);
    } else
        return false;
    return true;
}

static struct hold decide_hold(struct seat_fake *self, struct event *event, struct visitor *visitor,
                               const struct held_seat *seats, size_t count)
{
    struct hold answer;
    struct held_seat fresh[HOLD_SEATS_MAX];
    size_t fresh_count = 0;
    struct hold *hold = live_hold(self, event, visitor);
    for (size_t i = 0; i < count; i++)
        if (!is_in(fresh, fresh_count, seats[i].seat) &&
            !(hold != NULL && is_in(hold->seats, hold->seats_count, seats[i].seat)))
            fresh[fresh_count++] = seats[i];
    if (is_refused(self, event, visitor, fresh_count, &answer))
        return answer;
    if (fresh_count == 0)
        return with_max(about(hold, HOLD_OK), event);
    answer = with_max(about(NULL, HOLD_TAKEN), event);
    for (size_t i = 0; i < fresh_count; i++)
        if (fresh[i].seat >= event->seats_count || event->states[fresh[i].seat] != SEAT_FREE)
            answer.seats[answer.seats_count++] = fresh[i];
    return answer.seats_count > 0 ? answer : take(event, visitor, fresh, fresh_count);
}

static enum seats_status fake_hold(struct seat_store *s, const char *event_id,
                                   const char *visitor_id, const struct held_seat *seats,
                                   size_t count, seats_hold_fn *fn, void *ctx)
{
    assert(count >= 1 && count <= HOLD_SEATS_MAX);
    struct seat_fake *self = seat_fake_self(s);
    if (!self->is_current)
        return refuse_epoch(self, fn, ctx);
    struct event *event = seat_fake_event_of(self, event_id);
    struct visitor *visitor = seat_fake_visitor_of(event, visitor_id);
    return finish(self, decide_hold(self, event, visitor, seats, count), fn, ctx);
}

static struct hold decide_area(struct seat_fake *self, struct event *event, struct visitor *visitor,
                               const struct area_request *area)
{
    struct hold answer;
    struct held_seat found[HOLD_SEATS_MAX];
    size_t found_count = 0;
    if (is_refused(self, event, visitor, area->count, &answer))
        return answer;
    uint32_t start = (uint32_t)(self->now_ms % 1000 * 1000) % area->capacity;
    for (uint32_t i = 0; i < area->capacity && found_count < area->count; i++) {
        uint32_t seat = area->first + (start + i) % area->capacity;
        if (seat < event->seats_count && event->states[seat] == SEAT_FREE)
            found[found_count++] = (struct held_seat){.seat = seat, .category = area->category};
    }
    if (found_count == area->count)
        return take(event, visitor, found, found_count);
    answer = about(visitor->has_hold ? &visitor->hold : NULL, HOLD_AREA_FULL);
    answer.free_count = (uint32_t)found_count;
    return with_max(answer, event);
}

static enum seats_status fake_hold_area(struct seat_store *s, const char *event_id,
                                        const char *visitor_id, const struct area_request *area,
                                        seats_hold_fn *fn, void *ctx)
{
    assert(area->count >= 1 && area->count <= HOLD_SEATS_MAX && area->capacity >= 1);
    struct seat_fake *self = seat_fake_self(s);
    if (!self->is_current)
        return refuse_epoch(self, fn, ctx);
    struct event *event = seat_fake_event_of(self, event_id);
    struct visitor *visitor = seat_fake_visitor_of(event, visitor_id);
    return finish(self, decide_area(self, event, visitor, area), fn, ctx);
}

/* --- release, state --- */

static struct hold decide_release(struct seat_fake *self, struct event *event,
                                  struct visitor *visitor, const uint32_t *seats, size_t count)
{
    struct hold *hold = live_hold(self, event, visitor);
    if (hold == NULL)
        return about(NULL, HOLD_NONE);
    struct held_seat kept[HOLD_SEATS_MAX], gone[HOLD_SEATS_MAX];
    size_t kept_count = 0, gone_count = 0;
    for (size_t i = 0; i < hold->seats_count; i++) {
        bool is_named = count == 0;
        for (size_t j = 0; j < count; j++)
            is_named = is_named || seats[j] == hold->seats[i].seat;
        if (is_named)
            gone[gone_count++] = hold->seats[i];
        else
            kept[kept_count++] = hold->seats[i];
    }
    if (kept_count == 0) {
        if (visitor->select_deadline_ms != 0 && visitor->admitted_until_ms != 0)
            visitor->admitted_until_ms = visitor->select_deadline_ms;
        drop_hold(self, event, visitor, "given_up");
        return about(NULL, HOLD_OK);
    }
    if (hold->is_paying)
        return about(hold, HOLD_PAYING);
    if (gone_count > 0)
        set_states(event, gone, gone_count, SEAT_FREE);
    memset(hold->seats, 0, sizeof(hold->seats));
    memcpy(hold->seats, kept, kept_count * sizeof(*kept));
    hold->seats_count = kept_count;
    return about(hold, HOLD_OK);
}

static enum seats_status fake_release(struct seat_store *s, const char *event_id,
                                      const char *visitor_id, const uint32_t *seats, size_t count,
                                      seats_hold_fn *fn, void *ctx)
{
    assert(count <= HOLD_SEATS_MAX);
    struct seat_fake *self = seat_fake_self(s);
    if (!self->is_current)
        return refuse_epoch(self, fn, ctx);
    struct event *event = seat_fake_event_of(self, event_id);
    struct visitor *visitor = seat_fake_visitor_of(event, visitor_id);
    return finish(self, decide_release(self, event, visitor, seats, count), fn, ctx);
}

static enum seats_status fake_state(struct seat_store *s, const char *event_id,
                                    const char *visitor_id, seats_hold_fn *fn, void *ctx)
{
    struct seat_fake *self = seat_fake_self(s);
    if (!self->is_current)
        return refuse_epoch(self, fn, ctx);
    struct event *event = seat_fake_event_of(self, event_id);
    struct visitor *visitor = seat_fake_visitor_of(event, visitor_id);
    struct hold *hold = live_hold(self, event, visitor);
    struct hold answer = about(hold, hold != NULL ? HOLD_OK : HOLD_NONE);
    if (hold == NULL && is_inside(self, visitor))
        answer.deadline_ms = visitor->admitted_until_ms;
    return finish(self, answer, fn, ctx);
}

/* --- paying --- */

/* The same seats, whatever their order and however often named. */
static bool are_same(const struct hold *hold, const struct held_seat *seats, size_t count)
{
    for (size_t i = 0; i < hold->seats_count; i++)
        if (!is_in(seats, count, hold->seats[i].seat))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!is_in(hold->seats, hold->seats_count, seats[i].seat))
            return false;
    return true;
}

static void start_payment(struct seat_fake *self, struct event *event, struct visitor *visitor)
{
    struct hold *hold = &visitor->hold;
    set_states(event, hold->seats, hold->seats_count, SEAT_PAYING);
    hold->is_paying = true;
    if (visitor->pay_deadline_ms != 0)
        return;
    visitor->select_deadline_ms = visitor->admitted_until_ms;
    visitor->pay_deadline_ms = self->now_ms + event->pay_ms;
    visitor->admitted_until_ms = hold->deadline_ms = visitor->pay_deadline_ms;
}

static enum seats_status fake_checkout(struct seat_store *s, const char *event_id,
                                       const char *visitor_id, const struct checkout *wanted,
                                       seats_hold_fn *fn, void *ctx)
{
    struct seat_fake *self = seat_fake_self(s);
    if (!self->is_current)
        return refuse_epoch(self, fn, ctx);
    struct event *event = seat_fake_event_of(self, event_id);
    struct visitor *visitor = seat_fake_visitor_of(event, visitor_id);
    struct hold *hold = live_hold(self, event, visitor);
    if (hold == NULL)
        return finish(self, about(NULL, HOLD_NONE), fn, ctx);
    if (hold->is_paying)
        return finish(self, about(hold, HOLD_OK), fn, ctx);
    if (!is_inside(self, visitor))
        return finish(self, about(NULL, HOLD_NOT_ADMITTED), fn, ctx);
    if (!are_same(hold, wanted->seats, wanted->count))
        return finish(self, about(hold, HOLD_TAKEN), fn, ctx);
    if (self->now_ms - self->beat_ms > LEDGER_AWAY_MS || self->entries_count >= self->outbox_max)
        return finish(self, about(hold, HOLD_LEDGER_BEHIND), fn, ctx);
    seat_fake_copy(hold->order, sizeof(hold->order), wanted->order);
    seat_fake_copy(visitor->currency, sizeof(visitor->currency), wanted->currency);
    hold->amount_minor = wanted->amount_minor;
    free(visitor->offer);
    visitor->offer = copy_of(wanted->offer);
    hold->offer = visitor->offer;
    start_payment(self, event, visitor);
    if (wanted->amount_minor > 0)
        hold->note = (struct outbox_mark){self->now_ms, (int64_t)++self->intents_count};
    return finish(self, about(hold, HOLD_OK), fn, ctx);
}

static enum seats_status fake_intent(struct seat_store *s, const char *event_id,
                                     const char *visitor_id, const char *order, const char *intent,
                                     seats_hold_fn *fn, void *ctx)
{
    struct seat_fake *self = seat_fake_self(s);
    if (!self->is_current)
        return refuse_epoch(self, fn, ctx);
    struct event *event = seat_fake_event_of(self, event_id);
    struct hold *hold = live_hold(self, event, seat_fake_visitor_of(event, visitor_id));
    if (hold == NULL || !hold->is_paying || strcmp(hold->order, order) != 0)
        return finish(self, about(NULL, HOLD_NO_ORDER), fn, ctx);
    seat_fake_copy(hold->intent, sizeof(hold->intent), intent);
    return finish(self, about(hold, HOLD_OK), fn, ctx);
}

static bool is_running(const struct hold *hold, const char *order, int64_t fence)
{
    return hold != NULL && hold->is_paying && strcmp(hold->order, order) == 0 &&
           hold->fence == fence;
}

static struct hold void_by_body(struct seat_fake *self, struct event *event,
                                const struct visitor *visitor, const char *order, const char *body,
                                const char *reason)
{
    json_t *root = json_loads(body, 0, NULL);
    const char *currency = json_string_value(json_object_get(root, "currency"));
    void_once(self, event, order, visitor->id,
              json_integer_value(json_object_get(root, "amount_minor")),
              currency != NULL ? currency : "", reason);
    json_decref(root);
    return about(NULL, HOLD_NO_ORDER);
}

static struct hold decide_settle(struct seat_fake *self, struct event *event,
                                 struct visitor *visitor, const char *order, int64_t fence,
                                 const char *body)
{
    struct told_order *told = told_of(event, order);
    if (told != NULL && told->is_sold)
        return about(NULL, HOLD_OK);
    struct hold *hold = live_hold(self, event, visitor);
    if (!is_running(hold, order, fence))
        return void_by_body(self, event, visitor, order, body,
                            hold == NULL ? "time_out" : "given_up");
    struct hold answer = about(hold, HOLD_OK);
    if (told == NULL)
        tell_order(event, order, true);
    else
        told->is_sold = true;
    set_states(event, hold->seats, hold->seats_count, SEAT_SOLD);
    add_entry(self, order, visitor->id);
    visitor->bought_count += (uint32_t)hold->seats_count;
    visitor->admitted_until_ms = 0;
    visitor->is_entered = false;
    forget_hold(visitor);
    return answer;
}

static enum seats_status fake_settle(struct seat_store *s, const char *event_id,
                                     const char *visitor_id, const char *order, int64_t fence,
                                     const char *snapshot_json, seats_hold_fn *fn, void *ctx)
{
    struct seat_fake *self = seat_fake_self(s);
    if (!self->is_current)
        return refuse_epoch(self, fn, ctx);
    struct event *event = seat_fake_event_of(self, event_id);
    struct visitor *visitor = seat_fake_visitor_of(event, visitor_id);
    struct hold answer = decide_settle(self, event, visitor, order, fence, snapshot_json);
    return finish(self, answer, fn, ctx);
}

static enum seats_status fake_decline(struct seat_store *s, const char *event_id,
                                      const char *visitor_id, const char *order, int64_t fence,
                                      const char *lost_json, seats_hold_fn *fn, void *ctx)
{
    struct seat_fake *self = seat_fake_self(s);
    if (!self->is_current)
        return refuse_epoch(self, fn, ctx);
    struct event *event = seat_fake_event_of(self, event_id);
    struct visitor *visitor = seat_fake_visitor_of(event, visitor_id);
    struct hold *hold = live_hold(self, event, visitor);
    if (!is_running(hold, order, fence)) {
        if (lost_json != NULL)
            (void)void_by_body(self, event, visitor, order, lost_json, "ledger_refused");
        return finish(self, about(NULL, HOLD_NO_ORDER), fn, ctx);
    }
    set_states(event, hold->seats, hold->seats_count, SEAT_HELD);
    hold->is_paying = false;
    hold->amount_minor = 0;
    hold->order[0] = hold->intent[0] = '\0';
    hold->note = (struct outbox_mark){0};
    hold->offer = NULL;
    return finish(self, about(hold, HOLD_OK), fn, ctx);
}

/* --- sweep, snapshot --- */

/* The hold that ended first, by visitor when several did; NULL when none has ended. */
static struct visitor *first_ended(const struct seat_fake *self, struct event *event)
{
    struct visitor *first = NULL;
    for (size_t i = 0; i < event->visitors_count; i++) {
        struct visitor *visitor = event->visitors[i];
        if (!visitor->has_hold || visitor->hold.deadline_ms > seat_fake_deadline_clock(self))
            continue;
        if (first == NULL || visitor->hold.deadline_ms < first->hold.deadline_ms ||
            (visitor->hold.deadline_ms == first->hold.deadline_ms &&
             strcmp(visitor->id, first->id) < 0))
            first = visitor;
    }
    return first;
}

static enum seats_status fake_sweep(struct seat_store *s, const char *event_id, seats_sweep_fn *fn,
                                    void *ctx)
{
    struct seat_fake *self = seat_fake_self(s);
    struct event *event = self->is_current ? seat_fake_event_of(self, event_id) : NULL;
    size_t swept_count = 0;
    struct visitor *ended;
    while (event && swept_count < SWEEP_HOLDS_MAX && (ended = first_ended(self, event)) != NULL) {
        drop_hold(self, event, ended, "time_out");
        swept_count++;
    }
    struct completion *completion = add_completion(self, ctx);
    completion->on_sweep = fn;
    completion->swept_count = swept_count;
    return SEATS_OK;
}

static enum seats_status fake_snapshot(struct seat_store *s, const char *event_id,
                                       seats_snapshot_fn *fn, void *ctx)
{
    struct seat_fake *self = seat_fake_self(s);
    struct completion *completion = add_completion(self, ctx);
    completion->on_snapshot = fn;
    if (!self->is_current)
        return SEATS_OK;
    const struct event *event = seat_fake_event_of(self, event_id);
    completion->version = event->counts.version;
    completion->states_count = event->seats_count;
    completion->states = seat_fake_grown(NULL, event->seats_count, 1);
    memcpy(completion->states, event->states, event->seats_count);
    return SEATS_OK;
}

/* --- life --- */

struct seat_store *seat_fake_create(void)
{
    struct seat_fake *self = seat_fake_grown(NULL, 0, sizeof(*self));
    *self = (struct seat_fake){.port = {.hold = fake_hold,
                                        .hold_area = fake_hold_area,
                                        .release = fake_release,
                                        .state = fake_state,
                                        .checkout = fake_checkout,
                                        .intent = fake_intent,
                                        .settle = fake_settle,
                                        .decline = fake_decline,
                                        .sweep = fake_sweep,
                                        .snapshot = fake_snapshot,
                                        .free = seat_fake_free},
                               .is_current = true,
                               .outbox_max = OUTBOX_ENTRIES_MAX};
    return &self->port;
}
