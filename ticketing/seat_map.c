/* See seat_map.h. Per seat three bytes: the state, what the browsers were told, and whether the
 * seat stands in the list of those to look at. The list never grows beyond the plan, so a tick
 * costs what changed, and a storm of changes no more than one walk over the seats. Texts are read
 * twice: once to be sure of every part, then to apply it, so half a message is never applied. */
#include "ticketing/seat_map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct seat_map {
    bool needs_snapshot, is_reset;
    int64_t version;
    size_t count;
    uint8_t *states;      /* enum seat_state */
    uint8_t *told;        /* enum wire_state */
    uint16_t *categories; /* of the first categories_count seats, or NULL */
    size_t categories_count;
    uint32_t totals[SEAT_STATE_COUNT]; /* of all seats */
    uint32_t counts[PLAN_CATEGORIES_MAX][SEAT_STATE_COUNT];
    uint8_t *is_listed; /* stands in `listed` */
    uint32_t *listed;
    size_t listed_count;
    uint32_t *lists; /* 3 * count: what take_changes gave out */
    char *pending;   /* messages while a snapshot is needed: size_t bytes, text, ... */
    size_t pending_bytes;
};

static enum wire_state wire_of(uint8_t state)
{
    static const uint8_t wire[SEAT_STATE_COUNT] = {
        [SEAT_FREE] = WIRE_FREE,
        [SEAT_HELD] = WIRE_HELD,
        [SEAT_PAYING] = WIRE_HELD,
        [SEAT_SOLD] = WIRE_SOLD,
        [SEAT_NOT_FOR_SALE] = WIRE_NOT_FOR_SALE,
    };
    return state < SEAT_STATE_COUNT ? wire[state] : WIRE_NOT_FOR_SALE;
}

/* --- life --- */

struct seat_map *seat_map_create(void)
{
    struct seat_map *map = calloc(1, sizeof(*map));
    if (map != NULL)
        map->needs_snapshot = true;
    return map;
}

static void release_seats(struct seat_map *map)
{
    free(map->states);
    free(map->told);
    free(map->is_listed);
    free(map->listed);
    free(map->lists);
}

void seat_map_free(struct seat_map *map)
{
    if (map == NULL)
        return;
    release_seats(map);
    free(map->categories);
    free(map->pending);
    free(map);
}

/* --- counting --- */

static void count_seat(struct seat_map *map, uint32_t seat, uint8_t state, uint32_t step)
{
    if (state >= SEAT_STATE_COUNT)
        return;
    map->totals[state] += step;
    if (seat < map->categories_count)
        map->counts[map->categories[seat]][state] += step;
}

static void recount(struct seat_map *map)
{
    memset(map->totals, 0, sizeof(map->totals));
    memset(map->counts, 0, sizeof(map->counts));
    for (uint32_t seat = 0; seat < map->count; seat++)
        count_seat(map, seat, map->states[seat], 1);
}

bool seat_map_set_categories(struct seat_map *map, const uint16_t *categories, size_t count)
{
    uint16_t *copy = malloc((count > 0 ? count : 1) * sizeof(*copy));
    if (copy == NULL)
        return false;
    for (size_t seat = 0; seat < count; seat++) {
        assert(categories[seat] < PLAN_CATEGORIES_MAX);
        copy[seat] = categories[seat];
    }
    free(map->categories);
    map->categories = copy;
    map->categories_count = count;
    recount(map);
    return true;
}

uint32_t seat_map_count(const struct seat_map *map, size_t category, enum seat_state state)
{
    assert(state < SEAT_STATE_COUNT);
    return category < PLAN_CATEGORIES_MAX ? map->counts[category][state] : 0;
}

bool seat_map_is_held_out(const struct seat_map *map)
{
    return map->totals[SEAT_FREE] == 0 && map->totals[SEAT_HELD] + map->totals[SEAT_PAYING] > 0;
}

/* Makes room for another plan; on failure the map stays as it is. */
static bool resize(struct seat_map *map, size_t count)
{
    size_t room = count > 0 ? count : 1;
    struct seat_map fresh = {.states = calloc(room, 1),
                             .told = calloc(room, 1),
                             .is_listed = calloc(room, 1),
                             .listed = calloc(room, sizeof(uint32_t)),
                             .lists = calloc(room, 3 * sizeof(uint32_t))};
    if (!fresh.states || !fresh.told || !fresh.is_listed || !fresh.listed || !fresh.lists) {
        release_seats(&fresh);
        return false;
    }
    release_seats(map);
    map->states = fresh.states;
    map->told = fresh.told;
    map->is_listed = fresh.is_listed;
    map->listed = fresh.listed;
    map->lists = fresh.lists;
    map->listed_count = 0;
    map->count = count;
    recount(map);
    return true;
}

/* --- changes --- */

static void set_state(struct seat_map *map, uint32_t seat, uint8_t state)
{
    bool was_on_sale = wire_of(map->states[seat]) != WIRE_NOT_FOR_SALE;
    bool is_on_sale = wire_of(state) != WIRE_NOT_FOR_SALE;
    if (was_on_sale != is_on_sale)
        map->is_reset = true;
    count_seat(map, seat, map->states[seat], UINT32_MAX); /* one less */
    count_seat(map, seat, state, 1);
    map->states[seat] = state;
    if (!map->is_listed[seat]) {
        map->is_listed[seat] = 1;
        map->listed[map->listed_count++] = seat;
    }
}

/* A decimal number without sign; false when there is none or it exceeds `max`. */
static bool read_number(const char **at, const char *end, int64_t max, int64_t *number)
{
    const char *first = *at;
    int64_t value = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        int digit = **at - '0';
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return *at > first;
}

/* Walks over "idx=state,idx=state"; sets them only when `is_applied`. */
static bool walk_changes(struct seat_map *map, const char *at, const char *end, bool is_applied)
{
    for (;;) {
        int64_t seat, state;
        if (!read_number(&at, end, (int64_t)map->count - 1, &seat) || at == end || *at++ != '=' ||
            !read_number(&at, end, SEAT_STATE_COUNT - 1, &state))
            return false;
        if (is_applied)
            set_state(map, (uint32_t)seat, (uint8_t)state);
        if (at == end)
            return true;
        if (*at++ != ',')
            return false;
    }
}

/* Applies a text to a map that is live. */
static enum seat_map_status apply(struct seat_map *map, const char *text, size_t bytes)
{
    const char *at = text, *end = text + bytes;
    int64_t version;
    if (!read_number(&at, end, INT64_MAX - 1, &version) || at == end || *at++ != '|')
        return SEAT_MAP_NEEDS_SNAPSHOT;
    if (version <= map->version)
        return SEAT_MAP_OK;
    const char *visitors = memchr(at, '|', (size_t)(end - at));
    if (visitors != NULL)
        end = visitors; /* whose holds they were is no matter of the map */
    bool is_everything = end - at == 1 && *at == '*';
    if (is_everything || version != map->version + 1 || !walk_changes(map, at, end, false))
        return SEAT_MAP_NEEDS_SNAPSHOT;
    (void)walk_changes(map, at, end, true);
    map->version = version;
    return SEAT_MAP_OK;
}

/* --- while a snapshot is under way --- */

/* Keeps a message. When they become too many all are forgotten, and the version gap tells. */
static void keep(struct seat_map *map, const char *text, size_t bytes)
{
    if (map->pending == NULL)
        map->pending = malloc(SEAT_MAP_PENDING_BYTES_MAX);
    size_t used = map->pending_bytes;
    bool is_room = map->pending != NULL && bytes < SEAT_MAP_PENDING_BYTES_MAX &&
                   used + sizeof(bytes) + bytes <= SEAT_MAP_PENDING_BYTES_MAX;
    if (!is_room) {
        map->pending_bytes = 0;
        return;
    }
    memcpy(map->pending + used, &bytes, sizeof(bytes));
    memcpy(map->pending + used + sizeof(bytes), text, bytes);
    map->pending_bytes = used + sizeof(bytes) + bytes;
}

static enum seat_map_status apply_pending(struct seat_map *map)
{
    enum seat_map_status status = SEAT_MAP_OK;
    for (size_t at = 0; status == SEAT_MAP_OK && at < map->pending_bytes;) {
        size_t bytes;
        memcpy(&bytes, map->pending + at, sizeof(bytes));
        at += sizeof(bytes);
        status = apply(map, map->pending + at, bytes);
        at += bytes;
    }
    return status;
}

enum seat_map_status seat_map_apply_message(struct seat_map *map, const char *text, size_t bytes)
{
    if (!map->needs_snapshot && apply(map, text, bytes) == SEAT_MAP_OK)
        return SEAT_MAP_OK;
    map->needs_snapshot = true;
    keep(map, text, bytes);
    return SEAT_MAP_NEEDS_SNAPSHOT;
}

enum seat_map_status seat_map_apply_snapshot(struct seat_map *map,
                                             const struct seat_snapshot *snapshot)
{
    assert(snapshot->count <= UINT32_MAX);
    if (!map->needs_snapshot && snapshot->version <= map->version)
        return SEAT_MAP_OK;
    if (snapshot->count != map->count || map->states == NULL) {
        if (!resize(map, snapshot->count))
            return SEAT_MAP_NO_MEMORY;
        map->is_reset = true;
    }
    for (uint32_t seat = 0; seat < map->count; seat++)
        if (map->states[seat] != snapshot->states[seat])
            set_state(map, seat, snapshot->states[seat]);
    map->version = snapshot->version;
    enum seat_map_status status = apply_pending(map);
    map->needs_snapshot = status != SEAT_MAP_OK;
    map->pending_bytes = 0;
    free(map->pending);
    map->pending = NULL;
    return status;
}

/* --- looking --- */

bool seat_map_needs_snapshot(const struct seat_map *map)
{
    return map->needs_snapshot;
}

int64_t seat_map_version(const struct seat_map *map)
{
    return map->version;
}

size_t seat_map_seats_count(const struct seat_map *map)
{
    return map->count;
}

enum seat_state seat_map_state(const struct seat_map *map, uint32_t seat)
{
    if (seat >= map->count || map->states[seat] >= SEAT_STATE_COUNT)
        return SEAT_NOT_FOR_SALE;
    return (enum seat_state)map->states[seat];
}

static int by_seat(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

bool seat_map_take_changes(struct seat_map *map, struct seat_changes *changes)
{
    *changes = (struct seat_changes){.version = map->version};
    if (map->lists == NULL)
        return false;
    uint32_t *list[WIRE_STATE_COUNT] = {map->lists, map->lists + map->count,
                                        map->lists + 2 * map->count, NULL};
    size_t count[WIRE_STATE_COUNT] = {0};
    if (map->listed_count > 1)
        qsort(map->listed, map->listed_count, sizeof(*map->listed), by_seat);
    for (size_t i = 0; i < map->listed_count; i++) {
        uint32_t seat = map->listed[i];
        enum wire_state wire = wire_of(map->states[seat]);
        map->is_listed[seat] = 0;
        if (map->told[seat] != wire && wire != WIRE_NOT_FOR_SALE)
            list[wire][count[wire]++] = seat;
        map->told[seat] = (uint8_t)wire;
    }
    map->listed_count = 0;
    changes->is_reset = map->is_reset;
    if (!map->is_reset) {
        changes->free = list[WIRE_FREE], changes->free_count = count[WIRE_FREE];
        changes->held = list[WIRE_HELD], changes->held_count = count[WIRE_HELD];
        changes->sold = list[WIRE_SOLD], changes->sold_count = count[WIRE_SOLD];
    }
    map->is_reset = false;
    return changes->is_reset || changes->free_count + changes->held_count + changes->sold_count > 0;
}

void seat_map_tell_all(struct seat_map *map)
{
    map->is_reset = true;
}

size_t seat_map_packed_bytes(const struct seat_map *map)
{
    return (map->count + 3) / 4;
}

void seat_map_pack(const struct seat_map *map, uint8_t *out)
{
    if (map->count > 0)
        memset(out, 0, seat_map_packed_bytes(map));
    for (size_t seat = 0; seat < map->count; seat++)
        out[seat / 4] = (uint8_t)(out[seat / 4] | wire_of(map->states[seat]) << (seat % 4 * 2));
}
