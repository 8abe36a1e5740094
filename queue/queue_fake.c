/* See the header. What is decided stands in fake_line.c; here are the deliveries and the port. */
#include "queue/queue_fake.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/fake_line.h"

enum kind { KIND_PLACES, KIND_PLACE, KIND_TICK, KIND_LINE, KIND_PRESENT, KIND_PACE, KIND_REPORT };

/* Something to deliver: a completion, or a report. Owns what it carries. */
struct delivery {
    struct delivery *next;
    enum kind kind;
    enum queue_status status;
    union {
        queue_join_fn *on_places;
        queue_place_fn *on_place;
        queue_tick_fn *on_tick;
        queue_line_fn *on_line;
        queue_present_fn *on_present;
        queue_pace_fn *on_pace;
    } fn;
    void *ctx;
    struct place *places;
    size_t places_count;
    enum tick_outcome outcome;
    bool was_due; /* of a pace: this call decided */
    struct pace_decision decision;
    struct line_state line;
    struct tick_report report;
    char event[EVENT_ID_BYTES_MAX + 1];
};

struct queue_fake {
    const int64_t *now_ms;
    int64_t epoch;
    struct fake_line events[QUEUE_FAKE_EVENTS_MAX];
    size_t events_count;
    struct delivery *first, **last;
    queue_fake_report_fn *on_report;
    void *on_report_ctx;
};

struct fake_store {
    struct queue_store port; /* first */
    struct queue_fake *fake;
    int64_t epoch;
};

/* --- deliveries --- */

static struct delivery *deliver_later(struct queue_fake *fake, enum kind kind, void *ctx)
{
    struct delivery *delivery = calloc(1, sizeof(*delivery));
    assert(delivery);
    delivery->kind = kind;
    delivery->ctx = ctx;
    *fake->last = delivery;
    fake->last = &delivery->next;
    return delivery;
}

static void delivery_free(struct delivery *delivery)
{
    free(delivery->places);
    free(delivery->line.gone);
    free(delivery->report.admitted);
    free(delivery->report.expired);
    free(delivery->report.gone);
    free(delivery);
}

static void deliver(const struct queue_fake *fake, const struct delivery *d)
{
    bool is_ok = d->status == QUEUE_OK;
    switch (d->kind) {
    case KIND_PLACES:
        d->fn.on_places(d->ctx, d->status, is_ok ? d->places : NULL, d->places_count);
        break;
    case KIND_PLACE:
        d->fn.on_place(d->ctx, d->status, is_ok ? d->places : NULL);
        break;
    case KIND_TICK:
        d->fn.on_tick(d->ctx, d->status, d->outcome);
        break;
    case KIND_LINE:
        d->fn.on_line(d->ctx, d->status, is_ok ? &d->line : NULL);
        break;
    case KIND_PRESENT:
        d->fn.on_present(d->ctx, d->status, d->places_count);
        break;
    case KIND_PACE:
        d->fn.on_pace(d->ctx, d->status, d->was_due, is_ok ? &d->decision : NULL);
        break;
    case KIND_REPORT:
        if (fake->on_report)
            fake->on_report(fake->on_report_ctx, d->event, &d->report);
        break;
    }
}

size_t queue_fake_run(struct queue_fake *fake)
{
    size_t count = 0;
    while (fake->first) {
        struct delivery *delivery = fake->first;
        fake->first = delivery->next;
        if (!fake->first)
            fake->last = &fake->first;
        deliver(fake, delivery);
        delivery_free(delivery);
        count++;
    }
    return count;
}

/* --- the storage --- */

static struct fake_line *find_event(struct queue_fake *fake, const char *id)
{
    for (size_t i = 0; i < fake->events_count; i++)
        if (strcmp(fake->events[i].id, id) == 0)
            return &fake->events[i];
    assert(fake->events_count < QUEUE_FAKE_EVENTS_MAX);
    struct fake_line *event = &fake->events[fake->events_count++];
    *event = (struct fake_line){.settings = {.phase = PHASE_DRAFT, .free = -1}};
    int bytes = snprintf(event->id, sizeof(event->id), "%s", id);
    assert(bytes > 0 && (size_t)bytes < sizeof(event->id));
    return event;
}

/* --- the port --- */

static int64_t now_of(const struct fake_store *store)
{
    return *store->fake->now_ms;
}

/* The epoch is looked at when the storage is reached; a store that knows none does not ask. */
static enum queue_status reach(const struct fake_store *store)
{
    return store->epoch == store->fake->epoch ? QUEUE_OK : QUEUE_EPOCH;
}

static struct delivery *begin_places(const struct fake_store *store, size_t count,
                                     queue_join_fn *on_places, void *ctx)
{
    struct delivery *delivery = deliver_later(store->fake, KIND_PLACES, ctx);
    delivery->fn.on_places = on_places;
    delivery->places_count = count;
    delivery->status = reach(store);
    delivery->places = fake_grow(NULL, count, sizeof(delivery->places[0]));
    return delivery;
}

/* What is decided about one visitor of a batch. */
typedef void decide_fn(struct fake_line *event, const struct queue_visitor *visitor,
                       struct place *place);

static enum queue_status about_many(const struct fake_store *store, const char *event_id,
                                    const struct queue_visitor *visitors, size_t count,
                                    decide_fn *decide, queue_join_fn *on_places, void *ctx)
{
    assert(count >= 1 && count <= JOIN_BATCH_MAX);
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = begin_places(store, count, on_places, ctx);
    struct fake_line *event = find_event(store->fake, event_id);
    for (size_t i = 0; delivery->status == QUEUE_OK && i < count; i++) {
        delivery->places[i] =
            (struct place){.phase = fake_line_phase(event, now_of(store)), .now_ms = now_of(store)};
        decide(event, &visitors[i], &delivery->places[i]);
    }
    return QUEUE_OK;
}

static enum queue_status fake_join(struct queue_store *s, const char *event_id,
                                   const struct queue_visitor *visitors, size_t count,
                                   queue_join_fn *on_join, void *ctx)
{
    return about_many((struct fake_store *)s, event_id, visitors, count, fake_line_join, on_join,
                      ctx);
}

static enum queue_status fake_look(struct queue_store *s, const char *event_id,
                                   const struct queue_visitor *visitors, size_t count,
                                   queue_join_fn *on_places, void *ctx)
{
    return about_many((struct fake_store *)s, event_id, visitors, count, fake_line_look, on_places,
                      ctx);
}

static enum queue_status fake_leave(struct queue_store *s, const char *event_id,
                                    const struct queue_visitor *visitors, size_t count,
                                    queue_join_fn *on_places, void *ctx)
{
    return about_many((struct fake_store *)s, event_id, visitors, count, fake_line_leave, on_places,
                      ctx);
}

static enum queue_status fake_restore(struct queue_store *s, const char *event_id,
                                      const struct place_claim *claims, size_t count,
                                      queue_join_fn *on_places, void *ctx)
{
    struct fake_store *store = (struct fake_store *)s;
    assert(count >= 1 && count <= JOIN_BATCH_MAX);
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = begin_places(store, count, on_places, ctx);
    struct fake_line *event = find_event(store->fake, event_id);
    for (size_t i = 0; delivery->status == QUEUE_OK && i < count; i++) {
        struct place *place = &delivery->places[i];
        *place =
            (struct place){.phase = fake_line_phase(event, now_of(store)), .now_ms = now_of(store)};
        fake_line_restore(event, &claims[i], claims[i].epoch != store->epoch, place);
    }
    return QUEUE_OK;
}

static enum queue_status fake_enter(struct queue_store *s, const char *event_id,
                                    const struct queue_visitor *visitor, queue_place_fn *on_place,
                                    void *ctx)
{
    const struct fake_store *store = (struct fake_store *)s;
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = deliver_later(store->fake, KIND_PLACE, ctx);
    delivery->fn.on_place = on_place;
    delivery->status = reach(store);
    if (delivery->status != QUEUE_OK)
        return QUEUE_OK;
    struct fake_line *event = find_event(store->fake, event_id);
    delivery->places = fake_grow(NULL, 1, sizeof(delivery->places[0]));
    delivery->places[0] =
        (struct place){.phase = fake_line_phase(event, now_of(store)), .now_ms = now_of(store)};
    fake_line_enter(event, visitor->id, delivery->places);
    return QUEUE_OK;
}

static enum queue_status tick_or_refill(struct fake_store *store, const char *event_id,
                                        bool is_refill, queue_tick_fn *on_tick, void *ctx)
{
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = deliver_later(store->fake, KIND_TICK, ctx);
    delivery->fn.on_tick = on_tick;
    delivery->status = reach(store);
    if (delivery->status != QUEUE_OK)
        return QUEUE_OK;
    struct fake_line *event = find_event(store->fake, event_id);
    int64_t now_ms = now_of(store);
    bool is_tick = fake_line_take_turn(event, now_ms);
    if (!is_tick && !(is_refill && fake_line_refill_count(event, now_ms) > 0))
        return QUEUE_OK;
    struct delivery *told = deliver_later(store->fake, KIND_REPORT, NULL);
    memcpy(told->event, event->id, sizeof(told->event));
    if (is_tick)
        fake_line_tick(event, now_ms, &told->report);
    else
        fake_line_refill(event, now_ms, &told->report);
    delivery->outcome = told->report.rest > 0 ? TICK_MORE : TICK_DONE;
    return QUEUE_OK;
}

static enum queue_status fake_tick(struct queue_store *s, const char *event_id,
                                   queue_tick_fn *on_tick, void *ctx)
{
    return tick_or_refill((struct fake_store *)s, event_id, false, on_tick, ctx);
}

static enum queue_status fake_refill(struct queue_store *s, const char *event_id,
                                     queue_tick_fn *on_tick, void *ctx)
{
    return tick_or_refill((struct fake_store *)s, event_id, true, on_tick, ctx);
}

static enum queue_status fake_present(struct queue_store *s, const char *event_id, int64_t at_ms,
                                      const struct queue_visitor *visitors, size_t count,
                                      queue_present_fn *on_present, void *ctx)
{
    struct fake_store *store = (struct fake_store *)s;
    assert(count >= 1 && count <= JOIN_BATCH_MAX);
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = deliver_later(store->fake, KIND_PRESENT, ctx);
    delivery->fn.on_present = on_present;
    delivery->status = reach(store);
    for (size_t i = 0; delivery->status == QUEUE_OK && i < count; i++)
        delivery->places_count += fake_line_present(find_event(store->fake, event_id),
                                                    visitors[i].id, at_ms, now_of(store));
    return QUEUE_OK;
}

static enum queue_status fake_pace(struct queue_store *s, const char *event_id,
                                   const struct pace_histogram *holds, queue_pace_fn *on_pace,
                                   void *ctx)
{
    struct fake_store *store = (struct fake_store *)s;
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = deliver_later(store->fake, KIND_PACE, ctx);
    delivery->fn.on_pace = on_pace;
    delivery->status = reach(store);
    if (delivery->status == QUEUE_OK)
        delivery->was_due = fake_line_pace(find_event(store->fake, event_id), holds, now_of(store),
                                           &delivery->decision);
    return QUEUE_OK;
}

static enum queue_status fake_line(struct queue_store *s, const char *event_id,
                                   queue_line_fn *on_line, void *ctx)
{
    struct fake_store *store = (struct fake_store *)s;
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = deliver_later(store->fake, KIND_LINE, ctx);
    delivery->fn.on_line = on_line;
    delivery->status = reach(store);
    if (delivery->status != QUEUE_OK)
        return QUEUE_OK;
    fake_line_state(find_event(store->fake, event_id), now_of(store), &delivery->line);
    return QUEUE_OK;
}

static void fake_free(struct queue_store *s)
{
    free(s);
}

struct queue_store *queue_fake_connect(struct queue_fake *fake)
{
    struct fake_store *store = calloc(1, sizeof(*store));
    assert(store);
    store->port = (struct queue_store){.join = fake_join,
                                       .look = fake_look,
                                       .restore = fake_restore,
                                       .enter = fake_enter,
                                       .leave = fake_leave,
                                       .tick = fake_tick,
                                       .refill = fake_refill,
                                       .present = fake_present,
                                       .pace = fake_pace,
                                       .line = fake_line,
                                       .free = fake_free};
    store->fake = fake;
    return &store->port;
}

void queue_fake_set_epoch(struct queue_store *store, int64_t epoch)
{
    ((struct fake_store *)store)->epoch = epoch;
}

/* --- what only a test does --- */

struct queue_fake *queue_fake_create(const int64_t *now_ms, int64_t epoch)
{
    struct queue_fake *fake = calloc(1, sizeof(*fake));
    assert(fake);
    fake->now_ms = now_ms;
    fake->epoch = epoch;
    fake->last = &fake->first;
    return fake;
}

void queue_fake_replace(struct queue_fake *fake, int64_t epoch)
{
    for (size_t i = 0; i < fake->events_count; i++)
        fake_line_release(&fake->events[i]);
    fake->events_count = 0;
    fake->epoch = epoch;
}

void queue_fake_renew(struct queue_fake *fake, int64_t epoch)
{
    fake->epoch = epoch;
}

void queue_fake_thaw(struct queue_fake *fake, const char *event)
{
    fake_line_thaw(find_event(fake, event), *fake->now_ms);
}

void queue_fake_recover(struct queue_fake *fake, const char *event, enum queue_data data,
                        const struct queue_mark *mark)
{
    fake_line_recover(find_event(fake, event), data, mark, *fake->now_ms);
}

void queue_fake_forget(struct queue_fake *fake, const char *event, int64_t seq)
{
    fake_line_forget(find_event(fake, event), seq);
}

void queue_fake_set_before(struct queue_fake *fake, const char *event,
                           const struct queue_fake_before *before)
{
    struct fake_line *line = find_event(fake, event);
    line->is_before_known = true;
    line->before = *before;
}

void queue_fake_free(struct queue_fake *fake)
{
    if (!fake)
        return;
    while (fake->first) {
        struct delivery *delivery = fake->first;
        fake->first = delivery->next;
        delivery_free(delivery);
    }
    queue_fake_replace(fake, 0);
    free(fake);
}

void queue_fake_configure(struct queue_fake *fake, const char *event,
                          const struct queue_fake_settings *settings)
{
    find_event(fake, event)->settings = *settings;
}

void queue_fake_set_bought(struct queue_fake *fake, const char *event_id, const char *visitor,
                           int64_t seats)
{
    struct fake_line *event = find_event(fake, event_id);
    for (size_t i = 0; i < event->purchases_count; i++) {
        if (strcmp(event->purchases[i].visitor.id, visitor) == 0) {
            event->purchases[i].seats = seats;
            return;
        }
    }
    event->purchases =
        fake_grow(event->purchases, event->purchases_count + 1, sizeof(event->purchases[0]));
    struct purchase *purchase = &event->purchases[event->purchases_count++];
    *purchase = (struct purchase){.seats = seats};
    int bytes = snprintf(purchase->visitor.id, sizeof(purchase->visitor.id), "%s", visitor);
    assert(bytes > 0 && (size_t)bytes < sizeof(purchase->visitor.id));
}

void queue_fake_on_report(struct queue_fake *fake, queue_fake_report_fn *on_report, void *ctx)
{
    fake->on_report = on_report;
    fake->on_report_ctx = ctx;
}
