/* The QR codes of tickets as data; tests/browser/qr.test.mjs has them read by a scanner. */
#include "server/gateway/ticket_qr.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

#define SIDE 25

struct modules {
    unsigned char bits[(SIDE * SIDE + 7) / 8];
};

static json_t *tickets_of(const char *text)
{
    json_t *tickets = json_loads(text, 0, NULL);
    cr_assert_not_null(tickets);
    ticket_qr_add(tickets);
    return tickets;
}

static struct modules modules_of(const json_t *ticket)
{
    struct modules modules;
    size_t count = 0;
    const json_t *qr = json_object_get(ticket, "qr");
    const char *text = json_string_value(json_object_get(qr, "modules"));
    cr_assert_not_null(text);
    cr_assert_eq(json_integer_value(json_object_get(qr, "side")), SIDE);
    cr_assert_eq(sodium_base642bin(modules.bits, sizeof modules.bits, text, strlen(text), NULL,
                                   &count, NULL, sodium_base64_VARIANT_ORIGINAL),
                 0);
    cr_assert_eq(count, sizeof modules.bits);
    return modules;
}

static int is_dark(const struct modules *modules, int x, int y)
{
    int at = y * SIDE + x;
    return (modules->bits[at / 8] >> (at % 8)) & 1;
}

/* The three corner marks: 7 by 7, a white ring, a dark heart of 3 by 3 (ISO/IEC 18004, 6.3.3). */
static void check_corner(const struct modules *modules, int left, int top)
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 7; x++) {
            int out = abs(x - 3) > abs(y - 3) ? abs(x - 3) : abs(y - 3);
            cr_expect_eq(is_dark(modules, left + x, top + y), out != 2, "%d,%d", left + x, top + y);
        }
}

Test(ticket_qr, a_code_gets_the_three_marks_where_they_belong)
{
    json_t *tickets = tickets_of("[{\"seat\":1,\"code\":\".UZgYFS1dO-Vs5G5l5XBHy_e\"}]");
    struct modules modules = modules_of(json_array_get(tickets, 0));
    check_corner(&modules, 0, 0);
    check_corner(&modules, SIDE - 7, 0);
    check_corner(&modules, 0, SIDE - 7);
    json_decref(tickets);
}

Test(ticket_qr, other_codes_are_other_pictures)
{
    json_t *tickets = tickets_of("[{\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAA\"},"
                                 "{\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAB\"}]");
    struct modules one = modules_of(json_array_get(tickets, 0));
    struct modules other = modules_of(json_array_get(tickets, 1));
    cr_assert_neq(memcmp(&one, &other, sizeof one), 0);
    json_decref(tickets);
}

Test(ticket_qr, refunded_tickets_and_what_is_no_code_get_none)
{
    json_t *tickets = tickets_of("[{\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAA\",\"refunded\":true},"
                                 "{\"seat\":1},{\"code\":7},7,"
                                 "{\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAAA\"}]");
    size_t i;
    json_t *ticket;
    json_array_foreach(tickets, i, ticket) cr_expect_null(json_object_get(ticket, "qr"), "%zu", i);
    json_decref(tickets);
}

Test(ticket_qr, what_is_no_list_is_left_alone)
{
    json_t *object = json_pack("{ss}", "code", "x");
    ticket_qr_add(object);
    ticket_qr_add(NULL);
    cr_assert_eq(json_object_size(object), 1);
    json_decref(object);
}
