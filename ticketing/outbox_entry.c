/* Reads outbox entries (see the header) with one look at each byte (server/base/json_scan.h): first
 * what each known field says, then whether that is an entry. Lua's cjson writes whole numbers as
 * such up to 14 digits and as floating point beyond; a whole real is therefore taken, a fraction
 * never. */
#include "ticketing/outbox_entry.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/json_scan.h"

/* Named in the order in which a gateway writes them: mostly the next one is the one that comes. */
enum field {
    FIELD_KIND,
    FIELD_ORDER,
    FIELD_EVENT,
    FIELD_VISITOR,
    FIELD_FENCE,
    FIELD_EPOCH,
    FIELD_INTENT,
    FIELD_AMOUNT,
    FIELD_CURRENCY,
    FIELD_AT,
    FIELD_SEATS,
    FIELD_UNTIL,
    FIELD_REASON,
    FIELD_COUNT
};

static const char *const field_names[FIELD_COUNT] = {
    "kind",         "order",    "event", "visitor", "fence",    "epoch", "intent",
    "amount_minor", "currency", "at_ms", "seats",   "until_ms", "reason"};

enum seat_field {
    SEAT_FIELD_SEAT,
    SEAT_FIELD_SECTION,
    SEAT_FIELD_ROW,
    SEAT_FIELD_NUMBER,
    SEAT_FIELD_CATEGORY,
    SEAT_FIELD_TYPE,
    SEAT_FIELD_PRICE,
    SEAT_FIELD_COUNT
};

static const char *const seat_field_names[SEAT_FIELD_COUNT] = {
    "seat", "section", "row", "number", "category", "type", "price_minor"};

/* The members of one object that are being read. */
struct members {
    const char *const *names;
    size_t count, next; /* next = the one that is expected */
    bool is_first;
    unsigned seen; /* a bit for each name */
    struct json_value *values;
};

static void members_init(struct members *m, const char *const *names, struct json_value *values,
                         size_t count)
{
    *m = (struct members){.names = names, .count = count, .is_first = true, .values = values};
    for (size_t i = 0; i < count; i++)
        values[i].kind = JSON_SCAN_OTHER;
}

static size_t find(const struct members *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++) {
        size_t at = (m->next + i) % m->count;
        if (strcmp(m->names[at], name) == 0)
            return at;
    }
    return m->count;
}

static bool is_nested(const struct json_value *value)
{
    return value->kind == JSON_SCAN_OBJECT || value->kind == JSON_SCAN_LIST;
}

/* Reads up to the next member that we know and says which; `count` at the end of the object, or
 * when something is wrong: a name that comes twice, or what we would have to look into. */
static size_t next_member(struct json_scan *scan, struct members *m)
{
    const char *name;
    while (json_scan_member(scan, &m->is_first, &name)) {
        size_t at = find(m, name);
        struct json_value value;
        if (!json_scan_value(scan, &value))
            break;
        bool is_twice = at < m->count && (m->seen & 1u << at) != 0;
        scan->is_wrong = is_twice || (at == m->count && is_nested(&value));
        if (scan->is_wrong || at == m->count)
            continue;
        m->seen |= 1u << at;
        m->values[at] = value;
        m->next = at + 1;
        return at;
    }
    return m->count;
}

/* NULL unless it is a text of at most so many bytes. */
static const char *text(const struct json_value *value, size_t bytes_max, bool may_be_empty)
{
    if (value->kind != JSON_SCAN_TEXT || value->text_bytes > bytes_max ||
        (value->text_bytes == 0 && !may_be_empty))
        return NULL;
    return value->text;
}

static bool whole(const struct json_value *value, int64_t max, int64_t *out)
{
    *out = value->whole;
    return value->kind == JSON_SCAN_WHOLE && *out >= 0 && *out <= max;
}

/* --- seats --- */

static const char *judge_seat(const struct json_value *values, bool has_type,
                              struct outbox_seat *seat)
{
    int64_t index;
    if (!whole(&values[SEAT_FIELD_SEAT], PLAN_SEATS_MAX - 1, &index))
        return "a seat has no valid number";
    if (!whole(&values[SEAT_FIELD_PRICE], PRICE_MINOR_MAX, &seat->price_minor))
        return "a seat has no valid price_minor";
    seat->seat = (uint32_t)index;
    seat->section = text(&values[SEAT_FIELD_SECTION], PLAN_LABEL_BYTES_MAX, true);
    seat->row = text(&values[SEAT_FIELD_ROW], PLAN_LABEL_BYTES_MAX, true);
    seat->number = text(&values[SEAT_FIELD_NUMBER], PLAN_LABEL_BYTES_MAX, true);
    seat->category = text(&values[SEAT_FIELD_CATEGORY], PLAN_LABEL_BYTES_MAX, true);
    seat->type = has_type ? text(&values[SEAT_FIELD_TYPE], PLAN_LABEL_BYTES_MAX, true) : "";
    if (seat->type == NULL)
        return "a seat's type is not a text, or too long";
    if (seat->section == NULL || seat->row == NULL || seat->number == NULL ||
        seat->category == NULL)
        return "a seat lacks section, row, number or category";
    return NULL;
}

static const char *read_seat(struct json_scan *scan, struct outbox_seat *seat)
{
    struct members m;
    struct json_value value, values[SEAT_FIELD_COUNT];
    if (!json_scan_value(scan, &value))
        return NULL; /* the document is broken, which is said anyway */
    if (value.kind != JSON_SCAN_OBJECT) {
        scan->is_wrong = scan->is_wrong || value.kind == JSON_SCAN_LIST;
        return "a seat has no valid number";
    }
    members_init(&m, seat_field_names, values, SEAT_FIELD_COUNT);
    size_t at;
    while ((at = next_member(scan, &m)) < SEAT_FIELD_COUNT)
        scan->is_wrong = scan->is_wrong || is_nested(&values[at]);
    return judge_seat(values, (m.seen & 1u << SEAT_FIELD_TYPE) != 0, seat);
}

/* What is wrong with the list, or NULL. Its bracket has been read. */
static const char *read_seats(struct json_scan *scan, struct outbox_entry *entry)
{
    bool is_first = true;
    const char *wrong = NULL;
    size_t count = 0;
    while (json_scan_item(scan, &is_first)) {
        struct outbox_seat beyond;
        const char *reason =
            read_seat(scan, count < HOLD_SEATS_MAX ? &entry->seats[count] : &beyond);
        wrong = wrong != NULL ? wrong : reason;
        count++;
    }
    if (count == 0 || count > HOLD_SEATS_MAX)
        return "seats is not a list of 1 to 50 seats";
    entry->seats_count = count;
    return wrong;
}

/* --- the entry --- */

static const char *judge_common(const struct json_value *values, struct outbox_entry *entry)
{
    entry->event = text(&values[FIELD_EVENT], EVENT_ID_BYTES_MAX, false);
    entry->visitor = text(&values[FIELD_VISITOR], VISITOR_ID_BYTES, false);
    entry->currency = text(&values[FIELD_CURRENCY], 3, false);
    entry->intent = text(&values[FIELD_INTENT], 63, true);
    entry->reason = text(&values[FIELD_REASON], PLAN_LABEL_BYTES_MAX, true);
    if (entry->intent == NULL)
        entry->intent = "";
    if (entry->reason == NULL)
        entry->reason = "";
    if (entry->order == NULL || entry->event == NULL || entry->visitor == NULL)
        return "order, event or visitor is missing or too long";
    if (entry->currency == NULL || strlen(entry->currency) != 3)
        return "currency is not a code of three letters";
    if (!whole(&values[FIELD_AMOUNT], PRICE_MINOR_MAX * HOLD_SEATS_MAX, &entry->amount_minor))
        return "amount_minor is missing or out of range";
    if (!whole(&values[FIELD_AT], INT64_MAX, &entry->at_ms))
        return "at_ms is missing or out of range";
    return NULL;
}

static const char *judge_order(const struct json_value *values, const char *wrong_seats,
                               struct outbox_entry *entry)
{
    int64_t sum = 0;
    if (!whole(&values[FIELD_FENCE], INT64_MAX, &entry->fence))
        return "fence is missing or out of range";
    if (!whole(&values[FIELD_EPOCH], INT64_MAX, &entry->epoch))
        return "epoch is missing or out of range";
    if (wrong_seats != NULL)
        return wrong_seats;
    for (size_t i = 0; i < entry->seats_count; i++)
        sum += entry->seats[i].price_minor;
    return sum == entry->amount_minor ? NULL : "amount_minor is not the sum of the seats' prices";
}

static const char *judge(const struct json_value *values, const char *wrong_seats,
                         struct outbox_entry *entry)
{
    const char *kind = text(&values[FIELD_KIND], 16, false);
    const char *reason = judge_common(values, entry);
    if (reason != NULL)
        return reason;
    if (kind != NULL && strcmp(kind, "order") == 0) {
        entry->kind = OUTBOX_ORDER;
        return judge_order(values, wrong_seats, entry);
    }
    if (kind != NULL && strcmp(kind, "void") == 0) {
        entry->kind = OUTBOX_VOID;
        return NULL;
    }
    if (kind != NULL && strcmp(kind, "intent") == 0) {
        entry->kind = OUTBOX_INTENT;
        return whole(&values[FIELD_UNTIL], INT64_MAX, &entry->until_ms)
                   ? NULL
                   : "until_ms is missing or out of range";
    }
    return "kind is neither order, void nor intent";
}

/* False: not one JSON object, or one of another shape. */
static bool read_fields(struct json_scan *scan, struct json_value *values, const char **wrong_seats,
                        struct outbox_entry *entry)
{
    struct members m;
    struct json_value document;
    if (!json_scan_value(scan, &document) || document.kind != JSON_SCAN_OBJECT)
        return false;
    members_init(&m, field_names, values, FIELD_COUNT);
    *wrong_seats = "seats is not a list of 1 to 50 seats";
    size_t at;
    while ((at = next_member(scan, &m)) < FIELD_COUNT)
        if (at == FIELD_SEATS && values[at].kind == JSON_SCAN_LIST)
            *wrong_seats = read_seats(scan, entry);
        else
            scan->is_wrong = scan->is_wrong || is_nested(&values[at]);
    return json_scan_end(scan);
}

const char *outbox_entry_read(const char *body, size_t body_bytes, struct outbox_entry *entry,
                              char *order_id)
{
    struct json_scan scan;
    struct json_value values[FIELD_COUNT];
    const char *wrong_seats;
    memset(entry, 0, sizeof *entry);
    order_id[0] = '\0';
    entry->text = malloc(body_bytes + 1);
    assert(entry->text != NULL);
    json_scan_init(&scan, body, body_bytes, entry->text);
    if (!read_fields(&scan, values, &wrong_seats, entry)) {
        outbox_entry_release(entry);
        return "the entry is not one JSON object of the fields that belong there";
    }
    entry->order = text(&values[FIELD_ORDER], ORDER_ID_BYTES, false);
    if (entry->order != NULL)
        memcpy(order_id, entry->order, values[FIELD_ORDER].text_bytes + 1);
    const char *reason = judge(values, wrong_seats, entry);
    if (reason != NULL)
        outbox_entry_release(entry);
    return reason;
}

void outbox_entry_release(struct outbox_entry *entry)
{
    free(entry->text);
    memset(entry, 0, sizeof *entry);
}
