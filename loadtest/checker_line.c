/* See the header. The draw's statistics are whole numbers and doubles only at the very end. */
#include "loadtest/checker_line.h"

#include <math.h>
#include <stdlib.h>

#include "loadtest/checker_text.h"

#define TURN_SLACK_MS 3000  /* ticks take turns back, and a busy server is not a broken one */
#define EARLY_MARGIN_MS 5   /* between our clock and the server's */
#define SHUFFLED_MIN 20     /* fewer places cannot be told from luck */
#define CORRELATION_MAX 5.0 /* standard deviations: once in 1.7 million fair draws */

void checker_places_kept(const struct history *h, struct finding *f)
{
    uint64_t returns = 0;
    uint32_t returned = 0;
    finding_begin(f, "no place lost");
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        returns += v->returns;
        returned += v->returns > 0;
        if (v->lost_place)
            finding_violation(f, "%s with sequence %lld came back and had no place", v->id,
                              (long long)v->seq);
        else if (v->other_seq != HISTORY_NONE)
            finding_violation(f, "%s had sequence %lld and then %lld", v->id, (long long)v->seq,
                              (long long)v->other_seq);
    }
    finding_end(f, "%u visitors came back %llu times to their place", returned,
                (unsigned long long)returns);
}

static void check_turn(const struct history_visitor *v, int64_t end_ms, struct finding *f)
{
    bool is_told = v->expiry == HISTORY_EXPIRY_NO_SHOW;
    if (is_told && v->entered_ms != HISTORY_NONE)
        finding_violation(f, "%s had claimed its turn and lost it as if it had not", v->id);
    else if (is_told && v->expired_ms + EARLY_MARGIN_MS < v->claim_until_ms)
        finding_violation(f, "%s lost its turn %lld ms before its time was over", v->id,
                          (long long)(v->claim_until_ms - v->expired_ms));
    else if (is_told && v->expired_ms > v->claim_until_ms + TURN_SLACK_MS)
        finding_violation(f, "%s kept its turn %lld ms too long", v->id,
                          (long long)(v->expired_ms - v->claim_until_ms));
    if (v->has_late_turn)
        finding_violation(f, "%s came back too late and still had its turn", v->id);
    bool is_silent = v->stays_away && v->admitted_ms != HISTORY_NONE &&
                     v->expiry == HISTORY_EXPIRY_NONE && end_ms > v->claim_until_ms + TURN_SLACK_MS;
    if (is_silent)
        finding_violation(f, "%s did not claim its turn and was never told that it is over", v->id);
}

void checker_no_shows(const struct history *h, int64_t end_ms, struct finding *f)
{
    uint32_t told = 0, gone = 0, entered = 0;
    finding_begin(f, "turns not claimed go on");
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        told += v->expiry == HISTORY_EXPIRY_NO_SHOW;
        gone += v->expiry == HISTORY_EXPIRY_GONE;
        entered += v->entered_ms != HISTORY_NONE;
        check_turn(v, end_ms, f);
    }
    finding_end(f, "%u claimed their turn, %u were told that it is over, %u found out later",
                entered, told, gone);
}

void checker_opening(const struct history *h, int64_t opens_at_ms, struct finding *f)
{
    int64_t first_ms = INT64_MAX;
    finding_begin(f, "nobody in before the opening");
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        if (v->admitted_ms == HISTORY_NONE)
            continue;
        if (v->admitted_ms < first_ms)
            first_ms = v->admitted_ms;
        if (v->admitted_ms < opens_at_ms)
            finding_violation(f, "%s was admitted %lld ms before the opening", v->id,
                              (long long)(opens_at_ms - v->admitted_ms));
    }
    if (first_ms == INT64_MAX)
        finding_end(f, "nobody was admitted at all");
    else
        finding_end(f, "the first was admitted %lld ms after it",
                    (long long)(first_ms - opens_at_ms));
}

static void check_window(const struct history *h, const struct history_visitor *v, int64_t at_ms,
                         struct finding *f)
{
    if (at_ms > h->lost_ms && at_ms <= h->recovering_ms)
        finding_violation(f, "%s was admitted %lld ms after the loss", v->id,
                          (long long)(at_ms - h->lost_ms));
}

void checker_recovery(const struct history *h, struct finding *f)
{
    uint32_t again = 0;
    finding_begin(f, "nobody in while the line recovered");
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        again += v->again_ms != HISTORY_NONE;
        check_window(h, v, v->admitted_ms, f);
        check_window(h, v, v->again_ms, f);
    }
    if (h->recovering_ms <= h->lost_ms)
        f->state = FINDING_NOT_CHECKED;
    finding_end(f, "it recovered for %lld ms at least; %u who had been inside were let in again",
                (long long)(h->recovering_ms - h->lost_ms), again);
}

/* One who took part in the draw. */
struct lot {
    int64_t early, drawn;
    uint32_t visitor;
};

/* The draw as far as these visitors saw it. `seqs` are the places that may have been given before
 * it, ascending; `last` is the last that certainly was. */
struct draw {
    struct lot *lots;
    int64_t *seqs, last;
    uint32_t count, seqs_count;
    uint32_t changed;
};

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int by_early(const void *a, const void *b)
{
    return ascending(&((const struct lot *)a)->early, &((const struct lot *)b)->early);
}

static int by_drawn(const void *a, const void *b)
{
    return ascending(&((const struct lot *)a)->drawn, &((const struct lot *)b)->drawn);
}

/* Who asked after the opening was certainly late; of those before, a busy gateway may have put some
 * in line after it, behind those whom another one had put there meanwhile. */
static bool is_late(const struct history_visitor *v, int64_t opens_at_ms)
{
    return v->asked_ms > opens_at_ms + EARLY_MARGIN_MS;
}

/* Who was told a place before the opening, or another one by the draw, was in time. */
static bool was_in_time(const struct history_visitor *v, int64_t opens_at_ms)
{
    return v->is_drawn || (v->told_ms != HISTORY_NONE && v->told_ms <= opens_at_ms);
}

/* Who left before the opening drew nothing; its place was not dealt. */
static bool has_stayed(const struct history_visitor *v, int64_t opens_at_ms)
{
    return v->is_drawn || v->admission != HISTORY_NONE || v->waiting_ms > opens_at_ms;
}

static bool collect(const struct history *h, int64_t opens_at_ms, struct draw *d)
{
    *d = (struct draw){.lots = malloc(((size_t)h->visitors_count + 1) * sizeof *d->lots),
                       .seqs = malloc(((size_t)h->visitors_count + 1) * sizeof *d->seqs),
                       .last = -1};
    if (!d->lots || !d->seqs)
        return false;
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        if (v->seq == HISTORY_NONE || is_late(v, opens_at_ms))
            continue;
        int64_t early = v->is_drawn ? v->early_seq : v->seq;
        d->changed += v->is_drawn;
        d->seqs[d->seqs_count++] = early;
        if (was_in_time(v, opens_at_ms) && early > d->last)
            d->last = early;
        if (has_stayed(v, opens_at_ms))
            d->lots[d->count++] = (struct lot){early, v->seq, i};
    }
    qsort(d->seqs, d->seqs_count, sizeof *d->seqs, ascending);
    return true;
}

static void check_dealt(const struct history *h, const struct draw *d, struct finding *f)
{
    for (uint32_t i = 0; i < d->count; i++)
        if (!bsearch(&d->lots[i].drawn, d->seqs, d->seqs_count, sizeof *d->seqs, ascending))
            finding_violation(f, "%s drew sequence %lld, which nobody had",
                              h->visitors[d->lots[i].visitor].id, (long long)d->lots[i].drawn);
}

static uint32_t check_late(const struct history *h, int64_t opens_at_ms, const struct draw *d,
                           struct finding *f)
{
    uint32_t late = 0;
    for (uint32_t i = 0; i < h->visitors_count; i++) {
        const struct history_visitor *v = &h->visitors[i];
        if (v->seq == HISTORY_NONE || !is_late(v, opens_at_ms))
            continue;
        late++;
        if (v->is_drawn || v->seq <= d->last)
            finding_violation(f, "%s came after the opening and got sequence %lld, before %lld",
                              v->id, (long long)v->seq, (long long)d->last);
    }
    return late;
}

/* Spearman's rank correlation of arrival and drawn place, in standard deviations. A fair draw of n
 * has mean 0 and deviation 1 / sqrt(n - 1). Sorts the lots. */
static double correlation(struct draw *d)
{
    double n = d->count, sum = 0;
    qsort(d->lots, d->count, sizeof *d->lots, by_early);
    for (uint32_t i = 0; i < d->count; i++)
        d->lots[i].early = i;
    qsort(d->lots, d->count, sizeof *d->lots, by_drawn);
    for (uint32_t i = 0; i < d->count; i++) {
        double apart = (double)d->lots[i].early - i;
        sum += apart * apart;
    }
    return (1 - 6 * sum / (n * (n * n - 1))) * sqrt(n - 1);
}

void checker_draw(const struct history *h, int64_t opens_at_ms, struct finding *f)
{
    struct draw d;
    double sigma = 0;
    finding_begin(f, "the draw is fair");
    if (!collect(h, opens_at_ms, &d)) {
        finding_no_memory(f);
    } else {
        check_dealt(h, &d, f);
        uint32_t late = check_late(h, opens_at_ms, &d, f);
        if (d.count >= SHUFFLED_MIN)
            sigma = correlation(&d);
        if (fabs(sigma) > CORRELATION_MAX)
            finding_violation(f, "%s",
                              sigma > 0 ? "who came early got a place in front"
                                        : "who came late got a place in front");
        finding_end(f,
                    "%u took part, %u got another place, %u came later; places and arrivals "
                    "correlate by %.1f deviations",
                    d.count, d.changed, late, sigma);
    }
    free(d.lots);
    free(d.seqs);
}
