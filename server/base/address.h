/* Addresses and networks in numbers. IPv4 in the clothes of IPv6 (::ffff:192.0.2.1) is IPv4. */
#ifndef STANCHION_ADDRESS_H
#define STANCHION_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct address {
    bool is_v6;
    unsigned char bytes[16]; /* in network order; IPv4 has the first four, the others are zero */
};

/* All addresses whose first bits are those of `first`. */
struct network {
    struct address first;
    unsigned bits;
};

/* False when the text (`bytes` of it, no NUL needed) is no address in numbers. */
bool address_read(const char *text, size_t bytes, struct address *out);
/* "192.0.2.1" or "192.0.2.0/24"; false when it is neither, or has bits beyond those that count. */
bool network_read(const char *text, size_t bytes, struct network *out);
bool network_has(const struct network *network, const struct address *address);

#endif
