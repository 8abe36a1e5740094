/* The fake's world: events, admissions, the clock and the ledger are told here; completions are
 * delivered; counts and outbox are looked at. */
#include "ticketing/seat_fake.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/seat_fake_data.h"

/* --- finding --- */

struct seat_fake *seat_fake_self(struct seat_store *store)
{
    return (struct seat_fake *)store;
}

void *seat_fake_grown(void *array, size_t count, size_t size)
{
    void *bigger = realloc(array, (count + 1) * size);
    if (bigger == NULL)
        abort();
    return bigger;
}

void seat_fake_copy(char *out, size_t out_bytes_max, const char *text)
{
    int printed = snprintf(out, out_bytes_max, "%s", text);
    assert(printed >= 0 && (size_t)printed < out_bytes_max);
}

struct event *seat_fake_event_of(struct seat_fake *self, const char *id)
{
    for (size_t i = 0; i < self->events_count; i++)
        if (strcmp(self->events[i].id, id) == 0)
            return &self->events[i];
    assert(!"the fake knows this event");
    return NULL;
}

struct visitor *seat_fake_visitor_of(struct event *event, const char *id)
{
    for (size_t i = 0; i < event->visitors_count; i++)
        if (strcmp(event->visitors[i]->id, id) == 0)
            return event->visitors[i];
    event->visitors =
        seat_fake_grown(event->visitors, event->visitors_count, sizeof(*event->visitors));
    struct visitor *visitor = calloc(1, sizeof(*visitor));
    if (visitor == NULL)
        abort();
    seat_fake_copy(visitor->id, sizeof(visitor->id), id);
    event->visitors[event->visitors_count++] = visitor;
    return visitor;
}

/* --- delivering --- */

static void deliver(const struct completion *done)
{
    bool is_ok = done->status == SEATS_OK;
    if (done->on_hold != NULL)
        done->on_hold(done->ctx, done->status, is_ok ? &done->hold : NULL);
    if (done->on_sweep != NULL)
        done->on_sweep(done->ctx, done->status, done->swept_count);
    if (done->on_snapshot != NULL) {
        struct seat_snapshot snapshot = {
            .version = done->version, .states = done->states, .count = done->states_count};
        done->on_snapshot(done->ctx, done->status, is_ok ? &snapshot : NULL);
    }
    free(done->states);
    free(done->offer);
}

void seat_fake_deliver(struct seat_store *store)
{
    struct seat_fake *self = seat_fake_self(store);
    struct completion *list = self->completions;
    size_t count = self->completions_count;
    self->completions = NULL;
    self->completions_count = 0;
    for (size_t i = 0; i < count; i++)
        deliver(&list[i]);
    free(list);
}

/* --- arranging and looking --- */

void seat_fake_add_event(struct seat_store *store, const char *id, const struct seat_fake_event *is)
{
    struct seat_fake *self = seat_fake_self(store);
    self->events = seat_fake_grown(self->events, self->events_count, sizeof(*self->events));
    struct event *event = &self->events[self->events_count++];
    *event = (struct event){.seats_per_visitor_max = is->seats_per_visitor_max,
                            .pay_ms = is->pay_ms,
                            .seats_count = is->seats_count,
                            .states = seat_fake_grown(NULL, is->seats_count, 1),
                            .categories = seat_fake_grown(NULL, is->seats_count, 1),
                            .counts.version = is->version};
    seat_fake_copy(event->id, sizeof(event->id), id);
    memcpy(event->states, is->states, is->seats_count);
    memcpy(event->categories, is->categories, is->seats_count);
    for (size_t i = 0; i < is->seats_count; i++) {
        assert(is->categories[i] < PLAN_CATEGORIES_MAX);
        event->counts.free += is->states[i] == SEAT_FREE;
        event->counts.sold += is->states[i] == SEAT_SOLD;
        event->counts.free_of[is->categories[i]] += is->states[i] == SEAT_FREE;
    }
}

void seat_fake_set_now(struct seat_store *store, int64_t now_ms)
{
    seat_fake_self(store)->now_ms = now_ms;
}

void seat_fake_set_current(struct seat_store *store, bool is_current)
{
    seat_fake_self(store)->is_current = is_current;
}

void seat_fake_set_ledger(struct seat_store *store, int64_t beat_ms, size_t outbox_max)
{
    seat_fake_self(store)->beat_ms = beat_ms;
    seat_fake_self(store)->outbox_max = outbox_max;
}

int64_t seat_fake_deadline_clock(const struct seat_fake *self)
{
    int64_t sign_ms = self->beat_ms > self->thawed_ms ? self->beat_ms : self->thawed_ms;
    if (self->beat_ms == 0 || self->now_ms <= sign_ms + LEDGER_AWAY_MS)
        return self->now_ms;
    return sign_ms + LEDGER_AWAY_MS;
}

static void move_on(int64_t *deadline_ms, int64_t clock_ms, int64_t step_ms)
{
    if (*deadline_ms > clock_ms)
        *deadline_ms += step_ms;
}

void seat_fake_thaw(struct seat_store *store)
{
    struct seat_fake *self = seat_fake_self(store);
    int64_t clock_ms = seat_fake_deadline_clock(self), step_ms = self->now_ms - clock_ms;
    for (size_t i = 0; i < self->events_count && step_ms > 0; i++) {
        for (size_t j = 0; j < self->events[i].visitors_count; j++) {
            struct visitor *visitor = self->events[i].visitors[j];
            move_on(&visitor->admitted_until_ms, clock_ms, step_ms);
            if (!visitor->has_hold || visitor->hold.deadline_ms <= clock_ms)
                continue;
            visitor->hold.deadline_ms += step_ms;
            if (visitor->pay_deadline_ms != 0) {
                visitor->pay_deadline_ms += step_ms;
                visitor->select_deadline_ms += step_ms;
            }
        }
    }
    self->thawed_ms = self->now_ms;
}

bool seat_fake_beat(struct seat_store *store, int64_t thawed_ms)
{
    struct seat_fake *self = seat_fake_self(store);
    int64_t last_ms = self->beat_ms > thawed_ms ? self->beat_ms : thawed_ms;
    bool is_given = self->beat_ms == 0 || self->now_ms - last_ms <= LEDGER_AWAY_MS;
    if (is_given)
        self->beat_ms = self->now_ms;
    return is_given;
}

void seat_fake_set_bought(struct seat_store *store, const char *event, const char *visitor,
                          uint32_t seats)
{
    seat_fake_visitor_of(seat_fake_event_of(seat_fake_self(store), event), visitor)->bought_count =
        seats;
}

void seat_fake_limit_orders(struct seat_store *store, const char *event, uint32_t seats)
{
    seat_fake_event_of(seat_fake_self(store), event)->seats_per_order_max = seats;
}

void seat_fake_admit(struct seat_store *store, const char *event, const char *visitor,
                     int64_t deadline_ms, bool is_entered)
{
    struct visitor *admitted =
        seat_fake_visitor_of(seat_fake_event_of(seat_fake_self(store), event), visitor);
    admitted->admitted_until_ms = deadline_ms;
    admitted->is_entered = is_entered;
}

int64_t seat_fake_admission(struct seat_store *store, const char *event, const char *visitor)
{
    return seat_fake_visitor_of(seat_fake_event_of(seat_fake_self(store), event), visitor)
        ->admitted_until_ms;
}

void seat_fake_on_map(struct seat_store *store, seat_fake_map_fn *on_map, void *ctx)
{
    seat_fake_self(store)->on_map = on_map;
    seat_fake_self(store)->map_ctx = ctx;
}

size_t seat_fake_outbox_count(struct seat_store *store)
{
    return seat_fake_self(store)->entries_count;
}

size_t seat_fake_intents_count(struct seat_store *store)
{
    return seat_fake_self(store)->intents_count;
}

const struct seat_fake_entry *seat_fake_outbox(struct seat_store *store, size_t index)
{
    assert(index < seat_fake_self(store)->entries_count);
    return &seat_fake_self(store)->entries[index];
}

void seat_fake_counts(struct seat_store *store, const char *event, struct seat_fake_counts *counts)
{
    *counts = seat_fake_event_of(seat_fake_self(store), event)->counts;
}

/* --- the end --- */

void seat_fake_free(struct seat_store *s)
{
    struct seat_fake *self = seat_fake_self(s);
    for (size_t i = 0; i < self->events_count; i++) {
        struct event *event = &self->events[i];
        for (size_t j = 0; j < event->visitors_count; j++) {
            free(event->visitors[j]->offer);
            free(event->visitors[j]);
        }
        free(event->visitors);
        free(event->told);
        free(event->states);
        free(event->categories);
    }
    for (size_t i = 0; i < self->completions_count; i++) {
        free(self->completions[i].states);
        free(self->completions[i].offer);
    }
    free(self->events);
    free(self->entries);
    free(self->completions);
    free(self);
}
