/* See the header. Which parts a group is split into is tried in order, each part by one walk over
 * the house (best_walk.c). What the free seats can give at all is counted once, so that splits that
 * cannot work cost no walk. */
#include "ticketing/best_seats.h"

#include <assert.h>
#include <string.h>
#include "ticketing/best_house.h"

/* Slots looked at for splits that seemed possible and were not; then everybody sits apart. About a
 * millisecond. */
#define WALKED_SLOTS_MAX 300000
#define WALKED_SLOTS_EACH_MAX 40000 /* for one of them */
#define SPLITS_MAX 32               /* of so many parts, the even ones first */

/* What there is for a question, of a category or of all: `sizes` has bit s when a part of s seats
 * may be found. */
struct supply {
    uint32_t free_count, longest;
    uint64_t sizes;
};

_Static_assert(HOLD_SEATS_MAX < 64, "a size is a bit");

/* Parts of a group, largest first, and how many accessible seats each has. */
struct split {
    uint32_t parts, sizes[HOLD_SEATS_MAX], accessible[HOLD_SEATS_MAX];
};

/* One question on its way. */
struct search {
    struct best_index *index;
    const struct best_request *request;
    struct best_answer *answer;
    struct supply of[PLAN_CATEGORIES_MAX], all;
    uint32_t walked;
};

/* --- what there is --- */

/* The sizes of parts that a run of seats of one category may give. A part leaves nobody alone when
 * it takes all or leaves two or more; with a neighbour of another category, or special seats, it
 * may leave one. */
static uint64_t sizes_of(uint32_t run, bool may_leave_one)
{
    uint32_t longest = run < HOLD_SEATS_MAX ? run : HOLD_SEATS_MAX;
    uint64_t sizes = ((UINT64_C(2) << longest) - 1) & ~UINT64_C(1);
    if (!may_leave_one && run > 1 && run - 1 <= HOLD_SEATS_MAX)
        sizes &= ~(UINT64_C(1) << (run - 1));
    return sizes;
}

/* Whether the slot goes on with a run that the one before has begun. */
static bool goes_on(const struct best_index *index, uint32_t slot)
{
    return index->slots[slot].is_joined &&
           index->slots[slot].category == index->slots[slot - 1].category;
}

/* Free seats beside a run, of another category: a part may leave one that has them for company. */
static bool has_company(const struct best_index *index, uint32_t first, uint32_t end)
{
    return (index->slots[first].is_joined && index->is_free[first - 1]) ||
           (index->slots[end].is_joined && index->is_free[end]);
}

static void look_over(struct search *search)
{
    const struct best_index *index = search->index;
    bool is_special = search->request->accessible_count > 0;
    const struct best_wish wish = {.accessible_count = is_special};
    for (uint32_t i = 0; i < index->slots_count; i++) {
        uint32_t first = i;
        struct supply *supply = &search->of[index->slots[first].category];
        if (!index->is_free[i] || !best_is_offered(&wish, index->slots[i].flags))
            continue;
        while (index->is_free[i + 1] && goes_on(index, i + 1) &&
               best_is_offered(&wish, index->slots[i + 1].flags))
            i++;
        supply->free_count += i + 1 - first;
        supply->longest = i + 1 - first > supply->longest ? i + 1 - first : supply->longest;
        supply->sizes |= sizes_of(i + 1 - first, is_special || search->request->may_leave_single ||
                                                     has_company(index, first, i + 1));
    }
    for (size_t i = 0; i < index->categories_count; i++) {
        search->all.free_count += search->of[i].free_count;
        search->all.sizes |= search->of[i].sizes;
        if (search->of[i].longest > search->all.longest)
            search->all.longest = search->of[i].longest;
    }
}

/* --- one split --- */

static void take(struct search *search, const struct best_window *window, uint32_t count)
{
    struct best_answer *answer = search->answer;
    for (uint32_t i = 0; i < count; i++) {
        search->index->is_free[window->first + i] = 0;
        answer->seats[answer->count++] = window->first + i;
    }
    answer->parts++;
}

static void give_back(struct search *search)
{
    for (uint32_t i = 0; i < search->answer->count; i++)
        search->index->is_free[search->answer->seats[i]] = 1;
    *search->answer = (struct best_answer){0};
}

static void go_near(const struct best_index *index, struct best_wish *wish,
                    const struct best_window *window)
{
    const struct best_slot *a = &index->slots[window->first], *b = a + wish->count - 1;
    wish->is_near = true;
    wish->near_slot = window->first;
    wish->behind = NULL;
    wish->x = (a->x + b->x) / 2;
    wish->y = (a->y + b->y) / 2;
}

/* Whether there may be so many seats in parts of these sizes. */
static bool is_supplied(const struct supply *supply, const struct split *split, uint32_t count)
{
    for (uint32_t i = 0; i < split->parts; i++)
        if ((supply->sizes >> split->sizes[i] & 1) == 0)
            return false;
    return supply->free_count >= count;
}

static uint32_t slots_of(const struct best_index *index, int32_t category)
{
    return category < 0 ? index->slots_count : index->until[category] - index->from[category];
}

/* Takes the first part's window and, as near as possible to it, the others; or nothing. */
static bool take_all(struct search *search, const struct split *split,
                     const struct best_window *first, const struct best_wish *wished)
{
    struct best_wish wish = *wished;
    take(search, first, wish.count);
    go_near(search->index, &wish, first);
    for (uint32_t i = 1; i < split->parts; i++) {
        wish.count = split->sizes[i];
        wish.accessible_count = split->accessible[i];
        struct best_window window = best_walk(search->index, &wish);
        if (window.first == BEST_NOWHERE) {
            search->walked += slots_of(search->index, wish.category);
            give_back(search);
            return false;
        }
        take(search, &window, wish.count);
    }
    return true;
}

/* All parts of one category (or of any, -1), or nothing. Where the first part sits best, it may be
 * in the way of the others: then it is moved on. */
static bool try_split(struct search *search, const struct split *split, int32_t category)
{
    const struct best_request *request = search->request;
    struct best_wish wish = {.category = category,
                             .count = split->sizes[0],
                             .accessible_count = split->accessible[0],
                             .may_leave_single = request->may_leave_single,
                             .may_be_companion = request->accessible_count > 0};
    uint32_t before = search->walked;
    if (split->parts > 1 &&
        !is_supplied(category < 0 ? &search->all : &search->of[category], split, request->count))
        return false;
    struct best_window first = best_walk(search->index, &wish);
    while (first.first != BEST_NOWHERE) {
        struct best_window behind = first;
        if (take_all(search, split, &first, &wish))
            return true;
        search->walked += slots_of(search->index, category);
        if (search->walked - before >= WALKED_SLOTS_EACH_MAX)
            return false;
        wish.behind = &behind;
        first = best_walk(search->index, &wish);
    }
    search->walked += slots_of(search->index, category);
    return false;
}

/* Category by category, dearest first; then mixed: each part is of one category in any case. */
static bool try_everywhere(struct search *search, const struct split *split)
{
    const struct best_index *index = search->index;
    if (search->request->category >= 0)
        return try_split(search, split, search->request->category);
    for (size_t rank = 0; rank < index->categories_count; rank++)
        if (try_split(search, split, index->by_rank[rank]))
            return true;
    return try_split(search, split, -1);
}

/* --- which splits --- */

static void share(uint32_t count, uint32_t parts, uint32_t *shares)
{
    for (uint32_t i = 0; i < parts; i++)
        shares[i] = count / parts + (i < count % parts);
}

/* The next more uneven one of as many parts. False when there is none. */
static bool make_uneven(struct split *split)
{
    uint32_t rest = 0;
    for (uint32_t i = split->parts; i-- > 0; rest += split->sizes[i]) {
        uint32_t after = split->parts - 1 - i; /* parts that have `rest` seats together */
        if (rest > after && (i == 0 || split->sizes[i] < split->sizes[i - 1])) {
            split->sizes[i]++;
            share(rest - 1, after, &split->sizes[i + 1]);
            return true;
        }
    }
    return false;
}

/* All accessible seats in one part, which is chosen first: the largest that has them, or a smaller
 * one. */
static bool try_accessible_together(struct search *search, const struct split *split)
{
    struct split turned = *split;
    uint32_t count = search->request->accessible_count;
    for (uint32_t i = 0; i < split->parts && split->sizes[i] >= count; i++) {
        if (i > 0 && (count == 0 || split->sizes[i] == split->sizes[i - 1]))
            continue;
        turned.sizes[0] = split->sizes[i];
        memcpy(&turned.sizes[1], split->sizes, i * sizeof split->sizes[0]);
        turned.accessible[0] = count;
        if (try_everywhere(search, &turned))
            return true;
    }
    return false;
}

/* Accessible seats in several parts: as even as possible, or as many in each as it takes. */
static bool try_accessible_apart(struct search *search, const struct split *split)
{
    struct split even = *split, full = *split;
    uint32_t rest = search->request->accessible_count;
    bool is_even = true;
    if (rest < 2 || split->parts < 2)
        return false;
    share(rest, split->parts, even.accessible);
    for (uint32_t i = 0; i < split->parts; i++) {
        is_even = is_even && even.accessible[i] <= split->sizes[i];
        full.accessible[i] = rest < split->sizes[i] ? rest : split->sizes[i];
        rest -= full.accessible[i];
    }
    return (is_even && try_everywhere(search, &even)) || try_everywhere(search, &full);
}

static bool try_parts(struct search *search, uint32_t parts)
{
    struct split split = {.parts = parts}; /* without accessible seats */
    share(search->request->count, parts, split.sizes);
    for (uint32_t i = 0; i < SPLITS_MAX && split.sizes[0] <= search->all.longest; i++) {
        if (try_accessible_together(search, &split) || try_accessible_apart(search, &split))
            return true;
        if (search->walked >= WALKED_SLOTS_MAX || !make_uneven(&split))
            break;
    }
    return false;
}

void best_seats_find(struct best_index *index, const uint8_t *is_free,
                     const struct best_request *request, struct best_answer *answer)
{
    struct search search = {.index = index, .request = request, .answer = answer};
    assert(request->count >= 1 && request->count <= HOLD_SEATS_MAX);
    assert(request->accessible_count <= request->count);
    assert(request->category < (int32_t)index->categories_count);
    *answer = (struct best_answer){0};
    for (uint32_t i = 0; i < index->slots_count; i++)
        index->is_free[i] = is_free[i] != 0 && (index->slots[i].flags & PLAN_NOT_FOR_SALE) == 0;
    const struct split together = {
        .parts = 1, .sizes = {request->count}, .accessible = {request->accessible_count}};
    if (try_split(&search, &together, request->category))
        return;
    look_over(&search);
    for (uint32_t parts = 2; parts <= request->count; parts++)
        if ((search.walked < WALKED_SLOTS_MAX || parts == request->count) &&
            try_parts(&search, parts))
            return;
}

bool best_seats_is_nearly_full(uint32_t free_count, uint32_t seats_count)
{
    return (uint64_t)free_count * 100 < (uint64_t)BEST_SEATS_FULL_PERCENT * seats_count;
}
