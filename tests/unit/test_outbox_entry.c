/* Entries of the outbox: what is taken, what is refused and why, and that whatever is taken says
 * what jansson reads there. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ticketing/outbox_entry.h"

#define ROUNDS 20000
#define CHANGES_MAX 4

#define SEAT(seat, price)                                                                          \
    "{\"seat\":" seat ",\"section\":\"A\",\"row\":\"1\",\"number\":\"2\",\"category\":\"C\","      \
    "\"type\":\"T\",\"price_minor\":" price "}"
#define HEAD                                                                                       \
    "\"kind\":\"order\",\"order\":\"o_1\",\"event\":\"night\",\"visitor\":\"v\",\"fence\":3,"      \
    "\"epoch\":1"
#define MONEY ",\"intent\":\"pi_1\",\"amount_minor\":500,\"currency\":\"EUR\",\"at_ms\":4000"
#define GOOD "{" HEAD MONEY ",\"seats\":[" SEAT("17", "200") "," SEAT("18", "300") "]}"
#define INTENT                                                                                     \
    "{\"kind\":\"intent\",\"order\":\"o_1\",\"event\":\"night\",\"visitor\":\"v\",\"amount_"       \
    "minor\":1,"                                                                                   \
    "\"currency\":\"EUR\",\"at_ms\":4,\"until_ms\":5}"
#define VOID                                                                                       \
    "{\"kind\":\"void\",\"order\":\"o_1\",\"event\":\"night\",\"visitor\":\"v\",\"amount_minor\":" \
    "1,"                                                                                           \
    "\"currency\":\"EUR\",\"at_ms\":4,\"reason\":\"time_out\",\"intent\":\"pi\\/1\"}"

static const char *read_text(const char *text, size_t bytes, struct outbox_entry *entry,
                             char order[ORDER_ID_BYTES + 1])
{
    char *copy = malloc(bytes + 1); /* exact: a byte read too far is seen */
    memcpy(copy, text, bytes);
    const char *reason = outbox_entry_read(copy, bytes, entry, order);
    free(copy);
    return reason;
}

Test(outbox_entry, an_order_is_read)
{
    char order[ORDER_ID_BYTES + 1];
    struct outbox_entry entry;
    cr_assert_null(read_text(GOOD, strlen(GOOD), &entry, order));
    cr_assert_eq(entry.kind, OUTBOX_ORDER);
    cr_assert_str_eq(order, "o_1");
    cr_assert_str_eq(entry.order, "o_1");
    cr_assert_str_eq(entry.event, "night");
    cr_assert_str_eq(entry.visitor, "v");
    cr_assert_str_eq(entry.intent, "pi_1");
    cr_assert_str_eq(entry.currency, "EUR");
    cr_assert_eq(entry.fence, 3);
    cr_assert_eq(entry.epoch, 1);
    cr_assert_eq(entry.amount_minor, 500);
    cr_assert_eq(entry.at_ms, 4000);
    cr_assert_eq(entry.seats_count, 2u);
    cr_assert_eq(entry.seats[1].seat, 18u);
    cr_assert_eq(entry.seats[1].price_minor, 300);
    cr_assert_str_eq(entry.seats[0].number, "2");
    cr_assert_str_eq(entry.seats[0].type, "T");
    outbox_entry_release(&entry);
    cr_assert_null(entry.text);
}

Test(outbox_entry, intents_and_voids_are_read)
{
    char order[ORDER_ID_BYTES + 1];
    struct outbox_entry entry;
    cr_assert_null(read_text(INTENT, strlen(INTENT), &entry, order));
    cr_assert_eq(entry.kind, OUTBOX_INTENT);
    cr_assert_eq(entry.until_ms, 5);
    cr_assert_str_eq(entry.intent, "");
    outbox_entry_release(&entry);
    cr_assert_null(read_text(VOID, strlen(VOID), &entry, order));
    cr_assert_eq(entry.kind, OUTBOX_VOID);
    cr_assert_str_eq(entry.reason, "time_out");
    cr_assert_str_eq(entry.intent, "pi/1");
    outbox_entry_release(&entry);
}

Test(outbox_entry, what_may_be_otherwise)
{
    static const char *const bodies[] = {
        "{" HEAD MONEY
        ",\"seats\":[{\"seat\":17,\"section\":\"\",\"row\":\"\",\"number\":\"\",\"category\":"
        "\"\",\"price_minor\":5e2}]}",
        "{\"seats\":[" SEAT("17", "500.0") "]" MONEY "," HEAD "}",
        "\n{ " HEAD MONEY
        ", \"seats\" : [ " SEAT("17", "500") " ] , \"later\":\"x\", \"also\":null } ",
        "{" HEAD
        ",\"amount_minor\":0,\"currency\":\"EUR\",\"at_ms\":4000,\"seats\":[" SEAT("0", "0") "]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char order[ORDER_ID_BYTES + 1];
        struct outbox_entry entry;
        const char *reason = read_text(bodies[i], strlen(bodies[i]), &entry, order);
        cr_assert_null(reason, "%s: %s", reason, bodies[i]);
        cr_assert_eq(entry.seats_count, 1u);
        outbox_entry_release(&entry);
    }
}

Test(outbox_entry, what_is_refused)
{
    static const struct {
        const char *body, *reason, *order;
    } cases[] = {
        {"", "not one JSON object", ""},
        {"[]", "not one JSON object", ""},
        {"{}", "order, event or visitor", ""},
        {GOOD "x", "not one JSON object", ""},
        {"{" HEAD MONEY "}", "seats is not a list", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[]}", "seats is not a list", "o_1"},
        {"{" HEAD MONEY ",\"seats\":7}", "seats is not a list", "o_1"},
        {"{" HEAD MONEY ",\"seats\":{}}", "not one JSON object", ""},
        {"{" HEAD MONEY ",\"seats\":[7]}", "a seat has no valid number", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[[]]}", "not one JSON object", ""},
        {"{" HEAD MONEY ",\"seats\":[" SEAT("17", "499") "]}", "not the sum", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[" SEAT("-1", "500") "]}", "no valid number", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[" SEAT("100000", "500") "]}", "no valid number", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[" SEAT("1.5", "500") "]}", "no valid number", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[" SEAT("\"1\"", "500") "]}", "no valid number", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[" SEAT("1", "-500") "]}", "no valid price", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[" SEAT("1", "99999999999999999999") "]}", "no valid price",
         "o_1"},
        {"{" HEAD MONEY ",\"seats\":[{\"seat\":1,\"price_minor\":500}]}", "lacks section", "o_1"},
        {"{" HEAD MONEY ",\"seats\":[{\"seat\":1,\"seat\":1}]}", "not one JSON object", ""},
        {"{" HEAD MONEY "," HEAD "}", "not one JSON object", ""},
        {"{" HEAD MONEY ",\"other\":[]}", "not one JSON object", ""},
        {"{" HEAD ",\"amount_minor\":5,\"currency\":\"EURO\",\"at_ms\":4}", "currency", "o_1"},
        {"{" HEAD ",\"amount_minor\":5,\"currency\":\"EU\",\"at_ms\":4}", "currency", "o_1"},
        {"{" HEAD ",\"currency\":\"EUR\",\"at_ms\":4}", "amount_minor", "o_1"},
        {"{" HEAD ",\"amount_minor\":5,\"currency\":\"EUR\"}", "at_ms", "o_1"},
        {"{\"order\":\"123456789012345678901234567\"}", "order, event or visitor", ""},
        {"{\"order\":5}", "order, event or visitor", ""},
        {"{\"kind\":\"gift\",\"order\":\"o_1\",\"event\":\"e\",\"visitor\":\"v\"" MONEY "}", "kind",
         "o_1"},
        {"{\"kind\":\"intent\",\"order\":\"o_1\",\"event\":\"e\",\"visitor\":\"v\"" MONEY "}",
         "until_ms", "o_1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char order[ORDER_ID_BYTES + 1];
        struct outbox_entry entry;
        const char *reason = read_text(cases[i].body, strlen(cases[i].body), &entry, order);
        cr_assert_not_null(reason, "taken: %s", cases[i].body);
        cr_assert_not_null(strstr(reason, cases[i].reason), "%s: %s", reason, cases[i].body);
        cr_assert_str_eq(order, cases[i].order);
        cr_assert_null(entry.text);
    }
}

Test(outbox_entry, fifty_seats_and_no_more)
{
    for (int count = 50; count <= 51; count++) {
        char body[16384], order[ORDER_ID_BYTES + 1];
        struct outbox_entry entry;
        size_t at = (size_t)snprintf(body, sizeof body, "{" HEAD MONEY ",\"seats\":[");
        for (int i = 0; i < count; i++)
            at += (size_t)snprintf(body + at, sizeof body - at, "%s" SEAT("17", "10"),
                                   i > 0 ? "," : "");
        at += (size_t)snprintf(body + at, sizeof body - at, "]}");
        const char *reason = read_text(body, at, &entry, order);
        cr_assert_eq(reason == NULL, count == 50, "%d seats: %s", count, reason);
        outbox_entry_release(&entry);
    }
}

Test(outbox_entry, no_beginning_of_one_is_taken)
{
    static const char *const bodies[] = {GOOD, INTENT, VOID};
    for (size_t i = 0; i < 3; i++)
        for (size_t bytes = 0; bytes < strlen(bodies[i]); bytes++) {
            char order[ORDER_ID_BYTES + 1];
            struct outbox_entry entry;
            cr_assert_not_null(read_text(bodies[i], bytes, &entry, order), "%.*s", (int)bytes,
                               bodies[i]);
        }
}

static void compare_text(const json_t *object, const char *name, const char *text)
{
    const char *wanted = json_string_value(json_object_get(object, name));
    cr_assert_str_eq(text, wanted != NULL ? wanted : "");
}

static void compare_whole(const json_t *object, const char *name, int64_t number)
{
    cr_assert_eq(number, (int64_t)json_number_value(json_object_get(object, name)));
}

static void compare(const struct outbox_entry *entry, const json_t *body)
{
    compare_text(body, "order", entry->order);
    compare_text(body, "event", entry->event);
    compare_text(body, "visitor", entry->visitor);
    compare_text(body, "intent", entry->intent);
    compare_text(body, "currency", entry->currency);
    compare_text(body, "reason", entry->reason);
    compare_whole(body, "amount_minor", entry->amount_minor);
    compare_whole(body, "at_ms", entry->at_ms);
    for (size_t i = 0; i < entry->seats_count; i++) {
        const json_t *seat = json_array_get(json_object_get(body, "seats"), i);
        compare_whole(seat, "seat", entry->seats[i].seat);
        compare_whole(seat, "price_minor", entry->seats[i].price_minor);
        compare_text(seat, "section", entry->seats[i].section);
        compare_text(seat, "category", entry->seats[i].category);
        compare_text(seat, "type", entry->seats[i].type);
    }
}

Test(outbox_entry, what_is_taken_after_random_changes_says_what_jansson_reads)
{
    static const char *const bodies[] = {GOOD, INTENT, VOID};
    static const char bytes_of_json[] = "\"\\{}[]:,0123456789eE.-nux \x80\xc2";
    unsigned seed = (unsigned)time(NULL), taken_count = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char text[1024], order[ORDER_ID_BYTES + 1];
        struct outbox_entry entry;
        unsigned dice = seed + round;
        size_t bytes = strlen(bodies[round % 3]);
        memcpy(text, bodies[round % 3], bytes);
        for (int i = rand_r(&dice) % CHANGES_MAX; i >= 0; i--)
            text[(size_t)rand_r(&dice) % bytes] =
                bytes_of_json[(size_t)rand_r(&dice) % (sizeof bytes_of_json - 1)];
        if (read_text(text, bytes, &entry, order) != NULL)
            continue;
        json_t *body = json_loadb(text, bytes, 0, NULL);
        cr_assert_not_null(body, "seed %u: %.*s", seed + round, (int)bytes, text);
        compare(&entry, body);
        taken_count++;
        json_decref(body);
        outbox_entry_release(&entry);
    }
    cr_assert_gt(taken_count, 0u);
}
