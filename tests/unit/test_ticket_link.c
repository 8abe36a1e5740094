/* Links to the tickets of an order: what is genuine, forged, of another kind, over; and which
 * serial comes next. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "server/base/ticket_link.h"

#define NOW_MS INT64_C(1790000000000)
#define ORDER "o_Zm9vYmFyAAAAAAAAAAAAAAAA"

static struct token_keys keys, other_keys;

static void setup(void)
{
    unsigned char secret[SECRET_BYTES] = {1};
    token_keys_init(&keys, secret);
    secret[0] = 2;
    token_keys_init(&other_keys, secret);
}

TestSuite(ticket_link, .init = setup);

static enum ticket_link_status read_at(const struct token_keys *k, const char *text, int64_t now_ms,
                                       struct ticket_link *out)
{
    static const char page[] = TICKET_LINK_PAGE;
    if (strncmp(text, page, sizeof page - 1) == 0)
        text += sizeof page - 1;
    return ticket_link_read(k, text, strlen(text), now_ms, out);
}

Test(ticket_link, the_next_serial_is_the_time_and_always_more)
{
    static const struct {
        int64_t last, now_ms, next;
    } table[] = {
        {0, NOW_MS, NOW_MS},              /* the first */
        {NOW_MS - 1, NOW_MS, NOW_MS},     /* a later one */
        {NOW_MS, NOW_MS, NOW_MS + 1},     /* within one millisecond */
        {NOW_MS + 5, NOW_MS, NOW_MS + 6}, /* the clock was set back */
        {0, 1, 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_expect_eq(ticket_link_next(table[i].last, table[i].now_ms), table[i].next, "row %zu", i);
}

Test(ticket_link, a_link_says_order_serial_and_end_and_fits)
{
    static const struct ticket_link table[] = {
        {ORDER, NOW_MS, NOW_MS + 1},
        {"o_1", 1, NOW_MS + 1},
        {"o_-_-_-_-_-_-_-_-_-_-_-_-_", INT64_MAX, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[TICKET_LINK_BYTES_MAX + 1];
        struct ticket_link in;
        ticket_link_write(&keys, &table[i], text);
        cr_assert_lt(strlen(text), 200, "a QR code of it stays small");
        cr_assert_eq(strncmp(text, "/tickets#t1.", 12), 0, "%s", text);
        cr_assert_eq(read_at(&keys, text, NOW_MS, &in), TICKET_LINK_OK);
        cr_assert_str_eq(in.order, table[i].order);
        cr_assert_eq(in.serial, table[i].serial);
        cr_assert_eq(in.ends_ms, table[i].ends_ms);
    }
}

Test(ticket_link, it_ends_on_the_millisecond)
{
    static const struct {
        int64_t now_ms;
        enum ticket_link_status status;
    } table[] = {{NOW_MS - 1, TICKET_LINK_OK},
                 {NOW_MS, TICKET_LINK_ENDED},
                 {NOW_MS + 1, TICKET_LINK_ENDED},
                 {0, TICKET_LINK_OK}};
    char text[TICKET_LINK_BYTES_MAX + 1];
    ticket_link_write(&keys, &(struct ticket_link){ORDER, 7, NOW_MS}, text);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ticket_link in;
        cr_expect_eq(read_at(&keys, text, table[i].now_ms, &in), table[i].status, "row %zu", i);
        cr_expect_str_eq(in.order, ORDER);
    }
}

Test(ticket_link, what_we_did_not_sign_as_a_link_is_none)
{
    static const struct {
        enum token_kind kind;
        const char *payload;
    } table[] = {
        {TOKEN_RECEIPT, "1790000000001 7 " ORDER}, /* another kind of ours */
        {TOKEN_PASS, "1790000000001 7 " ORDER},
        {TOKEN_ACCOUNT, "1790000000001 7 " ORDER},
        {TOKEN_TICKETS, ""},
        {TOKEN_TICKETS, "1790000000001 7"},
        {TOKEN_TICKETS, "1790000000001 7 "},
        {TOKEN_TICKETS, "1790000000001 0 " ORDER},
        {TOKEN_TICKETS, "1790000000001 -7 " ORDER},
        {TOKEN_TICKETS, "1790000000001  7 " ORDER},
        {TOKEN_TICKETS, "1790000000001 7 " ORDER "x"},
        {TOKEN_TICKETS, "1790000000001 7 o_a b"},
        {TOKEN_TICKETS, "1790000000001 7 o_a'"},
        {TOKEN_TICKETS, "x 7 " ORDER},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char token[TOKEN_BYTES_MAX + 1];
        struct ticket_link in = {"kept", 1, 1};
        cr_assert_eq(token_sign(&keys, table[i].kind, table[i].payload, token, sizeof token),
                     TOKEN_OK);
        cr_expect_eq(read_at(&keys, token, NOW_MS, &in), TICKET_LINK_INVALID, "%s",
                     table[i].payload);
        cr_expect_str_eq(in.order, "kept");
    }
}

Test(ticket_link, a_changed_link_is_none_whatever_was_changed)
{
    char text[TICKET_LINK_BYTES_MAX + 1];
    struct ticket_link in;
    ticket_link_write(&keys, &(struct ticket_link){ORDER, 7, NOW_MS + 1}, text);
    cr_assert_eq(read_at(&other_keys, text, NOW_MS, &in), TICKET_LINK_INVALID, "another server's");
    char *token = text + strlen(TICKET_LINK_PAGE);
    size_t bytes = strlen(token);
    for (size_t at = 0; at < bytes; at++) {
        char was = token[at];
        token[at] = was == 'A' ? 'B' : 'A';
        bool is_last = at == bytes - 1; /* two of its bits say nothing */
        if (!is_last)
            cr_expect_eq(read_at(&keys, token, NOW_MS, &in), TICKET_LINK_INVALID, "byte %zu", at);
        token[at] = was;
    }
    for (size_t left = 0; left < bytes; left++)
        cr_expect_eq(ticket_link_read(&keys, token, left, NOW_MS, &in), TICKET_LINK_INVALID,
                     "cut at %zu", left);
}
