/* Whose tries are counted together: the address a request comes from.
 *
 * Behind a proxy every request comes from the proxy, and X-Forwarded-For says from whom it has it -
 * but anybody can send that header. So it is read only from proxies that the configuration names,
 * from its right end, past further ones of them, up to the first address that is not ours.
 */
#ifndef STANCHION_CLIENT_ADDRESS_H
#define STANCHION_CLIENT_ADDRESS_H

#include <stdbool.h>

#define CLIENT_ADDRESS_BYTES 48

/* `peer` is the address of the socket, `forwarded` the header or NULL, `proxies` addresses
 * and networks separated by spaces. Writes an IPv4 address, the first half of an IPv6 one (a
 * household has a /64), or "unknown". IPv4 in the clothes of IPv6 is IPv4. */
void client_address(const char *peer, const char *forwarded, const char *proxies,
                    char out[CLIENT_ADDRESS_BYTES]);

#endif
