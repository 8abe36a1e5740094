/* Checks over the line: order, one place, cap, holds. Those over seats and money are in
 * checker_sales.c. */
#include "loadtest/checker.h"

#include <stdlib.h>
#include <string.h>

#include "loadtest/checker_text.h"

/* One visitor's place, with whose it is. */
struct place {
    int64_t seq, admission, admitted_ms, waiting_ms;
    int64_t later; /* admission after a loss of Redis: its first, or the one given again */
    uint32_t visitor;
};

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_seq(const void *a, const void *b)
{
    return compare(((const struct place *)a)->seq, ((const struct place *)b)->seq);
}

static int by_admission(const void *a, const void *b)
{
    return compare(((const struct place *)a)->admission, ((const struct place *)b)->admission);
}

/* Numbers of admission that were given in the last moment before Redis forgot them may be given
 * again: those before and after a loss are compared apart. */
static void part_admissions(const struct history *h, const struct history_visitor *v,
                            struct place *p)
{
    bool is_later = h->lost_ms > 0 && v->admitted_ms > h->lost_ms;
    p->admission = is_later ? HISTORY_NONE : v->admission;
    p->later = v->again_admission != HISTORY_NONE ? v->again_admission
               : is_later                         ? v->admission
                                                  : HISTORY_NONE;
}

/* Those who were told a sequence, sorted by it. NULL when memory runs out. */
static struct place *sorted_places(const struct history *h, uint32_t *count)
{
    struct place *places = malloc(((size_t)h->visitors_count + 1) * sizeof *places);
    if (!places)
        return NULL;
    *count = 0;
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        if (v->seq == HISTORY_NONE)
            continue;
        struct place *p = &places[(*count)++];
        *p = (struct place){.seq = v->seq,
                            .admitted_ms = v->admitted_ms,
                            .waiting_ms = v->waiting_ms,
                            .visitor = i};
        part_admissions(h, v, p);
    }
    qsort(places, *count, sizeof *places, by_seq);
    return places;
}

/* Goes on with the admissions after the loss. */
static void take_later(struct place *places, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        places[i].admission = places[i].later;
}

static uint32_t check_ascending(const struct place *places, uint32_t count, struct finding *f)
{
    const struct place *last = NULL;
    uint32_t admitted = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct place *p = &places[i];
        if (p->admission == HISTORY_NONE)
            continue;
        admitted++;
        if (last && last->admission >= p->admission)
            finding_violation(f,
                              "sequence %lld has admission %lld, the later sequence %lld has %lld",
                              (long long)last->seq, (long long)last->admission, (long long)p->seq,
                              (long long)p->admission);
        last = p;
    }
    return admitted;
}

/* Walking from the last sequence to the first, `earliest` is the first
 * admission of anyone behind. */
static uint32_t check_overtaken(const struct place *places, uint32_t count, struct finding *f)
{
    int64_t earliest = INT64_MAX, earliest_seq = HISTORY_NONE;
    uint32_t waited = 0;
    for (uint32_t i = count; i-- > 0;) {
        const struct place *p = &places[i];
        waited += p->waiting_ms != HISTORY_NONE;
        if (p->waiting_ms != HISTORY_NONE && earliest < p->waiting_ms)
            finding_violation(f, "sequence %lld still waited %lld ms after %lld had been admitted",
                              (long long)p->seq, (long long)(p->waiting_ms - earliest),
                              (long long)earliest_seq);
        if (p->admitted_ms != HISTORY_NONE && p->admitted_ms < earliest) {
            earliest = p->admitted_ms;
            earliest_seq = p->seq;
        }
    }
    return waited;
}

void checker_order_of_admission(const struct history *h, struct finding *f)
{
    uint32_t count;
    finding_begin(f, "admitted in the order of joining");
    struct place *places = sorted_places(h, &count);
    if (!places) {
        finding_no_memory(f);
        return;
    }
    uint32_t admitted = check_ascending(places, count, f);
    take_later(places, count);
    admitted += check_ascending(places, count, f);
    uint32_t waited = check_overtaken(places, count, f);
    free(places);
    finding_end(f, "%u places, %u admitted, %u known to have waited", count, admitted, waited);
}

static void check_shared_admissions(const struct history *h, struct place *places, uint32_t count,
                                    struct finding *f)
{
    qsort(places, count, sizeof *places, by_admission);
    for (uint32_t i = 1; i < count; i++)
        if (places[i].admission != HISTORY_NONE && places[i - 1].admission == places[i].admission)
            finding_violation(f, "admission %lld belongs to %s and %s",
                              (long long)places[i].admission, h->visitors[places[i - 1].visitor].id,
                              h->visitors[places[i].visitor].id);
}

static void check_shared(const struct history *h, struct place *places, uint32_t count,
                         struct finding *f)
{
    for (uint32_t i = 1; i < count; i++)
        if (places[i - 1].seq == places[i].seq)
            finding_violation(f, "sequence %lld belongs to %s and %s", (long long)places[i].seq,
                              h->visitors[places[i - 1].visitor].id,
                              h->visitors[places[i].visitor].id);
    check_shared_admissions(h, places, count, f);
    take_later(places, count);
    check_shared_admissions(h, places, count, f);
}

void checker_one_place(const struct history *h, struct finding *f)
{
    uint32_t count;
    finding_begin(f, "one place per visitor");
    struct place *places = sorted_places(h, &count);
    if (!places) {
        finding_no_memory(f);
        return;
    }
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        if (v->other_seq != HISTORY_NONE)
            finding_violation(f, "%s had sequence %lld and %lld", v->id, (long long)v->seq,
                              (long long)v->other_seq);
        if (v->other_admission != HISTORY_NONE)
            finding_violation(f, "%s had admission %lld and %lld", v->id, (long long)v->admission,
                              (long long)v->other_admission);
    }
    check_shared(h, places, count, f);
    free(places);
    finding_end(f, "%u visitors with a place", count);
}

/* Somebody comes in (+1) or goes out (-1). */
struct passage {
    int64_t at_ms;
    int change;
};

static int by_time(const void *a, const void *b)
{
    const struct passage *p = a, *q = b;
    int order = compare(p->at_ms, q->at_ms);
    return order ? order : p->change - q->change; /* going out first: no false alarm */
}

/* Adds the passages of one visitor. A loss of Redis ends what was before it. */
static size_t add_passages(const struct history *h, const struct history_visitor *v,
                           struct passage *out)
{
    size_t count = 0;
    bool is_again = v->again_ms != HISTORY_NONE;
    int64_t until_ms = v->inside_until_ms;
    if (h->lost_ms > 0 && v->admitted_ms <= h->lost_ms && (is_again || until_ms > h->lost_ms))
        until_ms = h->lost_ms;
    if (v->admitted_ms != HISTORY_NONE && until_ms > v->admitted_ms) {
        out[count++] = (struct passage){v->admitted_ms, 1};
        out[count++] = (struct passage){until_ms, -1};
    }
    if (is_again && v->inside_until_ms > v->again_ms) {
        out[count++] = (struct passage){v->again_ms, 1};
        out[count++] = (struct passage){v->inside_until_ms, -1};
    }
    return count;
}

static int64_t most_inside(const struct history *h, struct passage *passages, struct finding *f,
                           int64_t cap)
{
    size_t count = 0;
    for (uint32_t i = 0; i < h->visitors_count; i++)
        count += add_passages(h, &h->visitors[i], passages + count);
    qsort(passages, count, sizeof *passages, by_time);
    int64_t inside = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        inside += passages[i].change;
        if (inside > most)
            most = inside;
        if (passages[i].change > 0 && inside > cap)
            finding_violation(f, "%lld inside at %lld", (long long)inside,
                              (long long)passages[i].at_ms);
    }
    return most;
}

void checker_cap(const struct history *h, const struct history_sample *samples,
                 size_t samples_count, int64_t cap, struct finding *f)
{
    finding_begin(f, "cap never exceeded");
    struct passage *passages = malloc(((size_t)h->visitors_count * 4 + 1) * sizeof *passages);
    if (!passages) {
        finding_no_memory(f);
        return;
    }
    int64_t most = most_inside(h, passages, f, cap < 0 ? INT64_MAX : cap), highest = 0;
    free(passages);
    for (size_t i = 0; i < samples_count; i++) {
        if (samples[i].inside > highest)
            highest = samples[i].inside;
        if (cap >= 0 && samples[i].inside > cap)
            finding_violation(f, "the server said %lld inside at %lld",
                              (long long)samples[i].inside, (long long)samples[i].at_ms);
    }
    if (cap < 0)
        f->state = FINDING_NOT_CHECKED;
    finding_end(f, "cap %lld, most at once %lld, highest of %zu samples %lld", (long long)cap,
                (long long)most, samples_count, (long long)highest);
}

void checker_holds(const struct history *h, struct finding *f)
{
    uint64_t paid = 0, released = 0, expired = 0, open = 0;
    finding_begin(f, "every hold ended once");
    for (uint32_t i = 0; i < h->holds_count; i++) {
        const struct history_hold *hold = &h->holds[i];
        const char *id = h->visitors[hold->visitor].id;
        int ends = (hold->paid > 0) + (hold->released > 0) + (hold->expired > 0);
        paid += hold->paid > 0, released += hold->released > 0, expired += hold->expired > 0;
        open += ends == 0;
        if (ends > 1)
            finding_violation(
                f, "the hold of %s on seat %u was paid %u, released %u, expired %u times", id,
                hold->seats[0], hold->paid, hold->released, hold->expired);
        if (hold->paid > 1)
            finding_violation(f, "the hold of %s on seat %u was paid twice", id, hold->seats[0]);
        /* Seats that were only held are free again when Redis has forgotten everything. */
        if (hold->was_lost && !(h->lost_ms > 0 && hold->taken_ms <= h->lost_ms))
            finding_violation(f, "the hold of %s on seat %u vanished before its deadline", id,
                              hold->seats[0]);
    }
    finding_end(f, "%u holds: %llu paid, %llu released, %llu expired, %llu left to expire",
                h->holds_count, (unsigned long long)paid, (unsigned long long)released,
                (unsigned long long)expired, (unsigned long long)open);
}

void checker_holds_apart(const struct history_clash *clashes, uint64_t clashes_count,
                         struct finding *f)
{
    finding_begin(f, "no seat held by two at once");
    for (uint64_t i = 0; i < clashes_count && i < HISTORY_CLASHES_MAX; i++)
        finding_violation(f, "seat %u by visitors %u and %u", clashes[i].seat, clashes[i].first,
                          clashes[i].second);
    if (clashes_count > f->violations)
        f->violations = clashes_count;
    finding_end(f, "checked at every hold");
}
