/* Reads outbox entries (see the header). Lua's cjson writes whole numbers as such up to 14 digits
 * and as floating point beyond; an integral real is therefore taken, a fraction never. */
#include "ticketing/outbox_entry.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WHOLE_REAL_MAX 9007199254740992.0 /* 2^53: beyond, a double is no longer exact */

static const char *text(const json_t *object, const char *key, size_t bytes_max, bool may_be_empty)
{
    const json_t *value = json_object_get(object, key);
    size_t bytes = json_string_length(value);
    if (!json_is_string(value) || bytes > bytes_max || (bytes == 0 && !may_be_empty))
        return NULL;
    return json_string_value(value);
}

static bool whole(const json_t *object, const char *key, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
    } else if (json_is_real(value)) {
        double real = json_real_value(value);
        if (!(real >= 0 && real <= WHOLE_REAL_MAX) || real != (double)(int64_t)real)
            return false;
        *out = (int64_t)real;
    } else {
        return false;
    }
    return *out >= 0 && *out <= max;
}

static const char *read_seat(const json_t *object, struct outbox_seat *seat)
{
    int64_t index;
    if (!whole(object, "seat", PLAN_SEATS_MAX - 1, &index))
        return "a seat has no valid number";
    if (!whole(object, "price_minor", PRICE_MINOR_MAX, &seat->price_minor))
        return "a seat has no valid price_minor";
    seat->seat = (uint32_t)index;
    seat->section = text(object, "section", PLAN_LABEL_BYTES_MAX, true);
    seat->row = text(object, "row", PLAN_LABEL_BYTES_MAX, true);
    seat->number = text(object, "number", PLAN_LABEL_BYTES_MAX, true);
    seat->category = text(object, "category", PLAN_LABEL_BYTES_MAX, true);
    seat->type = json_object_get(object, "type") == NULL
                     ? ""
                     : text(object, "type", PLAN_LABEL_BYTES_MAX, true);
    if (seat->type == NULL)
        return "a seat's type is not a text, or too long";
    if (seat->section == NULL || seat->row == NULL || seat->number == NULL ||
        seat->category == NULL)
        return "a seat lacks section, row, number or category";
    return NULL;
}

static const char *read_seats(struct outbox_entry *entry)
{
    const json_t *seats = json_object_get(entry->root, "seats");
    size_t count = json_array_size(seats);
    int64_t sum = 0;
    if (count == 0 || count > HOLD_SEATS_MAX)
        return "seats is not a list of 1 to 50 seats";
    for (size_t i = 0; i < count; i++) {
        const char *reason = read_seat(json_array_get(seats, i), &entry->seats[i]);
        if (reason != NULL)
            return reason;
        sum += entry->seats[i].price_minor;
    }
    if (sum != entry->amount_minor)
        return "amount_minor is not the sum of the seats' prices";
    entry->seats_count = count;
    return NULL;
}

static const char *read_common(struct outbox_entry *entry)
{
    entry->order = text(entry->root, "order", ORDER_ID_BYTES, false);
    entry->event = text(entry->root, "event", EVENT_ID_BYTES_MAX, false);
    entry->visitor = text(entry->root, "visitor", VISITOR_ID_BYTES, false);
    entry->currency = text(entry->root, "currency", 3, false);
    entry->intent = text(entry->root, "intent", 63, true);
    entry->reason = text(entry->root, "reason", PLAN_LABEL_BYTES_MAX, true);
    if (entry->intent == NULL)
        entry->intent = "";
    if (entry->reason == NULL)
        entry->reason = "";
    if (entry->order == NULL || entry->event == NULL || entry->visitor == NULL)
        return "order, event or visitor is missing or too long";
    if (entry->currency == NULL || strlen(entry->currency) != 3)
        return "currency is not a code of three letters";
    if (!whole(entry->root, "amount_minor", PRICE_MINOR_MAX * HOLD_SEATS_MAX, &entry->amount_minor))
        return "amount_minor is missing or out of range";
    if (!whole(entry->root, "at_ms", INT64_MAX, &entry->at_ms))
        return "at_ms is missing or out of range";
    return NULL;
}

static const char *read_order(struct outbox_entry *entry)
{
    if (!whole(entry->root, "fence", INT64_MAX, &entry->fence))
        return "fence is missing or out of range";
    if (!whole(entry->root, "epoch", INT64_MAX, &entry->epoch))
        return "epoch is missing or out of range";
    return read_seats(entry);
}

static const char *read_body(struct outbox_entry *entry)
{
    const char *kind = text(entry->root, "kind", 16, false);
    const char *reason = read_common(entry);
    if (reason != NULL)
        return reason;
    if (kind != NULL && strcmp(kind, "order") == 0) {
        entry->kind = OUTBOX_ORDER;
        return read_order(entry);
    }
    if (kind != NULL && strcmp(kind, "void") == 0) {
        entry->kind = OUTBOX_VOID;
        return NULL;
    }
    if (kind != NULL && strcmp(kind, "intent") == 0) {
        entry->kind = OUTBOX_INTENT;
        return whole(entry->root, "until_ms", INT64_MAX, &entry->until_ms)
                   ? NULL
                   : "until_ms is missing or out of range";
    }
    return "kind is neither order, void nor intent";
}

const char *outbox_entry_read(const char *body, size_t body_bytes, struct outbox_entry *entry,
                              char *order_id)
{
    memset(entry, 0, sizeof *entry);
    order_id[0] = '\0';
    entry->root = json_loadb(body, body_bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(entry->root)) {
        outbox_entry_release(entry);
        return "the entry is not one JSON object";
    }
    const char *reason = read_body(entry);
    if (entry->order != NULL) {
        int bytes = snprintf(order_id, ORDER_ID_BYTES + 1, "%s", entry->order);
        if (bytes < 0 || bytes > ORDER_ID_BYTES)
            order_id[0] = '\0';
    }
    if (reason != NULL)
        outbox_entry_release(entry);
    return reason;
}

void outbox_entry_release(struct outbox_entry *entry)
{
    json_decref(entry->root);
    memset(entry, 0, sizeof *entry);
}
