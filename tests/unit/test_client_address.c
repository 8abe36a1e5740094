/* Whose address counts: the peer's, or what a proxy of ours says. */
#include <criterion/criterion.h>
#include "server/gateway/client_address.h"

static const struct {
    const char *peer, *forwarded, *proxies, *expected;
} table[] = {
    {"192.0.2.1", NULL, "", "192.0.2.1"},
    {"::ffff:192.0.2.1", NULL, "", "192.0.2.1"},
    {"2001:db8:1:2:3:4:5:6", NULL, "", "2001:db8:1:2::/64"},
    {"2001:db8:1:2::", NULL, "", "2001:db8:1:2::/64"},
    {"2001:db8:1:3::", NULL, "", "2001:db8:1:3::/64"},
    {"::1", NULL, "", "::/64"},
    {"", NULL, "", "unknown"},
    {"not one", "192.0.2.1", "not one", "unknown"},
    /* nobody of ours: what it says does not count */
    {"192.0.2.1", "198.51.100.9", "", "192.0.2.1"},
    {"192.0.2.1", "198.51.100.9", "192.0.2.2", "192.0.2.1"},
    {"192.0.2.1", "198.51.100.9", "192.0.2.11 192.0.2", "192.0.2.1"},
    /* a proxy of ours: its last word, not what the client made up before it */
    {"127.0.0.1", "198.51.100.9", "127.0.0.1", "198.51.100.9"},
    {"127.0.0.1", "203.0.113.5, 198.51.100.9", "127.0.0.1", "198.51.100.9"},
    {"127.0.0.1", " 203.0.113.5 ,\t198.51.100.9 ", "10.0.0.1  127.0.0.1 ", "198.51.100.9"},
    {"127.0.0.1", "203.0.113.5,2001:db8:1:2:3::9", "127.0.0.1", "2001:db8:1:2::/64"},
    {"::1", "::ffff:198.51.100.9", "::1", "198.51.100.9"},
    {"::ffff:127.0.0.1", "198.51.100.9", "127.0.0.1", "198.51.100.9"},
    /* two of ours in a row */
    {"127.0.0.1", "203.0.113.5, 198.51.100.9, 10.0.0.1", "127.0.0.1 10.0.0.1", "198.51.100.9"},
    {"127.0.0.1", "10.0.0.1", "127.0.0.1 10.0.0.1", "10.0.0.1"},
    /* what is no address is not guessed at */
    {"127.0.0.1", "unknown", "127.0.0.1", "127.0.0.1"},
    {"127.0.0.1", "198.51.100.9, bad", "127.0.0.1", "127.0.0.1"},
    {"127.0.0.1", "198.51.100.9:4711", "127.0.0.1", "127.0.0.1"},
    {"127.0.0.1", "", "127.0.0.1", "127.0.0.1"},
    {"127.0.0.1", ",,,", "127.0.0.1", "127.0.0.1"},
    {"127.0.0.1", "1.2.3.4 198.51.100.9", "127.0.0.1", "198.51.100.9"},
    {"127.0.0.1", "000000000000000000000000000000000000000000000000000000000000001", "127.0.0.1",
     "127.0.0.1"},
};

Test(client_address, table)
{
    char out[CLIENT_ADDRESS_BYTES];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_address(table[i].peer, table[i].forwarded, table[i].proxies, out);
        cr_assert_str_eq(out, table[i].expected, "row %zu: %s", i, out);
    }
}

/* A list of proxies that all are ours is walked to a limit, not for ever. */
Test(client_address, a_long_chain_ends)
{
    char chain[8000] = "", out[CLIENT_ADDRESS_BYTES];
    for (size_t at = 0; at + 11 < sizeof chain; at += 11)
        memcpy(chain + at, "127.0.0.1, ", 12);
    client_address("127.0.0.1", chain, "127.0.0.1", out);
    cr_assert_str_eq(out, "127.0.0.1");
}
