/* Random lives of a line that loses its storage again and again: joins, departures, claims and
 * ticks, then an empty storage or one without the end of its log, receipts old and new shown in any
 * order inside and after the window. Whoever comes back in time has the old place, nobody gains one
 * by a receipt that was used up, the order holds (the bench checks it), and places are exact
 * afterwards. The seed is printed with each failure. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "support/queue_calls.h"

enum { PEOPLE = 60, LOSSES = 6, OPS = 120, RECEIPTS_MAX = 256, WINDOW_MS = 500 };

struct old_receipt {
    int64_t seq, epoch;
    bool is_used_up; /* the place was left, or its turn is over */
};

struct somebody {
    int64_t seq; /* 0 = no place */
    bool is_inside, is_back;
    size_t receipts_count;
    struct old_receipt receipts[RECEIPTS_MAX];
};

struct life {
    struct queue_bench *bench;
    unsigned seed;
    int64_t epoch, seq_last;
    size_t admitted_read;
    struct somebody people[PEOPLE];
};

#define HOLDS(life, condition) cr_assert(condition, "seed %u", (life)->seed)

static struct old_receipt *newest(struct somebody *person)
{
    return &person->receipts[person->receipts_count - 1];
}

static void end_place(struct somebody *person)
{
    newest(person)->is_used_up = true;
    person->seq = 0;
    person->is_inside = false;
}

static void read_admissions(struct life *life)
{
    struct queue_bench *b = life->bench;
    for (; life->admitted_read < b->admitted_count; life->admitted_read++) {
        int64_t seq = b->admitted[life->admitted_read].seq;
        int found = 0;
        for (int i = 0; i < PEOPLE; i++) {
            bool is_it = life->people[i].seq == seq && !life->people[i].is_inside;
            life->people[i].is_inside |= is_it;
            found += is_it;
        }
        HOLDS(life, found == 1);
    }
}

static void join(struct life *life, int i)
{
    struct somebody *person = &life->people[i];
    struct place place = queue_join(life->bench, i & 1, queue_numbered(i).id);
    if (!place.is_new) {
        HOLDS(life, place.seq == person->seq);
        return;
    }
    HOLDS(life, person->seq == 0 && place.seq > life->seq_last);
    life->seq_last = person->seq = place.seq;
    cr_assert_lt(person->receipts_count, RECEIPTS_MAX);
    person->receipts[person->receipts_count++] =
        (struct old_receipt){.seq = place.seq, .epoch = life->epoch};
}

static void live(struct life *life)
{
    for (int n = 0; n < OPS; n++) {
        int i = rand() % PEOPLE, what = rand() % 10;
        struct somebody *person = &life->people[i];
        if (what < 6) {
            join(life, i);
        } else if (what < 8) {
            struct place place = queue_leave(life->bench, i & 1, queue_numbered(i).id);
            HOLDS(life, (place.state == PLACE_NONE) == (person->seq == 0));
            if (person->seq != 0)
                end_place(person);
        } else {
            queue_next_tick(life->bench);
        }
        read_admissions(life);
    }
}

/* --- losses --- */

static bool is_held(const struct life *life, int64_t seq)
{
    for (int i = 0; i < PEOPLE; i++)
        if (life->people[i].seq == seq)
            return true;
    return false;
}

/* What the registrar has seen of the data. */
static struct queue_fake_before seen_before(const struct life *life)
{
    struct queue_fake_before before = {.head = life->bench->view.head, .seq = life->seq_last};
    for (int64_t seq = before.head + 1; seq <= life->seq_last; seq++) {
        cr_assert_lt(before.gone_count, QUEUE_FAKE_BEFORE_MAX);
        if (!is_held(life, seq))
            before.gone[before.gone_count++] = seq;
    }
    for (int i = 0; i < PEOPLE; i++)
        if (life->people[i].is_inside)
            before.inside[before.inside_count++] = queue_numbered(i);
    return before;
}

static int64_t noted(int64_t figure)
{
    int64_t value = figure - rand() % 3;
    return value < 0 ? 0 : value;
}

static void lose_all(struct life *life)
{
    struct queue_bench *b = life->bench;
    struct queue_fake_before before = seen_before(life);
    struct queue_mark mark = {.seq = noted(life->seq_last),
                              .admissions =
                                  noted((int64_t)b->admitted_count + b->admissions_before),
                              .head = noted(before.head)};
    for (int i = 0; i < PEOPLE; i++)
        life->people[i].is_back = false;
    queue_bench_recover(b, ++life->epoch, QUEUE_DATA_LOST, &mark);
    queue_bench_set_before(b, &before);
}

/* The last joins are not in the data any more; those that can have been
 * lost are people who wait. */
static void lose_end(struct life *life)
{
    struct queue_bench *b = life->bench;
    struct queue_fake_before before = seen_before(life);
    int64_t from = life->seq_last + 1;
    for (int i = 0; i < PEOPLE; i++)
        life->people[i].is_back = true;
    for (int n = rand() % 4; n > 0; n--) {
        int who = 0;
        while (who < PEOPLE && (life->people[who].seq != from - 1 || life->people[who].is_inside))
            who++;
        if (who == PEOPLE)
            break;
        life->people[who].is_back = false;
        from--;
    }
    struct queue_mark mark = {.seq = from - 1 + (from <= life->seq_last ? rand() % 2 : 0),
                              .admissions = (int64_t)b->admitted_count + b->admissions_before};
    queue_bench_forget(b, from);
    queue_bench_recover(b, ++life->epoch, QUEUE_DATA_KEPT, &mark);
    queue_bench_set_before(b, &before);
}

static void claim(struct life *life, int i, const struct old_receipt *receipt)
{
    struct somebody *person = &life->people[i];
    bool was_inside = person->is_inside, was_back = person->is_back;
    struct place place =
        queue_restore(life->bench, i & 1, queue_numbered(i).id, receipt->seq, receipt->epoch);
    if (was_back) {
        HOLDS(life, person->seq == 0 ? place.state == PLACE_GONE : place.seq == person->seq);
    } else if (was_inside && place.state == PLACE_WAITING) { /* the turn begins anew */
        HOLDS(life, place.seq == receipt->seq);
        person->seq = place.seq;
        person->is_inside = false;
        person->is_back = true;
    } else if (receipt->is_used_up || receipt->epoch == life->epoch) {
        HOLDS(life, place.state == PLACE_GONE);
    } else {
        HOLDS(life, place.state == PLACE_WAITING && place.seq == receipt->seq);
        HOLDS(life, receipt->seq == person->seq);
        person->is_back = true;
    }
}

static void come_back(struct life *life)
{
    for (int n = 0; n < 2 * PEOPLE; n++) {
        int i = rand() % PEOPLE;
        struct somebody *person = &life->people[i];
        if (rand() % 8 == 0 && person->is_back && person->seq == 0)
            cr_assert_eq(queue_join(life->bench, 0, queue_numbered(i).id).state, PLACE_RECOVERING);
        if (person->receipts_count == 0)
            continue;
        bool is_newest = rand() % 3 > 0;
        size_t which =
            is_newest ? person->receipts_count - 1 : (size_t)rand() % person->receipts_count;
        claim(life, i, &person->receipts[which]);
        if (person->is_back && person->seq == newest(person)->seq && rand() % 2 == 0)
            newest(person)->epoch = life->epoch; /* took the new receipt */
        if (rand() % 20 == 0)
            queue_next_tick(life->bench);
    }
}

/* Who did not come back has no place, and never will by these receipts: that they may after another
 * loss is no promise either way, so they forget them. */
static void end_window(struct life *life)
{
    struct queue_bench *b = life->bench;
    queue_bench_wait(b, WINDOW_MS + 10);
    for (int i = 0; i < PEOPLE; i++) {
        struct somebody *person = &life->people[i];
        if (person->is_back || person->receipts_count == 0)
            continue;
        struct place place =
            queue_restore(b, 0, queue_numbered(i).id, newest(person)->seq, newest(person)->epoch);
        HOLDS(life, place.state == PLACE_GONE);
        *person = (struct somebody){0};
    }
    queue_next_tick(b);
    queue_reread(b);
    read_admissions(life);
    for (int i = 0; i < PEOPLE; i++) {
        const struct somebody *person = &life->people[i];
        int64_t before = 0;
        if (person->seq == 0 || person->is_inside)
            continue;
        for (int k = 0; k < PEOPLE; k++)
            before += life->people[k].seq != 0 && life->people[k].seq < person->seq &&
                      !life->people[k].is_inside;
        HOLDS(life, line_view_ahead(&b->view, person->seq) == before);
    }
}

CONTRACT(no_loss_changes_the_order_or_gives_a_place_away)
{
    struct queue_fake_settings settings = queue_usual;
    struct life *life = calloc(1, sizeof(*life));
    cr_assert_not_null(life);
    life->bench = b;
    life->epoch = 1;
    life->seed = (unsigned)time(NULL) ^ (unsigned)clock();
    srand(life->seed);
    settings.admit_per_tick = 0.5;
    settings.active_cap = 8;
    settings.recovery_ms = WINDOW_MS;
    queue_bench_configure(b, &settings);
    for (int n = 0; n < LOSSES; n++) {
        live(life);
        queue_next_tick(b); /* the registrar's head is the one that was told */
        read_admissions(life);
        if (rand() % 2)
            lose_all(life);
        else
            lose_end(life);
        life->admitted_read = 0;
        queue_reread(b);
        come_back(life);
        end_window(life);
    }
    free(life);
}
