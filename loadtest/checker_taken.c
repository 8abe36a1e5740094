/* The provider's book against the ledger: P7's second half. Captures are sorted by order, and so
 * are the rows of the ledger and what the visitors were told. */
#include "loadtest/checker.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/checker_text.h"

/* Sorted by order. All arrays are owned here. */
struct taken {
    const struct provider_capture **before, **after;
    const struct history_order **told;
    const struct ledger_order **rows;
    uint32_t before_count, after_count, told_count, rows_count;
};

/* All that is sorted begins with the number of its order. */
static_assert(offsetof(struct provider_capture, order) == 0, "the order's number comes first");
static_assert(offsetof(struct history_order, id) == 0, "the order's number comes first");
static_assert(offsetof(struct ledger_order, id) == 0, "the order's number comes first");

static int by_order(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static int order_against(const void *order, const void *item)
{
    const char *const *of_item = item;
    return strcmp(order, *of_item);
}

static const void *find(const void *sorted, uint32_t count, const char *order)
{
    const void *const *found = bsearch(order, sorted, count, sizeof(void *), order_against);
    return found ? *found : NULL;
}

/* Pointers to `count` items, sorted; NULL when memory runs out. */
static void *sorted(const void *items, uint32_t count, size_t item_bytes)
{
    const char **pointers = malloc(((size_t)count + 1) * sizeof *pointers);
    for (uint32_t i = 0; pointers && i < count; i++)
        pointers[i] = (const char *)items + i * item_bytes;
    if (pointers)
        qsort(pointers, count, sizeof *pointers, by_order);
    return pointers;
}

static void taken_release(struct taken *t)
{
    free(t->before);
    free(t->after);
    free(t->told);
    free(t->rows);
}

static bool taken_init(struct taken *t, const struct history *h, const struct ledger *l,
                       const struct provider *before, const struct provider *after)
{
    *t = (struct taken){
        .before = sorted(before->captures, before->captures_count, sizeof *before->captures),
        .after = sorted(after->captures, after->captures_count, sizeof *after->captures),
        .told = sorted(h->orders, h->orders_count, sizeof *h->orders),
        .rows = sorted(l->orders, l->orders_count, sizeof *l->orders),
        .before_count = before->captures_count,
        .after_count = after->captures_count,
        .told_count = h->orders_count,
        .rows_count = l->orders_count};
    if (t->before && t->after && t->told && t->rows)
        return true;
    taken_release(t);
    return false;
}

/* One capture for an order that one of these visitors began. */
static void check_capture(const struct history *h, const struct taken *t, uint32_t at,
                          const struct history_order *told, struct finding *f)
{
    const struct provider_capture *capture = t->before[at];
    const struct ledger_order *row = find(t->rows, t->rows_count, capture->order);
    if (!row)
        finding_violation(f, "%lld were taken from %s for order %s, which is not in the ledger",
                          (long long)capture->amount_minor, h->visitors[told->visitor].id,
                          capture->order);
    else if (row->amount_minor != capture->amount_minor)
        finding_violation(f, "order %s is over %lld, taken were %lld", capture->order,
                          (long long)row->amount_minor, (long long)capture->amount_minor);
    if (at > 0 && strcmp(t->before[at - 1]->order, capture->order) == 0)
        finding_violation(f, "order %s was paid twice", capture->order);
}

void checker_money_taken(const struct history *h, const struct ledger *l,
                         const struct provider *before, const struct provider *after,
                         struct finding *f)
{
    struct taken t;
    uint32_t ours = 0, captured = 0, due = 0;
    finding_begin(f, "money taken exactly for the orders");
    if (!taken_init(&t, h, l, before, after)) {
        finding_no_memory(f);
        return;
    }
    for (uint32_t i = 0; i < t.before_count; i++) {
        const struct history_order *told = find(t.told, t.told_count, t.before[i]->order);
        ours += told != NULL;
        if (told)
            check_capture(h, &t, i, told, f);
    }
    for (uint32_t i = 0; i < t.rows_count; i++) {
        if (!find(t.told, t.told_count, t.rows[i]->id))
            continue;
        bool is_captured = strcmp(t.rows[i]->payment, "captured") == 0;
        captured += is_captured;
        due += strcmp(t.rows[i]->payment, "capture_due") == 0;
        if (is_captured && !find(t.after, t.after_count, t.rows[i]->id))
            finding_violation(f, "order %s counts as paid, and nothing was taken", t.rows[i]->id);
    }
    taken_release(&t);
    finding_end(f, "%u captures of the provider, %u in the ledger, %u more are due", ours, captured,
                due);
}
