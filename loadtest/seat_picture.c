/* The plan is read once per run, before the processes part; each then has its own copy. */
#include "loadtest/seat_picture.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/limits.h"

#define FLAG_NOT_FOR_SALE 16

static bool read_row(struct seat_picture *p, json_t *row)
{
    json_int_t first = json_integer_value(json_object_get(row, "first"));
    json_t *seats = json_object_get(row, "seats"), *seat;
    size_t i;
    if (!json_is_array(seats) || first < 0 ||
        (uint64_t)first + json_array_size(seats) > p->seats_count)
        return false;
    json_array_foreach(seats, i, seat) {
        bool is_sold_here = !(json_integer_value(json_array_get(seat, 4)) & FLAG_NOT_FOR_SALE);
        p->states[(size_t)first + i] = is_sold_here ? PICTURE_FREE : PICTURE_NOT_FOR_SALE;
        p->numbered_count += is_sold_here;
        p->row_ends[(size_t)first + i] = (uint32_t)(first + (json_int_t)json_array_size(seats));
    }
    return true;
}

static bool read_sections(struct seat_picture *p, json_t *sections)
{
    size_t i, k;
    json_t *section, *row;
    json_array_foreach(sections, i, section) {
        json_array_foreach(json_object_get(section, "rows"), k, row)
            if (!read_row(p, row))
                return false;
    }
    return true;
}

static bool read_areas(struct seat_picture *p, json_t *areas)
{
    size_t i;
    json_t *area;
    json_array_foreach(areas, i, area) {
        json_int_t first = json_integer_value(json_object_get(area, "first"));
        json_int_t capacity = json_integer_value(json_object_get(area, "capacity"));
        if (i == SEAT_PICTURE_AREAS_MAX || first < 0 || capacity < 0 || first > p->seats_count ||
            capacity > p->seats_count - first)
            return false;
        p->areas[p->areas_count++] =
            (struct picture_area){(uint32_t)first, (uint32_t)capacity, false};
        for (json_int_t k = first; k < first + capacity; k++) {
            p->is_area[k] = true;
            p->states[k] = PICTURE_FREE;
        }
    }
    return true;
}

static bool read_plan(struct seat_picture *p, json_t *plan, const char **why)
{
    json_int_t count = json_integer_value(json_object_get(plan, "seats_count"));
    *why = "the plan has no usable seats_count";
    if (count < 1 || count > STAMPEDE_PLAN_SEATS_MAX)
        return false;
    p->seats_count = (uint32_t)count;
    p->states = malloc(p->seats_count);
    p->is_area = calloc(p->seats_count, sizeof *p->is_area);
    p->row_ends = calloc(p->seats_count, sizeof *p->row_ends);
    *why = "no memory for the plan";
    if (!p->states || !p->is_area || !p->row_ends)
        return false;
    for (uint32_t i = 0; i < p->seats_count; i++)
        p->states[i] = PICTURE_NOT_FOR_SALE;
    *why = "a row or an area of the plan lies outside its seats";
    return read_sections(p, json_object_get(plan, "sections")) &&
           read_areas(p, json_object_get(plan, "areas"));
}

bool seat_picture_init(struct seat_picture *p, const char *plan, size_t bytes, const char **why)
{
    *p = (struct seat_picture){0};
    json_t *json = json_loadb(plan, bytes, 0, NULL);
    *why = "the plan is not JSON";
    bool is_good = json && read_plan(p, json, why);
    json_decref(json);
    if (!is_good)
        seat_picture_release(p);
    return is_good;
}

void seat_picture_release(struct seat_picture *p)
{
    free(p->states);
    free(p->is_area);
    free(p->row_ends);
    *p = (struct seat_picture){0};
}

bool seat_picture_load(struct seat_picture *p, const char *states, size_t bytes)
{
    size_t packed_max = p->seats_count / 4 + 4, packed_bytes;
    unsigned char *packed = malloc(packed_max);
    if (!packed)
        return false;
    bool is_good = sodium_base642bin(packed, packed_max, states, bytes, NULL, &packed_bytes, NULL,
                                     sodium_base64_VARIANT_ORIGINAL) == 0 &&
                   packed_bytes == ((size_t)p->seats_count + 3) / 4;
    for (uint32_t i = 0; is_good && i < p->seats_count; i++)
        p->states[i] = packed[i / 4] >> 2 * (i % 4) & 3;
    free(packed);
    return is_good;
}

void seat_picture_set(struct seat_picture *p, uint32_t seat, enum picture_state state)
{
    if (seat < p->seats_count)
        p->states[seat] = (uint8_t)state;
}

bool seat_picture_has_free(const struct seat_picture *p)
{
    return memchr(p->states, PICTURE_FREE, p->seats_count) != NULL;
}

static uint32_t choose(const struct seat_picture *p, struct dice *dice, uint32_t wanted,
                       bool is_free, uint32_t *seats)
{
    uint32_t at = (uint32_t)dice_between(dice, 0, (int64_t)p->seats_count - 1), count = 0;
    for (uint32_t looked = 0; looked < p->seats_count && count < wanted; looked++) {
        bool fits = is_free ? p->states[at] == PICTURE_FREE
                            : p->states[at] == PICTURE_HELD || p->states[at] == PICTURE_SOLD;
        if (fits && !p->is_area[at])
            seats[count++] = at;
        if (++at == p->seats_count)
            at = 0;
    }
    return count;
}

uint32_t seat_picture_choose(const struct seat_picture *p, struct dice *dice, uint32_t wanted,
                             uint32_t *seats)
{
    return choose(p, dice, wanted, true, seats);
}

/* Everyone looks at the same few seats: that is what is meant. */
uint32_t seat_picture_choose_front(const struct seat_picture *p, struct dice *dice, uint32_t wanted,
                                   uint32_t *seats)
{
    uint32_t first = 0;
    while (first < p->seats_count && (p->states[first] != PICTURE_FREE || p->is_area[first]))
        first++;
    if (first == p->seats_count)
        return 0;
    uint32_t end = p->row_ends[first] > first ? p->row_ends[first] : first + 1, count = 0;
    uint32_t from = (uint32_t)dice_between(dice, first, (int64_t)end - 1);
    for (uint32_t looked = 0; looked < end - first && count < wanted; looked++) {
        uint32_t seat = first + (from - first + looked) % (end - first);
        if (p->states[seat] == PICTURE_FREE && !p->is_area[seat])
            seats[count++] = seat;
    }
    return count;
}

uint32_t seat_picture_choose_taken(const struct seat_picture *p, struct dice *dice, uint32_t wanted,
                                   uint32_t *seats)
{
    return choose(p, dice, wanted, false, seats);
}

bool seat_picture_choose_area(const struct seat_picture *p, struct dice *dice, uint32_t *area)
{
    uint64_t places = p->numbered_count;
    for (uint32_t i = 0; i < p->areas_count; i++)
        places += p->areas[i].capacity;
    if (places == p->numbered_count)
        return false;
    int64_t drawn = dice_between(dice, 0, (int64_t)places - 1);
    for (uint32_t i = 0; i < p->areas_count; i++) {
        drawn -= p->areas[i].capacity;
        if (drawn < 0) {
            *area = i;
            return !p->areas[i].is_full;
        }
    }
    return false;
}
