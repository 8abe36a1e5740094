/* Checks over seats, orders and money: what was told against what the ledger holds. */
#include "loadtest/checker.h"

#include <stdlib.h>
#include <string.h>

#include "loadtest/checker_text.h"

/* A seat and the order it is in. */
struct sold_seat {
    uint32_t seat;
    const char *order;
};

static int by_seat(const void *a, const void *b)
{
    uint32_t x = ((const struct sold_seat *)a)->seat, y = ((const struct sold_seat *)b)->seat;
    return (x > y) - (x < y);
}

static void find_twice(struct sold_seat *seats, size_t count, struct finding *f)
{
    qsort(seats, count, sizeof *seats, by_seat);
    for (size_t i = 1; i < count; i++)
        if (seats[i - 1].seat == seats[i].seat)
            finding_violation(f, "seat %u is in order %s and in %s", seats[i].seat,
                              seats[i - 1].order, seats[i].order);
}

static uint8_t kept_seats(const struct history_order *o)
{
    return o->seats_count < STAMPEDE_SEATS_MAX ? o->seats_count : STAMPEDE_SEATS_MAX;
}

void checker_seats_told_once(const struct history *h, struct finding *f)
{
    finding_begin(f, "no seat confirmed twice");
    struct sold_seat *seats =
        malloc(((size_t)h->orders_count * STAMPEDE_SEATS_MAX + 1) * sizeof *seats);
    if (!seats) {
        finding_no_memory(f);
        return;
    }
    size_t count = 0, orders = 0;
    for (uint32_t i = 0; i < h->orders_count; i++) {
        const struct history_order *o = &h->orders[i];
        if (o->state != HISTORY_ORDER_CONFIRMED)
            continue;
        orders++;
        for (uint8_t k = 0; k < kept_seats(o); k++)
            seats[count++] = (struct sold_seat){o->seats[k], o->id};
    }
    find_twice(seats, count, f);
    free(seats);
    finding_end(f, "%zu seats in %zu confirmed orders", count, orders);
}

void checker_seats_sold_once(const struct ledger *l, struct finding *f)
{
    finding_begin(f, "no seat twice in the ledger");
    struct sold_seat *seats = malloc(((size_t)l->seats_count + 1) * sizeof *seats);
    if (!seats) {
        finding_no_memory(f);
        return;
    }
    for (uint32_t i = 0; i < l->seats_count; i++)
        seats[i] = (struct sold_seat){l->seats[i].seat, l->seats[i].order};
    find_twice(seats, l->seats_count, f);
    free(seats);
    finding_end(f, "%u sold seats in %u orders of the event", l->seats_count, l->orders_count);
}

/* Sorted views of both sides. All arrays are owned here. */
struct books {
    const struct history_order **told;
    const struct ledger_order **rows;
    const struct ledger_seat **seats;
    const struct history_visitor **visitors;
    uint32_t told_count, rows_count, seats_count, visitors_count;
};

static int by_told_id(const void *a, const void *b)
{
    return strcmp((*(const struct history_order *const *)a)->id,
                  (*(const struct history_order *const *)b)->id);
}

static int by_row_id(const void *a, const void *b)
{
    return strcmp((*(const struct ledger_order *const *)a)->id,
                  (*(const struct ledger_order *const *)b)->id);
}

static int by_seat_order(const void *a, const void *b)
{
    const struct ledger_seat *x = *(const struct ledger_seat *const *)a;
    const struct ledger_seat *y = *(const struct ledger_seat *const *)b;
    int order = strcmp(x->order, y->order);
    return order ? order : (x->seat > y->seat) - (x->seat < y->seat);
}

static int by_visitor_id(const void *a, const void *b)
{
    return strcmp((*(const struct history_visitor *const *)a)->id,
                  (*(const struct history_visitor *const *)b)->id);
}

static void books_release(struct books *b)
{
    free(b->told);
    free(b->rows);
    free(b->seats);
    free(b->visitors);
}

static void books_sort(struct books *b)
{
    qsort(b->told, b->told_count, sizeof(void *), by_told_id);
    qsort(b->rows, b->rows_count, sizeof(void *), by_row_id);
    qsort(b->seats, b->seats_count, sizeof(void *), by_seat_order);
    qsort(b->visitors, b->visitors_count, sizeof(void *), by_visitor_id);
}

static bool books_init(struct books *b, const struct history *h, const struct ledger *l)
{
    *b = (struct books){.told_count = h->orders_count,
                        .rows_count = l->orders_count,
                        .seats_count = l->seats_count,
                        .visitors_count = h->visitors_count};
    b->told = malloc(((size_t)b->told_count + 1) * sizeof(void *));
    b->rows = malloc(((size_t)b->rows_count + 1) * sizeof(void *));
    b->seats = malloc(((size_t)b->seats_count + 1) * sizeof(void *));
    b->visitors = malloc(((size_t)b->visitors_count + 1) * sizeof(void *));
    if (!b->told || !b->rows || !b->seats || !b->visitors) {
        books_release(b);
        return false;
    }
    for (uint32_t i = 0; i < b->told_count; i++)
        b->told[i] = &h->orders[i];
    for (uint32_t i = 0; i < b->rows_count; i++)
        b->rows[i] = &l->orders[i];
    for (uint32_t i = 0; i < b->seats_count; i++)
        b->seats[i] = &l->seats[i];
    for (uint32_t i = 0; i < b->visitors_count; i++)
        b->visitors[i] = &h->visitors[i];
    books_sort(b);
    return true;
}

static int id_against_row(const void *id, const void *row)
{
    return strcmp(id, (*(const struct ledger_order *const *)row)->id);
}

static int id_against_told(const void *id, const void *told)
{
    return strcmp(id, (*(const struct history_order *const *)told)->id);
}

static int id_against_visitor(const void *id, const void *visitor)
{
    return strcmp(id, (*(const struct history_visitor *const *)visitor)->id);
}

static const struct ledger_order *find_row(const struct books *b, const char *id)
{
    const struct ledger_order *const *row =
        bsearch(id, b->rows, b->rows_count, sizeof(void *), id_against_row);
    return row ? *row : NULL;
}

static const struct history_order *find_told(const struct books *b, const char *id)
{
    const struct history_order *const *told =
        bsearch(id, b->told, b->told_count, sizeof(void *), id_against_told);
    return told ? *told : NULL;
}

static bool is_ours(const struct books *b, const char *visitor)
{
    return visitor[0] &&
           bsearch(visitor, b->visitors, b->visitors_count, sizeof(void *), id_against_visitor);
}

/* First of the seats of an order; *count of them follow each other, ascending. */
static const struct ledger_seat *const *seats_of(const struct books *b, const char *order,
                                                 uint32_t *count)
{
    uint32_t first = 0, last = b->seats_count;
    while (first < last) {
        uint32_t middle = first + (last - first) / 2;
        if (strcmp(b->seats[middle]->order, order) < 0)
            first = middle + 1;
        else
            last = middle;
    }
    for (last = first; last < b->seats_count && strcmp(b->seats[last]->order, order) == 0;)
        last++;
    *count = last - first;
    return b->seats + first;
}

static bool has_same_seats(const struct books *b, const struct history_order *o)
{
    uint32_t count;
    const struct ledger_seat *const *seats = seats_of(b, o->id, &count);
    if (count != o->seats_count)
        return false;
    for (uint8_t i = 0; i < kept_seats(o); i++) {
        bool is_there = false;
        for (uint32_t k = 0; k < count && !is_there; k++)
            is_there = seats[k]->seat == o->seats[i];
        if (!is_there)
            return false;
    }
    return true;
}

static void check_confirmed(const struct history *h, const struct books *b,
                            const struct history_order *o, struct finding *f)
{
    const struct ledger_order *row = find_row(b, o->id);
    const char *visitor = h->visitors[o->visitor].id;
    if (!row)
        finding_violation(f, "order %s was confirmed to %s and is not in the ledger", o->id,
                          visitor);
    else if (strcmp(row->visitor, visitor) != 0)
        finding_violation(f, "order %s was confirmed to %s, the ledger says %s", o->id, visitor,
                          row->visitor);
    else if (row->amount_minor != o->amount_minor)
        finding_violation(f, "order %s: told %lld, the ledger says %lld", o->id,
                          (long long)o->amount_minor, (long long)row->amount_minor);
    else if (!has_same_seats(b, o))
        finding_violation(f, "order %s: the ledger has other seats than were told", o->id);
    if (o->was_changed)
        finding_violation(
            f, "order %s was confirmed with other seats or amount than were to be paid", o->id);
}

/* A row of ours must be of an order that we asked to pay and that was not told as unsold. */
static void check_row(const struct books *b, const struct ledger_order *row, struct finding *f,
                      uint32_t *doubt)
{
    const struct history_order *told = find_told(b, row->id);
    if (!told)
        finding_violation(f, "order %s of %s is in the ledger and was never started", row->id,
                          row->visitor);
    else if (told->state == HISTORY_ORDER_PAY_SENT)
        ++*doubt;
    else if (told->state == HISTORY_ORDER_OPEN)
        finding_violation(f, "order %s is in the ledger, but nobody asked to pay it", row->id);
    else if (told->state != HISTORY_ORDER_CONFIRMED)
        finding_violation(f, "order %s is in the ledger, but %s was told that no money was taken",
                          row->id, row->visitor);
}

void checker_confirmed_have_rows(const struct history *h, const struct ledger *l, struct finding *f)
{
    struct books b;
    uint32_t confirmed = 0, ours = 0, doubt = 0;
    finding_begin(f, "confirmed means in the ledger");
    if (!books_init(&b, h, l)) {
        finding_no_memory(f);
        return;
    }
    for (uint32_t i = 0; i < h->orders_count; i++) {
        if (h->orders[i].state != HISTORY_ORDER_CONFIRMED)
            continue;
        confirmed++;
        check_confirmed(h, &b, &h->orders[i], f);
    }
    for (uint32_t i = 0; i < b.rows_count; i++) {
        if (!is_ours(&b, b.rows[i]->visitor))
            continue;
        ours++;
        if (i > 0 && strcmp(b.rows[i - 1]->id, b.rows[i]->id) == 0)
            finding_violation(f, "order %s is in the ledger twice", b.rows[i]->id);
        check_row(&b, b.rows[i], f, &doubt);
    }
    for (uint32_t i = 0; i < h->visitors_count; i++)
        if (h->visitors[i].lost_ticket)
            finding_violation(f, "the tickets of %s did not list a confirmed order",
                              h->visitors[i].id);
    books_release(&b);
    finding_end(f, "%u confirmed, %u rows of this run, %u of them paid without an answer yet",
                confirmed, ours, doubt);
}

/* Void or failed: money that was not, or no longer, taken. */
static bool is_money_given_up(const struct ledger_order *row)
{
    return strcmp(row->payment, "void_due") == 0 || strcmp(row->payment, "voided") == 0 ||
           strcmp(row->payment, "failed") == 0;
}

static int64_t sum_of_seats(const struct books *b, const char *order)
{
    uint32_t count;
    const struct ledger_seat *const *seats = seats_of(b, order, &count);
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += seats[i]->price_minor;
    return sum;
}

static void check_money_of_row(const struct books *b, const struct ledger_order *row,
                               struct finding *f)
{
    int64_t seats = sum_of_seats(b, row->id);
    if (seats != row->amount_minor)
        finding_violation(f, "order %s is over %lld, its seats cost %lld", row->id,
                          (long long)row->amount_minor, (long long)seats);
    if (is_money_given_up(row))
        finding_violation(f, "order %s is sold, but its payment is %s", row->id, row->payment);
}

void checker_money(const struct history *h, const struct ledger *l, struct finding *f)
{
    struct books b;
    int64_t told = 0, taken = 0, in_doubt = 0;
    finding_begin(f, "money adds up");
    if (!books_init(&b, h, l)) {
        finding_no_memory(f);
        return;
    }
    for (uint32_t i = 0; i < h->orders_count; i++)
        told += h->orders[i].state == HISTORY_ORDER_CONFIRMED ? h->orders[i].amount_minor : 0;
    for (uint32_t i = 0; i < b.rows_count; i++) {
        if (!is_ours(&b, b.rows[i]->visitor))
            continue;
        const struct history_order *o = find_told(&b, b.rows[i]->id);
        bool is_in_doubt = o && o->state == HISTORY_ORDER_PAY_SENT;
        *(is_in_doubt ? &in_doubt : &taken) += b.rows[i]->amount_minor;
        check_money_of_row(&b, b.rows[i], f);
    }
    if (told != taken)
        finding_violation(f, "confirmed %lld, in the ledger %lld", (long long)told,
                          (long long)taken);
    books_release(&b);
    finding_end(f, "confirmed %lld, ledger %lld minor units, %lld more without an answer yet",
                (long long)told, (long long)taken, (long long)in_doubt);
}
