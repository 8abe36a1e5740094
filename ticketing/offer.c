/* See the header. The sum cannot overflow: HOLD_SEATS_MAX times PRICE_MINOR_MAX fits int64. */
#include "ticketing/offer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/json_text.h"

#define SEAT_DIGITS_MAX 6 /* of an index below PLAN_SEATS_MAX */

_Static_assert(PRICE_MINOR_MAX <= INT64_MAX / HOLD_SEATS_MAX, "an offer's sum fits");

/* A seat's index as a key: digits only, no leading zero. */
static bool read_seat(const char *key, uint32_t *seat)
{
    size_t digits = strspn(key, "0123456789");
    if (digits == 0 || digits > SEAT_DIGITS_MAX || key[digits] != '\0' ||
        (key[0] == '0' && digits > 1))
        return false;
    *seat = (uint32_t)strtoul(key, NULL, 10);
    return true;
}

static size_t find(const struct held_seat *seats, size_t count, uint32_t seat)
{
    size_t at = 0;
    while (at < count && seats[at].seat != seat)
        at++;
    return at;
}

static bool has_type(const struct plan *plan, uint32_t seat, json_int_t type)
{
    struct plan_place place;
    struct plan_type found;
    return type >= 0 && type < PLAN_TYPES_MAX && plan_place(plan, seat, &place) == PLAN_OK &&
           plan_type_of(place.category, (uint32_t)type, &found);
}

enum offer_status offer_read_types(const json_t *types, const struct plan *plan,
                                   const struct held_seat *seats, size_t count,
                                   uint8_t out[HOLD_SEATS_MAX], uint32_t *seat)
{
    const char *key;
    json_t *value;
    assert(count <= HOLD_SEATS_MAX);
    memset(out, 0, HOLD_SEATS_MAX);
    if (types == NULL)
        return OFFER_OK;
    if (!json_is_object(types))
        return OFFER_BAD_TYPES;
    json_object_foreach((json_t *)(uintptr_t)types, key, value) {
        if (!read_seat(key, seat) || !json_is_integer(value))
            return OFFER_BAD_TYPES;
        size_t at = find(seats, count, *seat);
        if (at == count)
            return OFFER_NOT_HELD;
        if (!has_type(plan, *seat, json_integer_value(value)))
            return OFFER_NO_SUCH_TYPE;
        out[at] = (uint8_t)json_integer_value(value);
    }
    return OFFER_OK;
}

static void add_seat(struct json_text *text, uint32_t seat, const struct plan_place *place,
                     const struct plan_type *type)
{
    json_text_whole(text, "{\"seat\":", seat);
    json_text_string(text, ",\"section\":", place->section);
    json_text_string(text, ",\"row\":", place->row);
    json_text_string(text, ",\"number\":", place->number);
    json_text_string(text, ",\"category\":", place->category->name);
    json_text_string(text, ",\"type\":", type->name);
    json_text_whole(text, ",\"price_minor\":", type->price_minor);
    json_text_raw(text, "}");
}

enum offer_status offer_make(const struct plan *plan, const struct held_seat *seats, size_t count,
                             const uint8_t *types, struct offer *out)
{
    struct json_text text = {0};
    int64_t amount_minor = 0;
    assert(count <= HOLD_SEATS_MAX);
    json_text_raw(&text, "[");
    for (size_t i = 0; i < count; i++) {
        struct plan_place place;
        struct plan_type type;
        bool is_seat = plan_is_for_sale(plan, seats[i].seat) &&
                       plan_place(plan, seats[i].seat, &place) == PLAN_OK;
        if (!is_seat || !plan_type_of(place.category, types[i], &type)) {
            json_text_release(&text);
            return is_seat ? OFFER_NO_SUCH_TYPE : OFFER_NO_SUCH_SEAT;
        }
        amount_minor += type.price_minor;
        if (i > 0)
            json_text_raw(&text, ",");
        add_seat(&text, seats[i].seat, &place, &type);
    }
    json_text_raw(&text, "]");
    *out = (struct offer){amount_minor, text.bytes};
    return OFFER_OK;
}

void offer_release(struct offer *offer)
{
    free(offer->text);
    *offer = (struct offer){0};
}
