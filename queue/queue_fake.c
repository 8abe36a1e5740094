/* See the header. People are kept in one array in the order of their sequences, so that the first
 * who waits is the next; whoever is done is marked ABSENT and keeps the slot. */
#include "queue/queue_fake.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/admission.h"
#include "queue/phase.h"

enum presence { ABSENT, WAITING, ACTIVE };

struct person {
    struct queue_visitor visitor;
    enum presence presence;
    bool is_entered;
    int64_t seq, admission, deadline_ms;
};

struct purchase {
    struct queue_visitor visitor;
    int64_t seats;
};

/* A growing array of sequences. */
struct seq_list {
    int64_t *items;
    size_t count;
};

struct fake_event {
    char id[EVENT_ID_BYTES_MAX + 1];
    struct queue_fake_settings settings;
    struct person *people;
    size_t people_count;
    struct purchase *purchases;
    size_t purchases_count;
    struct seq_list gone, gone_new;
    int64_t seq, head, admission, tick_no, tick_at_ms, carry_micro;
};

enum kind { KIND_JOIN, KIND_PLACE, KIND_TICK, KIND_LINE, KIND_REPORT };

/* Something to deliver: a completion, or a report. Owns what it carries. */
struct delivery {
    struct delivery *next;
    enum kind kind;
    enum queue_status status;
    union {
        queue_join_fn *on_join;
        queue_place_fn *on_place;
        queue_tick_fn *on_tick;
        queue_line_fn *on_line;
    } fn;
    void *ctx;
    struct place *places;
    size_t places_count;
    bool was_due;
    struct line_state line;
    struct tick_report report;
    char event[EVENT_ID_BYTES_MAX + 1];
};

struct queue_fake {
    const int64_t *now_ms;
    int64_t epoch;
    struct fake_event events[QUEUE_FAKE_EVENTS_MAX];
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

/* --- memory: a test without memory may end --- */

static void *grow(void *items, size_t count, size_t item_bytes)
{
    void *grown = realloc(items, count * item_bytes);
    assert(grown);
    return grown;
}

static void seq_list_add(struct seq_list *list, int64_t seq)
{
    list->items = grow(list->items, list->count + 1, sizeof(list->items[0]));
    list->items[list->count++] = seq;
}

static void event_release(struct fake_event *event)
{
    free(event->people);
    free(event->purchases);
    free(event->gone.items);
    free(event->gone_new.items);
}

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
    case KIND_JOIN:
        d->fn.on_join(d->ctx, d->status, is_ok ? d->places : NULL, d->places_count);
        break;
    case KIND_PLACE:
        d->fn.on_place(d->ctx, d->status, is_ok ? d->places : NULL);
        break;
    case KIND_TICK:
        d->fn.on_tick(d->ctx, d->status, d->was_due);
        break;
    case KIND_LINE:
        d->fn.on_line(d->ctx, d->status, is_ok ? &d->line : NULL);
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

static struct fake_event *find_event(struct queue_fake *fake, const char *id)
{
    for (size_t i = 0; i < fake->events_count; i++) {
        if (strcmp(fake->events[i].id, id) == 0)
            return &fake->events[i];
    }
    assert(fake->events_count < QUEUE_FAKE_EVENTS_MAX);
    struct fake_event *event = &fake->events[fake->events_count++];
    *event = (struct fake_event){.settings = {.phase = PHASE_DRAFT, .free = -1}};
    int bytes = snprintf(event->id, sizeof(event->id), "%s", id);
    assert(bytes > 0 && (size_t)bytes < sizeof(event->id));
    return event;
}

static struct person *find_person(const struct fake_event *event, const char *visitor)
{
    for (size_t i = 0; i < event->people_count; i++) {
        struct person *person = &event->people[i];
        if (person->presence != ABSENT && strcmp(person->visitor.id, visitor) == 0)
            return person;
    }
    return NULL;
}

static int64_t count_of(const struct fake_event *event, enum presence presence)
{
    int64_t count = 0;
    for (size_t i = 0; i < event->people_count; i++)
        count += event->people[i].presence == presence;
    return count;
}

static int64_t bought_by(const struct fake_event *event, const char *visitor)
{
    for (size_t i = 0; i < event->purchases_count; i++) {
        if (strcmp(event->purchases[i].visitor.id, visitor) == 0)
            return event->purchases[i].seats;
    }
    return 0;
}

static enum queue_phase phase_of(const struct fake_event *event, int64_t now_ms)
{
    const struct queue_fake_settings *s = &event->settings;
    struct phase_inputs inputs = {.operator_phase = s->phase,
                                  .prequeue_at_ms = s->prequeue_at_ms,
                                  .opens_at_ms = s->opens_at_ms,
                                  .is_stock_known = s->free >= 0,
                                  .free_count = s->free,
                                  .holds_count = s->holds};
    return queue_phase_effective(&inputs, now_ms);
}

static int64_t free_of(const struct fake_event *event)
{
    return event->settings.free < 0 ? 0 : event->settings.free;
}

/* --- join, enter, leave --- */

static void tell(const struct person *person, struct place *place)
{
    place->seq = person->seq;
    place->state = PLACE_WAITING;
    if (person->presence != ACTIVE)
        return;
    place->state = person->is_entered ? PLACE_ENTERED : PLACE_ADMITTED;
    place->admission = person->admission;
    place->deadline_ms = person->deadline_ms;
}

static void add_person(struct fake_event *event, const struct queue_visitor *visitor)
{
    event->people = grow(event->people, event->people_count + 1, sizeof(event->people[0]));
    event->people[event->people_count++] =
        (struct person){.visitor = *visitor, .presence = WAITING, .seq = ++event->seq};
}

static void join_one(struct fake_event *event, const struct queue_visitor *visitor,
                     struct place *place)
{
    const struct queue_fake_settings *s = &event->settings;
    const struct person *person = find_person(event, visitor->id);
    int64_t bought = bought_by(event, visitor->id);
    if (person) {
        tell(person, place);
    } else if (bought > 0 && bought >= s->seats_per_visitor_max) {
        place->state = PLACE_SERVED;
    } else if (!queue_phase_takes_joins(place->phase)) {
        place->state = PLACE_NOT_OPEN;
    } else if (count_of(event, WAITING) >= s->waiting_max ||
               (int64_t)event->gone.count >= s->waiting_max) {
        place->state = PLACE_FULL;
    } else {
        add_person(event, visitor);
        tell(&event->people[event->people_count - 1], place);
        place->is_new = true;
    }
}

static void enter_one(const struct fake_event *event, const char *visitor, struct place *place)
{
    struct person *person = find_person(event, visitor);
    place->state = PLACE_NONE;
    if (!person || (person->presence == ACTIVE && person->deadline_ms <= place->now_ms))
        return;
    if (person->presence == ACTIVE && !person->is_entered) {
        if (place->phase == PHASE_DRAFT || place->phase == PHASE_CLOSED) {
            place->state = PLACE_NOT_OPEN;
            return;
        }
        person->is_entered = true;
        person->deadline_ms = place->now_ms + event->settings.select_ms;
    }
    tell(person, place);
}

static void look_one(const struct fake_event *event, const char *visitor, struct place *place)
{
    const struct person *person = find_person(event, visitor);
    place->state = PLACE_NONE;
    if (person && !(person->presence == ACTIVE && person->deadline_ms <= place->now_ms))
        tell(person, place);
}

static void leave_one(struct fake_event *event, const char *visitor, struct place *place)
{
    struct person *person = find_person(event, visitor);
    place->state = PLACE_NONE;
    if (!person)
        return;
    tell(person, place);
    if (person->presence == WAITING && person->seq > event->head) {
        seq_list_add(&event->gone, person->seq);
        seq_list_add(&event->gone_new, person->seq);
    }
    person->presence = ABSENT;
}

/* --- the tick --- */

static void expire(struct fake_event *event, int64_t now_ms, struct tick_report *report)
{
    for (size_t i = 0; i < event->people_count && report->expired_count < TICK_EXPIRE_MAX; i++) {
        struct person *person = &event->people[i];
        if (person->presence != ACTIVE || person->deadline_ms > now_ms)
            continue;
        size_t at = report->expired_count++;
        report->expired = grow(report->expired, at + 1, sizeof(report->expired[0]));
        report->expired[at] =
            (struct tick_expired){.visitor = person->visitor, .is_no_show = !person->is_entered};
        person->presence = ABSENT;
    }
}

static void admit_person(struct fake_event *event, struct person *person, int64_t now_ms,
                         struct tick_report *report)
{
    person->presence = ACTIVE;
    person->admission = ++event->admission;
    person->deadline_ms = now_ms + event->settings.claim_ms;
    size_t at = report->admitted_count++;
    report->admitted = grow(report->admitted, at + 1, sizeof(report->admitted[0]));
    report->admitted[at] = (struct tick_admitted){.visitor = person->visitor,
                                                  .seq = person->seq,
                                                  .admission = person->admission,
                                                  .deadline_ms = person->deadline_ms};
}

static void admit(struct fake_event *event, int64_t now_ms, struct tick_report *report)
{
    const struct queue_fake_settings *s = &event->settings;
    struct admission_inputs inputs = {.rate_micro = admission_rate_micro(s->admit_per_tick),
                                      .carry_micro = event->carry_micro,
                                      .cap = s->active_cap,
                                      .active = count_of(event, ACTIVE),
                                      .left_to_sell = free_of(event),
                                      .waiting = count_of(event, WAITING)};
    struct admission decision = admission_decide(&inputs);
    event->carry_micro = decision.carry_micro;
    for (size_t i = 0; i < event->people_count && decision.admit_count > 0; i++) {
        if (event->people[i].presence != WAITING)
            continue;
        admit_person(event, &event->people[i], now_ms, report);
        decision.admit_count--;
    }
}

/* The head is the sequence up to which nobody waits any more, be it admitted or gone. */
static void move_head(struct fake_event *event)
{
    for (size_t i = 0; i < event->people_count; i++) {
        if (event->people[i].presence == WAITING) {
            event->head = event->people[i].seq - 1;
            return;
        }
    }
    event->head = event->seq;
}

static void drop_passed(struct seq_list *gone, int64_t head)
{
    size_t kept = 0;
    for (size_t i = 0; i < gone->count; i++) {
        if (gone->items[i] > head)
            gone->items[kept++] = gone->items[i];
    }
    gone->count = kept;
}

static bool take_turn(struct fake_event *event, int64_t now_ms)
{
    int64_t tick_ms = event->settings.tick_ms, since = now_ms - event->tick_at_ms;
    if (tick_ms <= 0 || (since >= 0 && since < tick_ms))
        return false;
    bool is_new_grid = since < 0 || since >= 2 * tick_ms;
    event->tick_at_ms = is_new_grid ? now_ms : event->tick_at_ms + tick_ms;
    event->tick_no++;
    return true;
}

static void run_tick(struct fake_event *event, int64_t now_ms, struct tick_report *report)
{
    expire(event, now_ms, report);
    report->phase = phase_of(event, now_ms);
    if (queue_phase_admits(report->phase))
        admit(event, now_ms, report);
    move_head(event);
    report->gone = event->gone_new.items;
    report->gone_count = event->gone_new.count;
    event->gone_new = (struct seq_list){0};
    drop_passed(&event->gone, event->head);
    report->tick = event->tick_no;
    report->at_ms = now_ms;
    report->seq = event->seq;
    report->head = event->head;
    report->waiting = count_of(event, WAITING);
    report->inside = count_of(event, ACTIVE);
    report->free = free_of(event);
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

static enum queue_status fake_join(struct queue_store *s, const char *event_id,
                                   const struct queue_visitor *visitors, size_t count,
                                   queue_join_fn *on_join, void *ctx)
{
    struct fake_store *store = (struct fake_store *)s;
    assert(count >= 1 && count <= JOIN_BATCH_MAX);
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = deliver_later(store->fake, KIND_JOIN, ctx);
    delivery->fn.on_join = on_join;
    delivery->places_count = count;
    delivery->status = reach(store);
    if (delivery->status != QUEUE_OK)
        return QUEUE_OK;
    struct fake_event *event = find_event(store->fake, event_id);
    delivery->places = grow(NULL, count, sizeof(delivery->places[0]));
    for (size_t i = 0; i < count; i++) {
        delivery->places[i] =
            (struct place){.phase = phase_of(event, now_of(store)), .now_ms = now_of(store)};
        join_one(event, &visitors[i], &delivery->places[i]);
    }
    return QUEUE_OK;
}

/* Prepares a delivery about one visitor; NULL when nothing is to be decided (*status tells what to
 * return). */
static struct place *begin_place(const struct fake_store *store, queue_place_fn *on_place,
                                 void *ctx, struct fake_event **event, const char *event_id,
                                 enum queue_status *status)
{
    *status = store->epoch == 0 ? QUEUE_EPOCH : QUEUE_OK;
    if (*status != QUEUE_OK)
        return NULL;
    struct delivery *delivery = deliver_later(store->fake, KIND_PLACE, ctx);
    delivery->fn.on_place = on_place;
    delivery->status = reach(store);
    if (delivery->status != QUEUE_OK)
        return NULL;
    *event = find_event(store->fake, event_id);
    delivery->places = grow(NULL, 1, sizeof(delivery->places[0]));
    delivery->places[0] =
        (struct place){.phase = phase_of(*event, now_of(store)), .now_ms = now_of(store)};
    return delivery->places;
}

static enum queue_status fake_enter(struct queue_store *s, const char *event_id,
                                    const struct queue_visitor *visitor, queue_place_fn *on_place,
                                    void *ctx)
{
    struct fake_event *event;
    enum queue_status status;
    struct place *place =
        begin_place((struct fake_store *)s, on_place, ctx, &event, event_id, &status);
    if (place)
        enter_one(event, visitor->id, place);
    return status;
}

static enum queue_status fake_look(struct queue_store *s, const char *event_id,
                                   const struct queue_visitor *visitor, queue_place_fn *on_place,
                                   void *ctx)
{
    struct fake_event *event;
    enum queue_status status;
    struct place *place =
        begin_place((struct fake_store *)s, on_place, ctx, &event, event_id, &status);
    if (place)
        look_one(event, visitor->id, place);
    return status;
}

static enum queue_status fake_leave(struct queue_store *s, const char *event_id,
                                    const struct queue_visitor *visitor, queue_place_fn *on_place,
                                    void *ctx)
{
    struct fake_event *event;
    enum queue_status status;
    struct place *place =
        begin_place((struct fake_store *)s, on_place, ctx, &event, event_id, &status);
    if (place)
        leave_one(event, visitor->id, place);
    return status;
}

static enum queue_status fake_tick(struct queue_store *s, const char *event_id,
                                   queue_tick_fn *on_tick, void *ctx)
{
    struct fake_store *store = (struct fake_store *)s;
    if (store->epoch == 0)
        return QUEUE_EPOCH;
    struct delivery *delivery = deliver_later(store->fake, KIND_TICK, ctx);
    delivery->fn.on_tick = on_tick;
    delivery->status = reach(store);
    if (delivery->status != QUEUE_OK)
        return QUEUE_OK;
    struct fake_event *event = find_event(store->fake, event_id);
    delivery->was_due = take_turn(event, now_of(store));
    if (!delivery->was_due)
        return QUEUE_OK;
    struct delivery *told = deliver_later(store->fake, KIND_REPORT, NULL);
    memcpy(told->event, event->id, sizeof(told->event));
    run_tick(event, now_of(store), &told->report);
    return QUEUE_OK;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
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
    const struct fake_event *event = find_event(store->fake, event_id);
    struct line_state *line = &delivery->line;
    *line = (struct line_state){.tick = event->tick_no,
                                .at_ms = now_of(store),
                                .seq = event->seq,
                                .head = event->head,
                                .waiting = count_of(event, WAITING),
                                .inside = count_of(event, ACTIVE),
                                .free = free_of(event),
                                .phase = phase_of(event, now_of(store)),
                                .gone_count = event->gone.count};
    if (event->gone.count == 0)
        return QUEUE_OK;
    line->gone = grow(NULL, event->gone.count, sizeof(line->gone[0]));
    memcpy(line->gone, event->gone.items, event->gone.count * sizeof(line->gone[0]));
    qsort(line->gone, line->gone_count, sizeof(line->gone[0]), ascending);
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
                                       .enter = fake_enter,
                                       .leave = fake_leave,
                                       .tick = fake_tick,
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
        event_release(&fake->events[i]);
    fake->events_count = 0;
    fake->epoch = epoch;
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
    struct fake_event *event = find_event(fake, event_id);
    event->purchases =
        grow(event->purchases, event->purchases_count + 1, sizeof(event->purchases[0]));
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
