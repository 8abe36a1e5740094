/* Best available against a brute-force oracle on small random halls, and the rules one by one. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ticketing/best_seats.h"

#define HALL_SEATS_MAX 80
#define STEP 25.0

/* A hall drawn as text: one row for each line. '.' free, 'x' taken, ' ' a gap, 'w' wheelchair
 * place, 'c' companion, 'r' restricted view; the seats of category 1 are drawn as ',' when free. */
struct hall {
    struct plan *plan;
    struct best_index *index;
    uint8_t is_free[HALL_SEATS_MAX];
};

static uint8_t flags_of(char c)
{
    return c == 'w'   ? PLAN_ACCESSIBLE
           : c == 'c' ? PLAN_COMPANION
           : c == 'r' ? PLAN_RESTRICTED_VIEW
                      : 0;
}

static void draw_row(struct hall *hall, struct plan *plan, const char *line, size_t bytes,
                     uint32_t *seat, size_t row)
{
    plan->rows[row].label = "A";
    for (size_t x = 0; x < bytes; x++) {
        if (line[x] == ' ')
            continue;
        hall->is_free[*seat] = line[x] != 'x';
        plan->seats[(*seat)++] = (struct plan_seat){.number = "1",
                                                    .x = (double)x * STEP,
                                                    .y = (double)(row + 1) * 40,
                                                    .category = line[x] == ',',
                                                    .flags = flags_of(line[x])};
        plan->rows[row].seats_count++;
    }
}

static void hall_init(struct hall *hall, const char *drawing)
{
    size_t rows = 1, seats = 0;
    char why[200] = "";
    for (const char *c = drawing; *c; c++) {
        rows += *c == '\n';
        seats += *c != '\n' && *c != ' ';
    }
    cr_assert(seats <= HALL_SEATS_MAX);
    const struct plan_sizes sizes = {2, 1, rows, seats, 0, 0};
    *hall = (struct hall){0};
    struct plan *plan = plan_create(&sizes);
    plan->name = "Hall";
    plan->width = 500;
    plan->height = 400;
    plan->categories[0] = (struct plan_category){
        .name = "Dear", .price_minor = 5000, .color = "#b3261e", .currency = "EUR"};
    plan->categories[1] = (struct plan_category){
        .name = "Cheap", .price_minor = 1000, .color = "#b3261e", .currency = "EUR"};
    plan->sections[0] =
        (struct plan_section){.name = "1", .level = "", .rows_count = (uint32_t)rows};
    uint32_t seat = 0;
    for (size_t row = 0; row < rows; row++) {
        size_t bytes = strcspn(drawing, "\n");
        draw_row(hall, plan, drawing, bytes, &seat, row);
        drawing += bytes + (drawing[bytes] == '\n');
    }
    cr_assert(eq(int, plan_seal(plan, why, sizeof why), PLAN_OK), "%s", why);
    hall->plan = plan;
    hall->index = best_index_create(plan, (struct best_focus){100, 0});
    cr_assert(hall->index != NULL);
}

static void hall_release(struct hall *hall)
{
    best_index_free(hall->index);
    plan_free(hall->plan);
}

/* The answer as "2 3|7": parts by '|'. */
static const char *ask(struct hall *hall, const struct best_request *request)
{
    static char text[256];
    struct best_answer answer;
    best_seats_find(hall->index, hall->is_free, request, &answer);
    text[0] = '\0';
    for (uint32_t i = 0; i < answer.count; i++) {
        size_t used = strlen(text);
        bool is_next = i > 0 && answer.seats[i] == answer.seats[i - 1] + 1;
        (void)snprintf(text + used, sizeof text - used, "%s%u",
                       i == 0    ? ""
                       : is_next ? " "
                                 : "|",
                       answer.seats[i]);
    }
    return text;
}

static void expect(const char *drawing, struct best_request request, const char *seats)
{
    struct hall hall;
    hall_init(&hall, drawing);
    cr_expect_str_eq(ask(&hall, &request), seats, "%s: %s", drawing, ask(&hall, &request));
    hall_release(&hall);
}

#define ANY (-1) /* category */

Test(best_seats, takes_the_nearest_to_the_stage)
{
    expect(".........\n.........", (struct best_request){.count = 3, .category = ANY}, "3 4 5");
    expect("xxxxxxxxx\n.........", (struct best_request){.count = 3, .category = ANY}, "12 13 14");
    expect(".........", (struct best_request){.count = 9, .category = ANY}, "0 1 2 3 4 5 6 7 8");
    expect("xxxx", (struct best_request){.count = 1, .category = ANY}, "");
}

Test(best_seats, takes_the_dearest_unless_asked)
{
    expect(",,,,\n....", (struct best_request){.count = 2, .category = ANY}, "6 7");
    expect(",,,,\n....", (struct best_request){.count = 2, .category = 1}, "2 3");
    expect(",,,,\nxxxx", (struct best_request){.count = 2, .category = 0}, "");
    expect("..,,..", (struct best_request){.count = 3, .category = ANY},
           "4 5|0"); /* prices are not mixed */
}

Test(best_seats, leaves_nobody_alone)
{
    expect("...x...", (struct best_request){.count = 2, .category = ANY}, "4|2");
    expect("...x....", (struct best_request){.count = 2, .category = ANY}, "4 5");
    expect("...x...", (struct best_request){.count = 2, .category = ANY, .may_leave_single = true},
           "4 5");
    expect("x.xxx..x", (struct best_request){.count = 1, .category = ANY},
           "1"); /* it was alone already */
    expect("...", (struct best_request){.count = 1, .category = ANY}, "2");
    expect(".....", (struct best_request){.count = 1, .category = ANY}, "4");
}

Test(best_seats, knows_who_sits_beside_whom)
{
    expect("..  ..", (struct best_request){.count = 3, .category = ANY}, "");
    expect("..  ..", (struct best_request){.count = 3, .category = ANY, .may_leave_single = true},
           "2 3|1");
    expect("..\n..", (struct best_request){.count = 4, .category = ANY}, "0 1 2 3");
    expect("x..x..x", (struct best_request){.count = 4, .category = ANY}, "4 5|1 2");
    expect("xr.x..x", (struct best_request){.count = 2, .category = ANY}, "4 5");
}

Test(best_seats, keeps_wheelchair_places_for_who_needs_them)
{
    expect("wc..", (struct best_request){.count = 2, .category = ANY}, "2 3");
    expect("wcxx", (struct best_request){.count = 1, .category = ANY}, "");
    expect("..wc.", (struct best_request){.count = 2, .category = ANY, .accessible_count = 1},
           "2 3");
    expect("x.wx.c", (struct best_request){.count = 2, .category = ANY, .accessible_count = 1},
           "1 2");
    expect("w\nc.", (struct best_request){.count = 2, .category = ANY, .accessible_count = 1},
           "0 1");
    expect("....", (struct best_request){.count = 2, .category = ANY, .accessible_count = 1}, "");
}

/* --- the oracle: every set of k neighbours, looked at one by one --- */

static bool oracle_is_joined(const struct plan *plan, uint32_t seat)
{
    return seat > 0 && plan->seats[seat].row == plan->seats[seat - 1].row &&
           plan->seats[seat].x - plan->seats[seat - 1].x <= STEP;
}

static bool oracle_is_single(const struct plan *plan, const uint8_t *is_free, uint32_t seat)
{
    bool left = oracle_is_joined(plan, seat) && is_free[seat - 1];
    bool right =
        seat + 1 < plan->seated_count && oracle_is_joined(plan, seat + 1) && is_free[seat + 1];
    return is_free[seat] && !left && !right;
}

/* Singles that taking seats first..last makes. */
static bool oracle_leaves_single(const struct plan *plan, const uint8_t *is_free, uint32_t first,
                                 uint32_t last)
{
    uint8_t after[HALL_SEATS_MAX];
    memcpy(after, is_free, sizeof after);
    memset(after + first, 0, last - first + 1);
    for (uint32_t i = 0; i < plan->seated_count; i++)
        if (oracle_is_single(plan, after, i) && !oracle_is_single(plan, is_free, i))
            return true;
    return false;
}

static double oracle_cost(const struct plan *plan, uint32_t first, uint32_t count)
{
    double cost = plan->seats[first].category * 1e12;
    for (uint32_t i = first; i < first + count; i++) {
        double x = plan->seats[i].x - 100, y = plan->seats[i].y;
        cost += x * x + y * y;
    }
    return cost;
}

/* The first seat of the best k together, or -1. */
static int oracle(const struct hall *hall, const struct best_request *request)
{
    const struct plan *plan = hall->plan;
    int best = -1;
    for (uint32_t first = 0; first + request->count <= plan->seated_count; first++) {
        bool is_good = true;
        for (uint32_t i = first; i < first + request->count; i++)
            is_good = is_good && hall->is_free[i] && (i == first || oracle_is_joined(plan, i)) &&
                      plan->seats[i].category == plan->seats[first].category &&
                      (request->category < 0 || plan->seats[i].category == request->category);
        if (!is_good ||
            (!request->may_leave_single &&
             oracle_leaves_single(plan, hall->is_free, first, first + request->count - 1)))
            continue;
        if (best < 0 || oracle_cost(plan, first, request->count) <
                            oracle_cost(plan, (uint32_t)best, request->count))
            best = (int)first;
    }
    return best;
}

static uint32_t dice(uint64_t *state, uint32_t sides)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % sides;
}

static void random_hall(struct hall *hall, uint64_t *state)
{
    char drawing[HALL_SEATS_MAX + 8] = "";
    size_t at = 0, rows = 1 + dice(state, 5), columns = 2 + dice(state, 11);
    uint32_t taken = 1 + dice(state, 9);
    for (size_t row = 0; row < rows; row++) {
        drawing[at++] = row % 2 ? ',' : '.'; /* two, so that the usual step is known */
        drawing[at++] = 'x';
        for (size_t x = 2; x < columns; x++)
            drawing[at++] = dice(state, 12) == 0      ? ' '
                            : dice(state, 10) < taken ? 'x'
                            : row % 2                 ? ','
                                                      : '.';
        if (row + 1 < rows)
            drawing[at++] = '\n';
    }
    drawing[at] = '\0';
    hall_init(hall, drawing);
}

/* A split: everything free, as many as asked, nobody newly alone. */
static void check_split(const struct hall *hall, const struct best_request *request,
                        const struct best_answer *answer)
{
    uint8_t after[HALL_SEATS_MAX];
    memcpy(after, hall->is_free, sizeof after);
    cr_assert(eq(u32, answer->count, request->count));
    for (uint32_t i = 0; i < answer->count; i++) {
        cr_assert(after[answer->seats[i]], "seat %u is not free or is named twice",
                  answer->seats[i]);
        after[answer->seats[i]] = 0;
    }
    for (uint32_t i = 0; i < hall->plan->seated_count && !request->may_leave_single; i++) {
        bool was_single = oracle_is_single(hall->plan, hall->is_free, i);
        bool is_single = oracle_is_single(hall->plan, after, i);
        cr_assert(was_single || is_single == false, "seat %u is left alone", i);
    }
}

Test(best_seats, agrees_with_the_oracle_on_random_halls)
{
    uint64_t seed = (uint64_t)time(NULL), state = seed;
    size_t together = 0, split = 0, nothing = 0;
    for (int round = 0; round < 20000; round++) {
        struct hall hall;
        struct best_answer answer;
        random_hall(&hall, &state);
        struct best_request request = {.count = 1 + dice(&state, 6),
                                       .category = (int32_t)dice(&state, 3) - 1,
                                       .may_leave_single = dice(&state, 3) == 0};
        int expected = oracle(&hall, &request);
        best_seats_find(hall.index, hall.is_free, &request, &answer);
        if (expected >= 0) {
            cr_assert(eq(u32, answer.parts, 1), "seed %llu", (unsigned long long)seed);
            cr_assert(eq(u32, answer.seats[0], (uint32_t)expected), "seed %llu round %d",
                      (unsigned long long)seed, round);
        } else if (answer.count > 0) {
            cr_assert(ge(u32, answer.parts, 2), "seed %llu", (unsigned long long)seed);
            check_split(&hall, &request, &answer);
        }
        together += expected >= 0;
        split += answer.parts > 1;
        nothing += answer.count == 0;
        hall_release(&hall);
    }
    cr_assert(together > 1000 && split > 1000 && nothing > 100, "%zu %zu %zu", together, split,
              nothing);
}
