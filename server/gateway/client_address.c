#include "server/gateway/client_address.h"
#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "server/base/address.h"

#define FORWARDED_HOPS_MAX 16 /* more are not walked */

static bool is_listed(const struct address *address, const char *list)
{
    for (list += strspn(list, " "); *list != '\0'; list += strspn(list, " ")) {
        struct network one;
        size_t bytes = strcspn(list, " ");
        if (network_read(list, bytes, &one) && network_has(&one, address))
            return true;
        list += bytes;
    }
    return false;
}

/* Takes the last entry off the list of `bytes` bytes; false when it is no address. */
static bool take_last(const char *list, size_t *bytes, struct address *out)
{
    size_t end = *bytes;
    while (end > 0 && (list[end - 1] == ' ' || list[end - 1] == '\t'))
        end--;
    size_t start = end;
    while (start > 0 && strchr(", \t", list[start - 1]) == NULL)
        start--;
    bool is_address = address_read(list + start, end - start, out);
    while (start > 0 && list[start - 1] != ',')
        start--;
    *bytes = start > 0 ? start - 1 : 0;
    return is_address;
}

void client_address(const char *peer, const char *forwarded, const char *proxies,
                    char out[CLIENT_ADDRESS_BYTES])
{
    struct address address, before;
    char text[INET6_ADDRSTRLEN];
    if (!address_read(peer, strlen(peer), &address)) {
        (void)snprintf(out, CLIENT_ADDRESS_BYTES, "unknown");
        return;
    }
    size_t left = forwarded != NULL ? strlen(forwarded) : 0;
    for (int hops = 0; hops < FORWARDED_HOPS_MAX && left > 0; hops++) {
        if (!is_listed(&address, proxies) || !take_last(forwarded, &left, &before))
            break;
        address = before;
    }
    if (address.is_v6)
        memset(address.bytes + 8, 0, 8);
    const char *shown =
        inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes, text, sizeof text);
    assert(shown != NULL);
    (void)snprintf(out, CLIENT_ADDRESS_BYTES, "%s%s", shown, address.is_v6 ? "/64" : "");
}
