/* The checker with as many visitors as a large sale has: green when all is well, one planted
 * violation of each promise among so many is found by the right check, and the cost grows like
 * n log n. STAMPEDE_CHECKER_VISITORS=1000000 makes it as large as the largest run, and tells time
 * and memory. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "loadtest/checker_line.h"
#include "loadtest/dice.h"

#define VISITORS 40000
#define TICK 1000 /* admitted at once */
#define CAP TICK

/* All arrays are owned. One half is admitted, one in four buys two seats. */
struct sale {
    struct history history;
    struct ledger ledger;
    struct provider provider;
};

enum check {
    TOLD_ONCE,
    SOLD_ONCE,
    HAVE_ROWS,
    MONEY,
    HOLDS,
    ORDER,
    ONE_PLACE,
    KEPT,
    CAP_KEPT,
    TAKEN,
    CHECK_COUNT
};

static void set_visitor(struct history_visitor *v, uint32_t number, uint32_t rank, uint32_t count)
{
    bool is_in = rank < count / 2;
    int64_t tick = rank / TICK;
    *v = (struct history_visitor){.seq = 5000 + rank,
                                  .early_seq = HISTORY_NONE,
                                  .other_seq = HISTORY_NONE,
                                  .admission = is_in ? (int64_t)rank + 1 : HISTORY_NONE,
                                  .other_admission = HISTORY_NONE,
                                  .admitted_ms = is_in ? 10000 + tick * 1000 : HISTORY_NONE,
                                  .inside_until_ms = 10000 + tick * 1000 + 990,
                                  .again_admission = HISTORY_NONE,
                                  .again_ms = HISTORY_NONE,
                                  .waiting_ms = 5000,
                                  .returns = number % 5 == 0};
    (void)snprintf(v->id, sizeof v->id, "v%07x", number);
}

static void set_order(struct sale *s, uint32_t i, uint32_t visitor)
{
    struct history *h = &s->history;
    struct ledger *l = &s->ledger;
    uint32_t last = h->orders_count - 1 - i; /* the ledger has them in another order */
    struct history_order *o = &h->orders[i];
    *o = (struct history_order){.state = HISTORY_ORDER_CONFIRMED,
                                .visitor = visitor,
                                .amount_minor = 5000,
                                .seats_count = 2,
                                .seats = {2 * i, 2 * i + 1}};
    (void)snprintf(o->id, sizeof o->id, "o_%08x", i * 2654435761u);
    h->holds[i] = (struct history_hold){
        .visitor = visitor, .seats_count = 2, .paid = 1, .seats = {2 * i, 2 * i + 1}};
    l->orders[last] = (struct ledger_order){.amount_minor = 5000, .payment = "captured"};
    memcpy(l->orders[last].id, o->id, sizeof o->id);
    memcpy(l->orders[last].visitor, h->visitors[visitor].id, sizeof l->orders[last].visitor);
    s->provider.captures[i].amount_minor = 5000;
    memcpy(s->provider.captures[i].order, o->id, sizeof o->id);
    for (uint32_t k = 0; k < 2; k++) {
        l->seats[2 * last + k] = (struct ledger_seat){.seat = 2 * i + k, .price_minor = 2500};
        memcpy(l->seats[2 * last + k].order, o->id, sizeof o->id);
    }
}

static struct sale make_sale(uint32_t count)
{
    struct sale s = {
        .history = {.visitors_count = count, .orders_count = count / 4, .holds_count = count / 4},
        .ledger = {.orders_count = count / 4, .seats_count = count / 4 * 2},
        .provider = {.captures_count = count / 4}};
    s.history.visitors = calloc(count, sizeof *s.history.visitors);
    s.history.orders = calloc(count / 4, sizeof *s.history.orders);
    s.history.holds = calloc(count / 4, sizeof *s.history.holds);
    s.ledger.orders = calloc(count / 4, sizeof *s.ledger.orders);
    s.ledger.seats = calloc(count / 2, sizeof *s.ledger.seats);
    s.provider.captures = calloc(count / 4 + 1, sizeof *s.provider.captures);
    uint32_t *ranks = calloc(count, sizeof *ranks), order = 0;
    cr_assert(s.history.visitors && s.history.orders && s.history.holds && s.ledger.orders &&
              s.ledger.seats && s.provider.captures && ranks);
    struct dice dice;
    dice_init(&dice, 1, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = (uint32_t)dice_between(&dice, 0, i);
        ranks[i] = ranks[k];
        ranks[k] = i;
    }
    for (uint32_t i = 0; i < count; i++) {
        set_visitor(&s.history.visitors[i], i, ranks[i], count);
        if (ranks[i] < count / 4)
            set_order(&s, order++, i);
    }
    free(ranks);
    return s;
}

static void free_sale(struct sale *s)
{
    free(s->history.visitors);
    free(s->history.orders);
    free(s->history.holds);
    free(s->ledger.orders);
    free(s->ledger.seats);
    free(s->provider.captures);
}

/* The bits of the checks that are red. */
static unsigned red_checks(const struct sale *s)
{
    static struct finding f[CHECK_COUNT];
    const struct history_sample sample = {20000, CAP};
    unsigned red = 0;
    checker_seats_told_once(&s->history, &f[TOLD_ONCE]);
    checker_seats_sold_once(&s->ledger, &f[SOLD_ONCE]);
    checker_confirmed_have_rows(&s->history, &s->ledger, &f[HAVE_ROWS]);
    checker_money(&s->history, &s->ledger, &f[MONEY]);
    checker_holds(&s->history, &f[HOLDS]);
    checker_order_of_admission(&s->history, &f[ORDER]);
    checker_one_place(&s->history, &f[ONE_PLACE]);
    checker_places_kept(&s->history, &f[KEPT]);
    checker_cap(&s->history, &sample, 1, CAP, &f[CAP_KEPT]);
    checker_money_taken(&s->history, &s->ledger, &s->provider, &s->provider, &f[TAKEN]);
    for (int i = 0; i < CHECK_COUNT; i++)
        red |= f[i].state == FINDING_OK ? 0 : 1u << i;
    return red;
}

/* The visitor of that rank in line. */
static struct history_visitor *of_rank(const struct sale *s, uint32_t rank)
{
    for (uint32_t i = 0; i < s->history.visitors_count; i++)
        if (s->history.visitors[i].seq == 5000 + (int64_t)rank)
            return &s->history.visitors[i];
    return NULL;
}

/* ---- planted, one of each promise ---- */

static void seat_confirmed_twice(struct sale *s)
{
    s->history.orders[7].seats[0] = s->history.orders[4321].seats[1];
}

static void seat_sold_twice(struct sale *s)
{
    s->ledger.seats[9].seat = s->ledger.seats[8765].seat;
}

static void order_not_in_the_ledger(struct sale *s)
{
    s->ledger.orders[77] = s->ledger.orders[--s->ledger.orders_count];
}

static void overtaken(struct sale *s)
{
    struct history_visitor *early = of_rank(s, 1234), *late = of_rank(s, 5678), swap = *early;
    early->admission = late->admission;
    early->admitted_ms = late->admitted_ms;
    early->inside_until_ms = late->inside_until_ms;
    late->admission = swap.admission;
    late->admitted_ms = swap.admitted_ms;
    late->inside_until_ms = swap.inside_until_ms;
}

static void left_behind(struct sale *s)
{
    struct history_visitor *v = of_rank(s, 3000);
    v->admission = v->admitted_ms = HISTORY_NONE;
    v->waiting_ms = 60000;
}

static void two_places(struct sale *s)
{
    s->history.visitors[33333].other_seq = 1;
}

static void shared_place(struct sale *s)
{
    s->history.visitors[111].seq = s->history.visitors[22222].seq;
}

static void one_too_many(struct sale *s)
{
    of_rank(s, 2500)->inside_until_ms += 100;
}

static void place_lost(struct sale *s)
{
    s->history.visitors[12345].lost_place = true;
}

static void hold_ended_twice(struct sale *s)
{
    s->history.holds[999].expired = 1;
}

static void money_given_back(struct sale *s)
{
    memcpy(s->ledger.orders[4444].payment, "voided", sizeof "voided");
}

static void paid_twice(struct sale *s)
{
    s->provider.captures[s->provider.captures_count++] = s->provider.captures[2222];
}

static void taken_for_nothing(struct sale *s)
{
    s->history.orders[555].state = HISTORY_ORDER_UNSOLD;
    for (uint32_t i = 0; i < s->ledger.orders_count; i++)
        if (strcmp(s->ledger.orders[i].id, s->history.orders[555].id) == 0)
            s->ledger.orders[i] = s->ledger.orders[--s->ledger.orders_count];
}

#define BIT(check) (1u << (check))
static const struct {
    const char *name;
    void (*plant)(struct sale *s);
    unsigned must, may;
} planted[] = {
    {"P1 confirmed twice", seat_confirmed_twice, BIT(TOLD_ONCE), BIT(HAVE_ROWS)},
    {"P1 sold twice", seat_sold_twice, BIT(SOLD_ONCE), BIT(HAVE_ROWS)},
    {"P2 confirmed and not in the ledger", order_not_in_the_ledger, BIT(HAVE_ROWS),
     BIT(MONEY) | BIT(TAKEN)},
    {"P3 overtaken", overtaken, BIT(ORDER), 0},
    {"P3 left behind", left_behind, BIT(ORDER), 0},
    {"P4 two places", two_places, BIT(ONE_PLACE), BIT(KEPT)},
    {"P4 one place for two", shared_place, BIT(ONE_PLACE), BIT(ORDER)},
    {"P5 one too many inside", one_too_many, BIT(CAP_KEPT), 0},
    {"P6 a place lost", place_lost, BIT(KEPT), 0},
    {"P7 a hold that ended twice", hold_ended_twice, BIT(HOLDS), 0},
    {"P7 sold without money", money_given_back, BIT(MONEY), 0},
    {"P7 paid twice", paid_twice, BIT(TAKEN), 0},
    {"P7 money taken for nothing", taken_for_nothing, BIT(TAKEN), 0},
};

Test(checker_large, one_violation_among_many_is_found_by_its_check)
{
    for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
        struct sale s = make_sale(VISITORS);
        planted[i].plant(&s);
        unsigned red = red_checks(&s);
        cr_expect_eq(red & planted[i].must, planted[i].must, "%s was not found: %x",
                     planted[i].name, red);
        cr_expect_eq(red & ~(planted[i].must | planted[i].may), 0, "%s: false alarms: %x",
                     planted[i].name, red);
        free_sale(&s);
    }
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Processor time for all checks: the least of some tries. */
static double cost_of(uint32_t count, int tries)
{
    double least = 1e9;
    struct sale s = make_sale(count);
    for (int i = 0; i < tries; i++) {
        double from = cpu_s();
        cr_assert_eq(red_checks(&s), 0);
        double took = cpu_s() - from;
        least = took < least ? took : least;
    }
    free_sale(&s);
    return least;
}

Test(checker_large, four_times_as_many_cost_about_four_times_as_much)
{
    double few = cost_of(VISITORS / 4, 3), many = cost_of(VISITORS, 3);
    cr_expect_lt(many, few * 10, "%.4f s against %.4f s: n * n would be 16 times", many, few);
}

Test(checker_large, as_many_as_are_asked_for)
{
    const char *wanted = getenv("STAMPEDE_CHECKER_VISITORS");
    struct rusage use;
    if (!wanted)
        return;
    double took = cost_of((uint32_t)strtoul(wanted, NULL, 10), 1);
    cr_assert_eq(getrusage(RUSAGE_SELF, &use), 0);
    printf("%s visitors: all checks in %.2f s of processor time, at most %ld MB\n", wanted, took,
           use.ru_maxrss / 1024);
}
