/* See the header. */
#include "queue/fake_line.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "queue/admission.h"
#include "queue/phase.h"

void *fake_grow(void *items, size_t count, size_t item_bytes)
{
    void *grown = realloc(items, count * item_bytes);
    assert(grown);
    return grown;
}

void fake_seqs_add(struct seq_list *list, int64_t seq)
{
    list->items = fake_grow(list->items, list->count + 1, sizeof(list->items[0]));
    list->items[list->count++] = seq;
}

void fake_line_release(struct fake_line *line)
{
    free(line->people);
    free(line->purchases);
    free(line->gone.items);
    free(line->gone_new.items);
    free(line->ever_left.items);
}

struct person *fake_line_person(const struct fake_line *line, const char *visitor)
{
    for (size_t i = 0; i < line->people_count; i++) {
        struct person *person = &line->people[i];
        if (person->presence != ABSENT && strcmp(person->visitor.id, visitor) == 0)
            return person;
    }
    return NULL;
}

static int64_t count_of(const struct fake_line *line, enum presence presence)
{
    int64_t count = 0;
    for (size_t i = 0; i < line->people_count; i++)
        count += line->people[i].presence == presence;
    return count;
}

int64_t fake_line_bought(const struct fake_line *line, const char *visitor)
{
    for (size_t i = 0; i < line->purchases_count; i++)
        if (strcmp(line->purchases[i].visitor.id, visitor) == 0)
            return line->purchases[i].seats;
    return 0;
}

static struct phase_inputs inputs_of(const struct fake_line *line)
{
    const struct queue_fake_settings *s = &line->settings;
    return (struct phase_inputs){.operator_phase = s->phase,
                                 .prequeue_at_ms = s->prequeue_at_ms,
                                 .opens_at_ms = s->opens_at_ms,
                                 .closes_at_ms = s->closes_at_ms,
                                 .is_stock_known = s->free >= 0,
                                 .free_count = s->free,
                                 .holds_count = s->holds};
}

enum queue_phase fake_line_phase(const struct fake_line *line, int64_t now_ms)
{
    struct phase_inputs inputs = inputs_of(line);
    return queue_phase_effective(&inputs, now_ms);
}

static int64_t free_of(const struct fake_line *line)
{
    return line->settings.free < 0 ? 0 : line->settings.free;
}

/* --- join, enter, leave --- */

static int64_t clock_of(const struct fake_line *line, int64_t now_ms)
{
    int64_t beat_ms = line->settings.beat_ms;
    int64_t sign_ms = beat_ms > line->thawed_ms ? beat_ms : line->thawed_ms;
    if (beat_ms == 0 || now_ms <= sign_ms + LEDGER_AWAY_MS)
        return now_ms;
    return sign_ms + LEDGER_AWAY_MS;
}

void fake_line_thaw(struct fake_line *line, int64_t now_ms)
{
    int64_t clock_ms = clock_of(line, now_ms);
    for (size_t i = 0; i < line->people_count; i++)
        if (line->people[i].presence == ACTIVE && line->people[i].deadline_ms > clock_ms)
            line->people[i].deadline_ms += now_ms - clock_ms;
    line->thawed_ms = now_ms;
}

bool fake_line_is_over(const struct fake_line *line, const struct person *person, int64_t now_ms)
{
    return person->presence == ACTIVE && person->deadline_ms <= clock_of(line, now_ms);
}

void fake_line_tell(const struct fake_line *line, const struct person *person, struct place *place)
{
    place->seq = person->seq;
    place->state = PLACE_WAITING;
    if (person->presence != ACTIVE)
        return;
    place->state = person->is_entered ? PLACE_ENTERED : PLACE_ADMITTED;
    place->admission = person->admission;
    place->deadline_ms = person->deadline_ms + place->now_ms - clock_of(line, place->now_ms);
}

static void add_person(struct fake_line *line, const struct queue_visitor *visitor)
{
    line->people = fake_grow(line->people, line->people_count + 1, sizeof(line->people[0]));
    line->people[line->people_count++] =
        (struct person){.visitor = *visitor, .presence = WAITING, .seq = ++line->seq};
}

void fake_line_join(struct fake_line *line, const struct queue_visitor *visitor,
                    struct place *place)
{
    const struct queue_fake_settings *s = &line->settings;
    const struct person *person = fake_line_person(line, visitor->id);
    int64_t bought = fake_line_bought(line, visitor->id);
    if (person) {
        fake_line_tell(line, person, place);
    } else if (bought > 0 && bought >= s->seats_per_visitor_max) {
        place->state = PLACE_SERVED;
    } else if (!queue_phase_takes_joins(place->phase, s->standby)) {
        place->state = PLACE_NOT_OPEN;
    } else if (line->recovers_at_ms > 0) {
        place->state = PLACE_RECOVERING;
        place->deadline_ms = line->recovers_at_ms;
    } else if (count_of(line, WAITING) >= s->waiting_max ||
               (int64_t)line->gone.count >= s->waiting_max) {
        place->state = PLACE_FULL;
    } else {
        add_person(line, visitor);
        fake_line_tell(line, &line->people[line->people_count - 1], place);
        place->is_new = true;
    }
}

void fake_line_enter(const struct fake_line *line, const char *visitor, struct place *place)
{
    struct person *person = fake_line_person(line, visitor);
    place->state = PLACE_NONE;
    if (!person ||
        (person->presence == ACTIVE && person->deadline_ms <= clock_of(line, place->now_ms)))
        return;
    if (person->presence == ACTIVE && !person->is_entered) {
        if (place->phase == PHASE_DRAFT || place->phase == PHASE_CLOSED) {
            place->state = PLACE_NOT_OPEN;
            return;
        }
        person->is_entered = true;
        person->deadline_ms = clock_of(line, place->now_ms) + line->settings.select_ms;
    }
    fake_line_tell(line, person, place);
}

void fake_line_look(struct fake_line *line, const struct queue_visitor *visitor,
                    struct place *place)
{
    const struct person *person = fake_line_person(line, visitor->id);
    place->state = PLACE_NONE;
    if (person &&
        !(person->presence == ACTIVE && person->deadline_ms <= clock_of(line, place->now_ms)))
        fake_line_tell(line, person, place);
}

bool fake_line_present(const struct fake_line *line, const char *visitor, int64_t at_ms,
                       int64_t now_ms)
{
    struct person *person = fake_line_person(line, visitor);
    int64_t deadline_ms = at_ms - (now_ms - clock_of(line, now_ms)) + line->settings.claim_ms;
    bool is_unclaimed = person && person->presence == ACTIVE && !person->is_entered;
    if (!is_unclaimed || person->deadline_ms <= deadline_ms)
        return false;
    person->deadline_ms = deadline_ms;
    return true;
}

void fake_line_leave(struct fake_line *line, const struct queue_visitor *visitor,
                     struct place *place)
{
    struct person *person = fake_line_person(line, visitor->id);
    place->state = PLACE_NONE;
    if (!person)
        return;
    fake_line_tell(line, person, place);
    fake_seqs_add(&line->ever_left, person->seq);
    if (person->presence == WAITING && person->seq > line->head) {
        fake_seqs_add(&line->gone, person->seq);
        fake_seqs_add(&line->gone_new, person->seq);
    }
    person->presence = ABSENT;
}

/* --- the tick --- */

static void expire(struct fake_line *line, int64_t now_ms, struct tick_report *report)
{
    for (size_t i = 0; i < line->people_count && report->expired_count < TICK_EXPIRE_MAX; i++) {
        struct person *person = &line->people[i];
        if (person->presence != ACTIVE || person->deadline_ms > clock_of(line, now_ms))
            continue;
        size_t at = report->expired_count++;
        report->expired = fake_grow(report->expired, at + 1, sizeof(report->expired[0]));
        report->expired[at] =
            (struct tick_expired){.visitor = person->visitor, .is_no_show = !person->is_entered};
        person->presence = ABSENT;
    }
}

static void admit_person(struct fake_line *line, struct person *person, int64_t now_ms,
                         struct tick_report *report)
{
    person->presence = ACTIVE;
    person->admission = ++line->admission;
    const struct queue_fake_settings *s = &line->settings;
    int64_t claim_ms = s->claim_away_ms > s->claim_ms ? s->claim_away_ms : s->claim_ms;
    person->deadline_ms = clock_of(line, now_ms) + claim_ms;
    size_t at = report->admitted_count++;
    report->admitted = fake_grow(report->admitted, at + 1, sizeof(report->admitted[0]));
    report->admitted[at] = (struct tick_admitted){.visitor = person->visitor,
                                                  .seq = person->seq,
                                                  .admission = person->admission,
                                                  .deadline_ms = now_ms + claim_ms};
}

static struct pace_inputs pace_inputs_of(const struct fake_line *line)
{
    const struct queue_fake_settings *s = &line->settings;
    int64_t max_micro = admission_rate_micro(s->admit_per_tick);
    return (struct pace_inputs){.rate_micro = s->adaptive ? line->rate_micro : max_micro,
                                .min_micro =
                                    s->adaptive ? admission_rate_micro(s->adapt_min) : max_micro,
                                .max_micro = max_micro,
                                .target_ms = s->adapt_target_ms,
                                .holds = &line->paced};
}

static int64_t rate_of(const struct fake_line *line)
{
    struct pace_inputs inputs = pace_inputs_of(line);
    return pace_rate_in_force(inputs.rate_micro, inputs.min_micro, inputs.max_micro);
}

/* What ticks admit by. */
static int64_t slowed_rate_of(const struct fake_line *line)
{
    return admission_rate_behind(rate_of(line), line->settings.lag_ms);
}

static struct admission_inputs admission_inputs_of(const struct fake_line *line)
{
    return (struct admission_inputs){.rate_micro = slowed_rate_of(line),
                                     .carry_micro = line->carry_micro,
                                     .cap = line->settings.active_cap,
                                     .active = count_of(line, ACTIVE),
                                     .left_to_sell = free_of(line),
                                     .waiting = count_of(line, WAITING)};
}

static void admit(struct fake_line *line, int64_t count, int64_t now_ms, struct tick_report *report)
{
    for (size_t i = 0; i < line->people_count && count > 0; i++) {
        if (line->people[i].presence != WAITING)
            continue;
        admit_person(line, &line->people[i], now_ms, report);
        count--;
    }
}

/* No more in one call than the real one. */
static void admit_piece(struct fake_line *line, int64_t decided, int64_t now_ms,
                        struct tick_report *report)
{
    int64_t count = decided < TICK_PIECE_MAX ? decided : TICK_PIECE_MAX;
    line->unspent_count -= count;
    line->rest_count = report->rest = decided - count;
    admit(line, count, now_ms, report);
}

static void admit_by_tick(struct fake_line *line, int64_t now_ms, struct tick_report *report)
{
    struct admission_inputs inputs = admission_inputs_of(line);
    struct admission decision = admission_decide(&inputs);
    line->carry_micro = decision.carry_micro;
    line->unspent_count = decision.unspent_count + decision.admit_count;
    admit_piece(line, decision.admit_count, now_ms, report);
}

/* The head is the sequence up to which nobody waits any more, be it admitted or gone. */
static void move_head(struct fake_line *line)
{
    for (size_t i = 0; i < line->people_count; i++) {
        if (line->people[i].presence == WAITING) {
            line->head = line->people[i].seq - 1;
            return;
        }
    }
    line->head = line->seq;
}

static void drop_passed(struct seq_list *gone, int64_t head)
{
    size_t kept = 0;
    for (size_t i = 0; i < gone->count; i++)
        if (gone->items[i] > head)
            gone->items[kept++] = gone->items[i];
    gone->count = kept;
}

bool fake_line_take_turn(struct fake_line *line, int64_t now_ms)
{
    int64_t tick_ms = line->settings.tick_ms, since = now_ms - line->tick_at_ms;
    struct phase_inputs inputs = inputs_of(line);
    int64_t moment = queue_phase_moment_ms(&inputs, line->tick_at_ms, now_ms);
    if (tick_ms <= 0 || !fake_line_recovered(line, now_ms))
        return false;
    if (moment > 0 && now_ms - moment < tick_ms)
        line->tick_at_ms = moment;
    else if (since < 0 || since >= 2 * tick_ms || moment > 0)
        line->tick_at_ms = now_ms;
    else if (since >= tick_ms)
        line->tick_at_ms += tick_ms;
    else
        return false;
    line->tick_no++;
    return true;
}

static void fill_report(struct fake_line *line, int64_t now_ms, struct tick_report *report)
{
    if (line->recovers_at_ms == 0)
        move_head(line);
    report->gone = line->gone_new.items;
    report->gone_count = line->gone_new.count;
    line->gone_new = (struct seq_list){0};
    drop_passed(&line->gone, line->head);
    report->tick = line->tick_no;
    report->at_ms = now_ms;
    report->seq = line->seq;
    report->head = line->head;
    report->waiting = count_of(line, WAITING);
    report->inside = count_of(line, ACTIVE);
    report->free = free_of(line);
    report->holds = line->settings.holds;
    report->recovers_at_ms = line->recovers_at_ms;
    report->draw = line->draw;
    report->rate_micro = slowed_rate_of(line);
    report->lag_ms = line->settings.lag_ms;
}

void fake_line_tick(struct fake_line *line, int64_t now_ms, struct tick_report *report)
{
    expire(line, now_ms, report);
    report->phase = fake_line_phase(line, now_ms);
    line->unspent_count = line->rest_count = 0;
    if (queue_phase_admits(report->phase) && line->recovers_at_ms == 0)
        admit_by_tick(line, now_ms, report);
    fill_report(line, now_ms, report);
}

int64_t fake_line_refill_count(const struct fake_line *line, int64_t now_ms)
{
    struct admission_inputs inputs = admission_inputs_of(line);
    bool may = line->recovers_at_ms == 0 && queue_phase_admits(fake_line_phase(line, now_ms));
    return may ? admission_refill(&inputs, line->settings.refill_at_once ? line->unspent_count
                                                                         : line->rest_count)
               : 0;
}

void fake_line_refill(struct fake_line *line, int64_t now_ms, struct tick_report *report)
{
    int64_t count = fake_line_refill_count(line, now_ms);
    line->tick_no++;
    report->is_refill = true;
    report->phase = PHASE_OPEN;
    admit_piece(line, count, now_ms, report);
    fill_report(line, now_ms, report);
}

bool fake_line_pace(struct fake_line *line, const struct pace_histogram *holds, int64_t now_ms,
                    struct pace_decision *decision)
{
    struct pace_inputs inputs = pace_inputs_of(line);
    *decision =
        (struct pace_decision){.rate_before_micro = rate_of(line), .rate_micro = rate_of(line)};
    if (!line->settings.adaptive) {
        line->paced = (struct pace_histogram){0};
        line->pace_at_ms = 0;
        return false;
    }
    for (size_t i = 0; i < PACE_BUCKETS; i++)
        line->paced.counts[i] += holds->counts[i];
    if (line->pace_at_ms == 0)
        line->pace_at_ms = line->pace_since_ms = now_ms;
    if (now_ms - line->pace_at_ms < PACE_INTERVAL_MS)
        return false;
    *decision = pace_decide(&inputs);
    line->pace_at_ms = now_ms;
    if (decision->reason != PACE_NO_DATA || now_ms - line->pace_since_ms >= PACE_WINDOW_MS) {
        line->paced = (struct pace_histogram){0};
        line->pace_since_ms = now_ms;
    }
    if (decision->rate_micro != decision->rate_before_micro)
        line->rate_micro = decision->rate_micro;
    return true;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void fake_line_state(const struct fake_line *line, int64_t now_ms, struct line_state *state)
{
    *state = (struct line_state){.tick = line->tick_no,
                                 .at_ms = now_ms,
                                 .seq = line->seq,
                                 .head = line->head,
                                 .waiting = count_of(line, WAITING),
                                 .inside = count_of(line, ACTIVE),
                                 .free = free_of(line),
                                 .holds = line->settings.holds,
                                 .recovers_at_ms = line->recovers_at_ms,
                                 .draw = line->draw,
                                 .rate_micro = slowed_rate_of(line),
                                 .phase = fake_line_phase(line, now_ms),
                                 .gone_count = line->gone.count};
    if (line->gone.count == 0)
        return;
    state->gone = fake_grow(NULL, line->gone.count, sizeof(state->gone[0]));
    memcpy(state->gone, line->gone.items, line->gone.count * sizeof(state->gone[0]));
    qsort(state->gone, state->gone_count, sizeof(state->gone[0]), ascending);
}
