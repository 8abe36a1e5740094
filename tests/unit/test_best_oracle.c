/* The best seats against an oracle on small random halls, with wheelchair places, companions,
 * restricted views, gaps and two prices. The oracle knows the rules and nothing of how the search
 * goes about them: it looks at every window, of every part, of every way to split a group. And the
 * number of parts is held against all sets of seats that there are. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "support/best_hall.h"

#define SPECIAL (PLAN_ACCESSIBLE | PLAN_COMPANION)

/* --- who sits beside whom --- */

static const struct plan_seat *seat_of(const struct best_hall *hall, uint32_t seat)
{
    return &hall->plan->seats[seat];
}

static bool is_joined(const struct best_hall *hall, uint32_t left, uint32_t right)
{
    return right < hall->plan->seated_count && right > left &&
           seat_of(hall, left)->row == seat_of(hall, right)->row &&
           seat_of(hall, right)->x - seat_of(hall, left)->x <= BEST_HALL_STEP;
}

static bool is_plain_free(const struct best_hall *hall, const uint8_t *is_free, uint32_t seat)
{
    return is_free[seat] && (seat_of(hall, seat)->flags & SPECIAL) == 0;
}

/* A seat that anybody may buy and that nobody who may is beside. */
static bool is_single(const struct best_hall *hall, const uint8_t *is_free, uint32_t seat)
{
    return is_plain_free(hall, is_free, seat) &&
           !(seat > 0 && is_joined(hall, seat - 1, seat) &&
             is_plain_free(hall, is_free, seat - 1)) &&
           !(is_joined(hall, seat, seat + 1) && is_plain_free(hall, is_free, seat + 1));
}

static bool makes_single(const struct best_hall *hall, const uint8_t *before, const uint8_t *after)
{
    for (uint32_t i = 0; i < hall->plan->seated_count; i++)
        if (is_single(hall, after, i) && !is_single(hall, before, i))
            return true;
    return false;
}

/* --- one part --- */

struct part {
    uint32_t count, accessible_count;
    int32_t category;
    bool may_leave_single, may_be_companion, is_near;
    double x, y;
};

static bool is_offered(const struct part *part, uint8_t flags)
{
    return (flags & SPECIAL) == 0 || part->accessible_count > 0 ||
           (part->may_be_companion && (flags & PLAN_ACCESSIBLE) == 0);
}

static bool is_window(const struct best_hall *hall, const uint8_t *is_free, const struct part *part,
                      uint32_t first)
{
    uint32_t accessible = 0;
    uint8_t after[BEST_HALL_SEATS_MAX];
    if (first + part->count > hall->plan->seated_count)
        return false;
    for (uint32_t i = first; i < first + part->count; i++) {
        const struct plan_seat *seat = seat_of(hall, i);
        accessible += (seat->flags & PLAN_ACCESSIBLE) != 0;
        if (!is_free[i] || (i > first && !is_joined(hall, i - 1, i)) ||
            seat->category != seat_of(hall, first)->category ||
            (part->category >= 0 && seat->category != part->category) ||
            !is_offered(part, seat->flags))
            return false;
    }
    memcpy(after, is_free, sizeof after);
    memset(after + first, 0, part->count);
    return accessible == part->accessible_count &&
           (part->may_leave_single || !makes_single(hall, is_free, after));
}

/* What is compared, in this order; less is better. */
static void weigh(const struct best_hall *hall, const struct part *part, uint32_t first,
                  double weights[4])
{
    const struct plan_seat *a = seat_of(hall, first), *b = seat_of(hall, first + part->count - 1);
    double dx = (a->x + b->x) / 2 - part->x, dy = (a->y + b->y) / 2 - part->y;
    weights[0] = part->is_near ? dx * dx + dy * dy : 0;
    weights[1] = a->category; /* the dear one is the first */
    weights[2] = weights[3] = 0;
    for (const struct plan_seat *seat = a; seat <= b; seat++) {
        double x = seat->x - BEST_HALL_FOCUS_X, y = seat->y;
        weights[2] += (seat->flags & PLAN_RESTRICTED_VIEW) != 0;
        weights[3] += x * x + y * y;
    }
}

static int compare(const struct best_hall *hall, const struct part *part, uint32_t a, uint32_t b)
{
    double of_a[4], of_b[4];
    weigh(hall, part, a, of_a);
    weigh(hall, part, b, of_b);
    for (size_t i = 0; i < 4; i++)
        if (of_a[i] != of_b[i])
            return of_a[i] < of_b[i] ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* The first seats of all windows, the best one first. */
static uint32_t list_windows(const struct best_hall *hall, const uint8_t *is_free,
                             const struct part *part, uint32_t *windows)
{
    uint32_t count = 0;
    for (uint32_t first = 0; first < hall->plan->seated_count; first++) {
        uint32_t at = count;
        if (!is_window(hall, is_free, part, first))
            continue;
        for (; at > 0 && compare(hall, part, first, windows[at - 1]) < 0; at--)
            windows[at] = windows[at - 1];
        windows[at] = first;
        count++;
    }
    return count;
}

/* --- a group in parts --- */

struct oracle {
    const struct best_hall *hall;
    const struct best_request *request;
    uint32_t parts, sizes[BEST_HALL_SEATS_MAX], accessible[BEST_HALL_SEATS_MAX];
    struct best_answer answer;
};

static void sit(struct oracle *o, uint8_t *is_free, uint32_t first, uint32_t count)
{
    memset(is_free + first, 0, count);
    for (uint32_t i = 0; i < count; i++)
        o->answer.seats[o->answer.count++] = first + i;
}

/* The first part there, the others as near as possible. */
static bool is_possible_from(struct oracle *o, struct part part, uint32_t first)
{
    uint32_t windows[BEST_HALL_SEATS_MAX];
    uint8_t is_free[BEST_HALL_SEATS_MAX];
    const struct plan_seat *a = seat_of(o->hall, first), *b = a + part.count - 1;
    memcpy(is_free, o->hall->is_free, sizeof is_free);
    o->answer = (struct best_answer){.parts = o->parts};
    sit(o, is_free, first, part.count);
    part.is_near = true;
    part.x = (a->x + b->x) / 2;
    part.y = a->y;
    for (uint32_t i = 1; i < o->parts; i++) {
        part.count = o->sizes[i];
        part.accessible_count = o->accessible[i];
        if (list_windows(o->hall, is_free, &part, windows) == 0)
            return false;
        sit(o, is_free, windows[0], part.count);
    }
    return true;
}

static bool is_possible(struct oracle *o, int32_t category)
{
    const struct best_request *request = o->request;
    const struct part part = {.category = category,
                              .count = o->sizes[0],
                              .accessible_count = o->accessible[0],
                              .may_leave_single = request->may_leave_single,
                              .may_be_companion = request->accessible_count > 0};
    uint32_t windows[BEST_HALL_SEATS_MAX];
    uint32_t count = list_windows(o->hall, o->hall->is_free, &part, windows);
    for (uint32_t i = 0; i < count; i++)
        if (is_possible_from(o, part, windows[i]))
            return true;
    return false;
}

static bool is_possible_somewhere(struct oracle *o)
{
    for (uint32_t i = 0; i < o->parts; i++)
        if (o->accessible[i] > o->sizes[i])
            return false;
    if (o->request->category >= 0)
        return is_possible(o, o->request->category);
    if (o->parts > 1 && (is_possible(o, 0) || is_possible(o, 1)))
        return true;
    return is_possible(o, -1);
}

/* Wheelchairs in the largest part, in a smaller one, in each, or wherever there is room. */
static bool is_possible_for_wheelchairs(struct oracle *o)
{
    uint32_t count = o->request->accessible_count, sizes[BEST_HALL_SEATS_MAX];
    memcpy(sizes, o->sizes, sizeof sizes);
    for (uint32_t chosen = 0; chosen < (count > 0 ? o->parts : 1); chosen++) {
        memset(o->accessible, 0, sizeof o->accessible);
        o->accessible[0] = count;
        o->sizes[0] = sizes[chosen];
        for (uint32_t i = 1; i < o->parts; i++)
            o->sizes[i] = sizes[i <= chosen ? i - 1 : i];
        if (is_possible_somewhere(o))
            return true;
    }
    memcpy(o->sizes, sizes, sizeof sizes);
    for (uint32_t i = 0; i < o->parts; i++)
        o->accessible[i] = count / o->parts + (i < count % o->parts);
    if (is_possible_somewhere(o))
        return true;
    for (uint32_t i = 0; i < o->parts; count -= o->accessible[i++])
        o->accessible[i] = count < sizes[i] ? count : sizes[i];
    return is_possible_somewhere(o);
}

/* All ways to make parts i.. of `rest` seats, none larger than the one before; even ones first. */
static bool try_sizes(struct oracle *o, uint32_t i, uint32_t rest)
{
    uint32_t more = o->parts - i;
    if (more == 0)
        return is_possible_for_wheelchairs(o);
    uint32_t largest = i == 0 ? rest : o->sizes[i - 1];
    for (uint32_t size = (rest + more - 1) / more; size <= largest && size + more - 1 <= rest;
         size++) {
        o->sizes[i] = size;
        if ((more > 1 || size == rest) && try_sizes(o, i + 1, rest - size))
            return true;
    }
    return false;
}

static struct best_answer ask_oracle(const struct best_hall *hall,
                                     const struct best_request *request)
{
    struct oracle o = {.hall = hall, .request = request};
    for (o.parts = 1; o.parts <= request->count; o.parts++)
        if (try_sizes(&o, 0, request->count))
            return o.answer;
    return (struct best_answer){0};
}

/* --- all sets of seats --- */

struct sets {
    const struct best_hall *hall;
    const struct best_request *request;
    uint8_t is_free[BEST_HALL_SEATS_MAX];
};

/* Whether so many more parts, from this seat on, make a set that may be offered. */
static bool is_set(struct sets *sets, uint32_t from, uint32_t parts, uint32_t rest,
                   uint32_t accessible)
{
    const struct best_request *request = sets->request;
    if (rest == 0 || parts == 0)
        return rest == 0 && accessible == 0 &&
               (request->may_leave_single ||
                !makes_single(sets->hall, sets->hall->is_free, sets->is_free));
    for (uint32_t first = from; first < sets->hall->plan->seated_count; first++) {
        uint32_t end = first, wheelchairs = 0;
        bool is_found = false;
        struct part part = {.category = request->category,
                            .accessible_count = request->accessible_count,
                            .may_leave_single = true};
        while (!is_found && end - first < rest) {
            const struct plan_seat *seat = seat_of(sets->hall, end);
            part.count = 1;
            if (end >= sets->hall->plan->seated_count || !sets->hall->is_free[end] ||
                (end > first && (!is_joined(sets->hall, end - 1, end) ||
                                 seat->category != seat_of(sets->hall, first)->category)) ||
                (part.category >= 0 && seat->category != part.category) ||
                !is_offered(&part, seat->flags))
                break;
            wheelchairs += (seat->flags & PLAN_ACCESSIBLE) != 0;
            sets->is_free[end++] = 0;
            is_found = wheelchairs <= accessible &&
                       is_set(sets, end, parts - 1, rest - (end - first), accessible - wheelchairs);
        }
        memset(sets->is_free + first, 1, end - first);
        if (is_found)
            return true;
    }
    return false;
}

static bool is_set_of(const struct best_hall *hall, const struct best_request *request,
                      uint32_t parts)
{
    struct sets sets = {.hall = hall, .request = request};
    memcpy(sets.is_free, hall->is_free, sizeof sets.is_free);
    return is_set(&sets, 0, parts, request->count, request->accessible_count);
}

/* --- random halls --- */

static void random_hall(struct best_hall *hall, uint64_t *state, char *drawing, uint32_t rows_max,
                        uint32_t columns_max)
{
    size_t at = 0;
    uint32_t rows = 1 + best_hall_dice(state, rows_max);
    uint32_t columns = 2 + best_hall_dice(state, columns_max - 1);
    uint32_t taken = 1 + best_hall_dice(state, 9), special = best_hall_dice(state, 6);
    for (uint32_t row = 0; row < rows; row++) {
        bool is_dear = best_hall_dice(state, 2) == 0;
        drawing[at++] = is_dear ? '.' : ','; /* two, so that the usual step is known */
        drawing[at++] = 'x';
        for (uint32_t x = 2; x < columns; x++) {
            is_dear ^= best_hall_dice(state, 12) == 0;
            drawing[at++] = best_hall_dice(state, 12) == 0         ? ' '
                            : best_hall_dice(state, 10) < taken    ? 'x'
                            : best_hall_dice(state, 12) >= special ? (is_dear ? '.' : ',')
                            : is_dear                              ? "wcr"[best_hall_dice(state, 3)]
                                                                   : "WC"[best_hall_dice(state, 2)];
        }
        if (row + 1 < rows)
            drawing[at++] = '\n';
    }
    drawing[at] = '\0';
    best_hall_init(hall, drawing);
}

static struct best_request random_request(uint64_t *state, uint32_t count_max)
{
    struct best_request request = {.count = 1 + best_hall_dice(state, count_max),
                                   .category = (int32_t)best_hall_dice(state, 3) - 1,
                                   .may_leave_single = best_hall_dice(state, 3) == 0};
    if (best_hall_dice(state, 3) == 0)
        request.accessible_count = best_hall_dice(state, request.count + 1);
    return request;
}

static const char *text_of(const struct best_answer *answer)
{
    static char texts[2][256];
    static int turn;
    char *text = texts[turn ^= 1];
    size_t used = (size_t)snprintf(text, sizeof texts[0], "%u parts:", answer->parts);
    for (uint32_t i = 0; i < answer->count; i++)
        used += (size_t)snprintf(text + used, sizeof texts[0] - used, " %u", answer->seats[i]);
    return text;
}

static const char *request_text(const struct best_request *request)
{
    static char text[120];
    (void)snprintf(text, sizeof text, "%u wanted, %u accessible, category %d%s", request->count,
                   request->accessible_count, request->category,
                   request->may_leave_single ? ", may leave singles" : "");
    return text;
}

Test(best_oracle, every_answer_is_the_oracles)
{
    enum { ROUNDS = 15000 };
    uint64_t seed = (uint64_t)time(NULL) * 100000 + (uint64_t)getpid(), state = seed;
    size_t by_parts[4] = {0}, wheelchairs = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct best_hall hall;
        struct best_answer answer;
        char drawing[BEST_HALL_SEATS_MAX + 8];
        random_hall(&hall, &state, drawing, 5, 12);
        const struct best_request request = random_request(&state, 6);
        const struct best_answer expected = ask_oracle(&hall, &request);
        best_seats_find(hall.index, hall.is_free, &request, &answer);
        cr_assert_str_eq(text_of(&answer), text_of(&expected), "seed %llu round %d:\n%s\n%s\n%s %s",
                         (unsigned long long)seed, round, drawing, request_text(&request),
                         text_of(&answer), text_of(&expected));
        by_parts[answer.parts < 3 ? answer.parts : 3]++;
        wheelchairs += answer.count > 0 && request.accessible_count > 0;
        best_hall_release(&hall);
    }
    cr_assert(by_parts[0] > 100 && by_parts[1] > 1000 && by_parts[2] > 500 && by_parts[3] > 200 &&
                  wheelchairs > 300,
              "%zu %zu %zu %zu, %zu", by_parts[0], by_parts[1], by_parts[2], by_parts[3],
              wheelchairs);
}

/* Two parts are found whenever they exist, since the first part moves on until the second one finds
 * a place. Of three and more only the first one moves, prices are mixed one part after the other,
 * and several wheelchairs are not spread in every way: there a set is missed now and then, and
 * best_desk.c asks once more without the rule of singles. */
static bool must_be_found(const struct best_hall *hall, struct best_request request)
{
    bool is_of_one = request.category >= 0;
    if (request.accessible_count > 1 && request.accessible_count < request.count)
        return false;
    for (request.category = 0; !is_of_one && request.category < 2; request.category++)
        is_of_one = is_set_of(hall, &request, 2);
    return is_of_one;
}

Test(best_oracle, no_set_of_fewer_parts_exists)
{
    enum { ROUNDS = 4000, SELDOM = 50 };
    uint64_t seed = (uint64_t)time(NULL) * 100000 + (uint64_t)getpid(), state = seed;
    size_t split = 0, missed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct best_hall hall;
        struct best_answer answer;
        char drawing[BEST_HALL_SEATS_MAX + 8];
        random_hall(&hall, &state, drawing, 3, 9);
        const struct best_request request = random_request(&state, 5);
        best_seats_find(hall.index, hall.is_free, &request, &answer);
        uint32_t fewer = answer.count == 0 ? request.count : answer.parts - 1;
        if (fewer > 0 && is_set_of(&hall, &request, fewer)) {
            bool is_wrong = is_set_of(&hall, &request, 2) && must_be_found(&hall, request);
            cr_assert_not(is_wrong, "seed %llu round %d:\n%s\n%s\n%s, 2 are possible",
                          (unsigned long long)seed, round, drawing, request_text(&request),
                          text_of(&answer));
            missed++;
        }
        split += answer.parts > 1;
        best_hall_release(&hall);
    }
    cr_assert(split > 200 && missed * SELDOM < split, "%zu split, %zu missed", split, missed);
}
