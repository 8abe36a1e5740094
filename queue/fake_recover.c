/* A line in memory that is put together again: the rules of queue/lua/recover.lua and restore.lua,
 * and the end of a recovery as in tick.lua. */
#include <string.h>

#include "queue/fake_line.h"

/* --- the loss --- */

static void start_empty(struct fake_line *line)
{
    struct fake_line fresh = {.settings = line->settings,
                              .purchases = line->purchases,
                              .purchases_count = line->purchases_count};
    memcpy(fresh.id, line->id, sizeof(fresh.id));
    line->purchases = NULL;
    fake_line_release(line);
    *line = fresh;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t window_ms(const struct fake_line *line, bool is_kept, bool is_lost)
{
    const struct queue_fake_settings *s = &line->settings;
    if (s->phase == PHASE_DRAFT)
        return 0;
    if (is_lost)
        return s->recovery_ms;
    if (!is_kept)
        return 0;
    return s->recovery_ms < RESTART_WINDOW_MS ? s->recovery_ms : RESTART_WINDOW_MS;
}

void fake_line_recover(struct fake_line *line, enum queue_data data, const struct queue_mark *mark,
                       int64_t now_ms)
{
    bool is_kept = data == QUEUE_DATA_KEPT;
    line->is_before_known = false;
    if (!is_kept)
        start_empty(line);
    bool is_lost =
        data == QUEUE_DATA_LOST || line->seq < mark->seq || line->admission < mark->admissions;
    bool is_going_on = line->recovers_at_ms > 0;
    bool needs_registrar = !is_kept || (is_going_on && line->recover_wait_ms > 0);
    int64_t window = window_ms(line, is_kept, is_lost);
    if (window > 0)
        line->recovers_at_ms = larger(now_ms + window, line->recovers_at_ms);
    if (!is_going_on)
        line->kept_seq = line->seq;
    line->recover_wait_ms = needs_registrar ? now_ms + window / 2 : 0;
    line->recover_full_ms = now_ms + line->settings.recovery_ms;
    line->seq = larger(line->seq, mark->seq);
    line->admission = larger(line->admission, mark->admissions);
    line->head = larger(line->head, is_kept ? 0 : mark->head);
}

void fake_line_forget(struct fake_line *line, int64_t seq)
{
    for (size_t i = 0; i < line->people_count; i++)
        if (line->people[i].presence == WAITING && line->people[i].seq >= seq)
            line->people[i].presence = ABSENT;
    line->seq = seq - 1;
}

/* --- claims --- */

static bool is_in(const int64_t *seqs, size_t count, int64_t seq)
{
    for (size_t i = 0; i < count; i++)
        if (seqs[i] == seq)
            return true;
    return false;
}

static bool was_inside(const struct fake_line *line, const char *visitor)
{
    for (size_t i = 0; i < line->before.inside_count; i++)
        if (strcmp(line->before.inside[i].id, visitor) == 0)
            return true;
    return false;
}

static bool is_taken(const struct fake_line *line, int64_t seq)
{
    for (size_t i = 0; i < line->people_count; i++)
        if (line->people[i].presence == WAITING && line->people[i].seq == seq)
            return true;
    return false;
}

static enum place_reason reason_of(const struct fake_line *line, const struct place_claim *claim,
                                   bool is_old)
{
    if (fake_line_bought(line, claim->visitor.id) > 0)
        return GONE_SERVED;
    if (is_old && claim->seq > line->kept_seq && claim->seq <= line->recovered_seq)
        return GONE_TOO_LATE;
    if (is_in(line->gone.items, line->gone.count, claim->seq) ||
        is_in(line->ever_left.items, line->ever_left.count, claim->seq))
        return GONE_LEFT;
    if (claim->seq <= line->head)
        return GONE_MISSED;
    return is_old ? GONE_TOO_LATE : GONE_UNKNOWN;
}

/* True and the reason when the registrar's word says that the place was used up. */
static bool is_used_up(const struct fake_line *line, const struct place_claim *claim,
                       enum place_reason *reason)
{
    const struct queue_fake_before *before = &line->before;
    if (!line->is_before_known)
        return false;
    if (is_in(before->gone, before->gone_count, claim->seq)) {
        *reason = GONE_LEFT;
        return true;
    }
    *reason = fake_line_bought(line, claim->visitor.id) > 0 ? GONE_SERVED : GONE_MISSED;
    return claim->seq <= before->head && !was_inside(line, claim->visitor.id);
}

/* The array of people stays in the order of their sequences. */
static void put_back(struct fake_line *line, const struct place_claim *claim)
{
    size_t at = line->people_count;
    line->people = fake_grow(line->people, line->people_count + 1, sizeof(line->people[0]));
    while (at > 0 && line->people[at - 1].seq > claim->seq)
        at--;
    memmove(line->people + at + 1, line->people + at,
            (line->people_count - at) * sizeof(line->people[0]));
    line->people[at] =
        (struct person){.visitor = claim->visitor, .presence = WAITING, .seq = claim->seq};
    line->people_count++;
    line->seq = larger(line->seq, claim->seq);
    if (claim->seq <= line->head)
        line->head = claim->seq - 1;
    line->recovers_at_ms = larger(line->recovers_at_ms, line->recover_full_ms);
}

static void restore_absent(struct fake_line *line, const struct place_claim *claim, bool is_old,
                           struct place *place)
{
    place->state = PLACE_GONE;
    if (!is_old || claim->seq <= line->kept_seq || line->recovers_at_ms <= place->now_ms ||
        is_in(line->gone.items, line->gone.count, claim->seq)) {
        place->reason = reason_of(line, claim, is_old);
    } else if (!line->is_before_known && place->now_ms < line->recover_wait_ms) {
        place->state = PLACE_RECOVERING;
        place->deadline_ms = line->recovers_at_ms;
    } else if (is_used_up(line, claim, &place->reason)) {
        return;
    } else if (is_taken(line, claim->seq)) {
        place->reason = GONE_UNKNOWN;
    } else {
        put_back(line, claim);
        place->reason = GONE_UNKNOWN;
        fake_line_tell(line, fake_line_person(line, claim->visitor.id), place);
        place->is_new = true;
    }
}

void fake_line_restore(struct fake_line *line, const struct place_claim *claim, bool is_old,
                       struct place *place)
{
    const struct person *person = fake_line_person(line, claim->visitor.id);
    int64_t bought = fake_line_bought(line, claim->visitor.id);
    if (person && fake_line_is_over(line, person, place->now_ms)) {
        place->state = PLACE_GONE;
        place->reason = GONE_MISSED;
    } else if (person) {
        fake_line_tell(line, person, place);
    } else if (bought > 0 && bought >= line->settings.seats_per_visitor_max) {
        place->state = PLACE_SERVED;
    } else {
        restore_absent(line, claim, is_old, place);
    }
}

/* --- the end --- */

static int64_t first_waiting(const struct fake_line *line)
{
    for (size_t i = 0; i < line->people_count; i++)
        if (line->people[i].presence == WAITING)
            return line->people[i].seq;
    return line->seq + 1;
}

bool fake_line_recovered(struct fake_line *line, int64_t now_ms)
{
    if (line->recovers_at_ms == 0 || now_ms < line->recovers_at_ms)
        return true;
    if (line->is_before_known)
        line->seq = larger(line->seq, line->before.seq);
    int64_t from = larger(line->filled_seq, larger(line->head, first_waiting(line) - 1));
    int64_t to = from + RECOVER_FILL_MAX < line->seq ? from + RECOVER_FILL_MAX : line->seq;
    for (int64_t seq = from + 1; seq <= to; seq++)
        if (!is_taken(line, seq) && !is_in(line->gone.items, line->gone.count, seq))
            fake_seqs_add(&line->gone, seq);
    line->filled_seq = to;
    if (to < line->seq)
        return false;
    line->recovers_at_ms = line->filled_seq = 0;
    line->recovered_seq = line->seq;
    return true;
}
