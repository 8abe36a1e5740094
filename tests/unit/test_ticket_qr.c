/* The QR codes of tickets as data; tests/browser/qr.test.mjs has them read by a scanner. */
#include "server/gateway/orders/ticket_qr.h"

#include <criterion/criterion.h>
#include <qrencode.h>
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

/* What may differ is the mask, and the format information that names it: a scanner takes any. With
 * the mask off, text and check bytes must be those of the library's own code. */
#define DARK 0x01
#define IS_FIXED 0x80
#define IS_FORMAT 0x04

static bool is_flipped(unsigned mask, unsigned y, unsigned x)
{
    const unsigned product = x * y;
    const bool flipped[8] = {(x + y) % 2 == 0,
                             y % 2 == 0,
                             x % 3 == 0,
                             (x + y) % 3 == 0,
                             (y / 2 + x / 3) % 2 == 0,
                             product % 2 + product % 3 == 0,
                             (product % 2 + product % 3) % 2 == 0,
                             ((x + y) % 2 + product % 3) % 2 == 0};
    return flipped[mask];
}

static unsigned mask_of(const int three[3])
{
    return (unsigned)(three[0] << 2 | three[1] << 1 | three[2]) ^ 5;
}

static void expect_same_text(const struct modules *ours, const QRcode *theirs)
{
    const unsigned char *row = theirs->data + 8 * SIDE;
    unsigned our_mask =
        mask_of((int[]){is_dark(ours, 2, 8), is_dark(ours, 3, 8), is_dark(ours, 4, 8)});
    unsigned their_mask = mask_of((int[]){row[2] & DARK, row[3] & DARK, row[4] & DARK});
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            unsigned char module = theirs->data[y * SIDE + x];
            bool is_text = (module & IS_FIXED) == 0;
            int our =
                is_dark(ours, x, y) ^ (is_text && is_flipped(our_mask, (unsigned)y, (unsigned)x));
            int their =
                (module & DARK) ^ (is_text && is_flipped(their_mask, (unsigned)y, (unsigned)x));
            if ((module & IS_FORMAT) == 0)
                cr_assert_eq(our, their, "module %d,%d", x, y);
        }
}

Test(ticket_qr, any_code_has_the_text_and_check_bytes_that_the_library_gives_it)
{
    char list[64], code[25] = "";
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 24; i++)
            code[i] = (char)('-' + randombytes_uniform('z' - '-'));
        for (char *at = code; *at != '\0'; at++)
            *at = *at == '\\' ? '.' : *at;
        (void)snprintf(list, sizeof list, "[{\"code\":\"%s\"}]", code);
        json_t *tickets = tickets_of(list);
        struct modules ours = modules_of(json_array_get(tickets, 0));
        QRcode *theirs = QRcode_encodeString8bit(code, 0, QR_ECLEVEL_M);
        cr_assert(theirs != NULL && theirs->width == SIDE);
        expect_same_text(&ours, theirs);
        QRcode_free(theirs);
        json_decref(tickets);
    }
}

Test(ticket_qr, refunded_tickets_and_what_is_no_code_get_none)
{
    json_t *tickets = tickets_of("[{\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAA\",\"refunded\":true},"
                                 "{\"seat\":1},{\"code\":7},7,"
                                 "{\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAAA\"}]");
    size_t i;
    json_t *ticket;
    json_array_foreach(tickets, i, ticket)
        cr_expect_null(json_object_get(ticket, "qr"), "%zu", i);
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
