/* Addresses and networks: what is one, and what lies in it. */
#include <criterion/criterion.h>
#include <string.h>
#include "server/base/address.h"

static const struct {
    const char *network, *address;
    bool is_network, has;
} table[] = {
    {"192.0.2.1", "192.0.2.1", true, true},
    {"192.0.2.1", "192.0.2.2", true, false},
    {"192.0.2.1/32", "192.0.2.1", true, true},
    {"192.0.2.0/24", "192.0.2.255", true, true},
    {"192.0.2.0/24", "192.0.3.0", true, false},
    {"127.0.1.0/28", "127.0.1.15", true, true},
    {"127.0.1.0/28", "127.0.1.16", true, false},
    {"128.0.0.0/1", "255.255.255.255", true, true},
    {"128.0.0.0/1", "127.255.255.255", true, false},
    {"0.0.0.0/0", "203.0.113.7", true, true},
    {"0.0.0.0/0", "::1", true, false}, /* another family */
    {"::/0", "203.0.113.7", true, false},
    {"192.0.2.0/24", "::ffff:192.0.2.9", true, true}, /* IPv4 in the clothes of IPv6 */
    {"::ffff:192.0.2.9", "192.0.2.9", true, true},
    {"2001:db8::/33", "2001:db8:7fff::1", true, true},
    {"2001:db8::/33", "2001:db8:8000::1", true, false},
    {"2001:db8::1/128", "2001:db8::1", true, true},
    {"", "192.0.2.1", false, false},
    {"/8", "192.0.2.1", false, false},
    {"10.0.0.0/", "10.0.0.0", false, false},
    {"10.0.0.0/33", "10.0.0.0", false, false},
    {"10.0.0.0/-1", "10.0.0.0", false, false},
    {"10.0.0.0/+8", "10.0.0.0", false, false},
    {"10.0.0.0/8/8", "10.0.0.0", false, false},
    {"10.0.0.0/0008", "10.0.0.0", false, false},
    {"10.0.0.1/8", "10.0.0.1", false, false}, /* bits beyond those that count */
    {"::/129", "::1", false, false},
    {"localhost", "127.0.0.1", false, false},
    {"10.0.0", "10.0.0.0", false, false},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", "::1", false, false},
};

Test(address, table)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct network network;
        struct address address;
        bool is_network = network_read(table[i].network, strlen(table[i].network), &network);
        cr_assert_eq(is_network, table[i].is_network, "row %zu: %s", i, table[i].network);
        cr_assert(address_read(table[i].address, strlen(table[i].address), &address));
        cr_assert_eq(is_network && network_has(&network, &address), table[i].has,
                     "row %zu: %s in %s", i, table[i].address, table[i].network);
    }
}
