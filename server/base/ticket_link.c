/* See the header. The payload is "<ends_ms> <serial> <order>". */
#include "server/base/ticket_link.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD_BYTES_MAX (20 + 1 + 20 + 1 + ORDER_ID_BYTES)
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

_Static_assert(3 + (PAYLOAD_BYTES_MAX * 4 + 2) / 3 + 1 + 43 <= TOKEN_BYTES_MAX,
               "the longest link fits a token");

int64_t ticket_link_next(int64_t last_serial, int64_t now_ms)
{
    return now_ms > last_serial ? now_ms : last_serial + 1;
}

static bool is_order_id(const char *text)
{
    size_t bytes = strnlen(text, ORDER_ID_BYTES + 1);
    return bytes > 0 && bytes <= ORDER_ID_BYTES && strspn(text, PLAIN) == bytes;
}

void ticket_link_write(const struct token_keys *keys, const struct ticket_link *link,
                       char out[TICKET_LINK_BYTES_MAX + 1])
{
    static const char page[] = TICKET_LINK_PAGE;
    char payload[PAYLOAD_BYTES_MAX + 1];
    assert(is_order_id(link->order) && link->serial > 0 && link->ends_ms > 0);
    int bytes = snprintf(payload, sizeof payload, "%" PRId64 " %" PRId64 " %s", link->ends_ms,
                         link->serial, link->order);
    assert(bytes > 0 && (size_t)bytes < sizeof payload);
    memcpy(out, page, sizeof page);
    enum token_status status =
        token_sign(keys, TOKEN_TICKETS, payload, out + sizeof page - 1, TOKEN_BYTES_MAX + 1);
    assert(status == TOKEN_OK);
    (void)status;
}

/* Takes "number " off *at; false when there is none, or one below 1. */
static bool take_number(const char **at, int64_t *out)
{
    char *end = NULL;
    if (**at < '0' || **at > '9')
        return false;
    *out = strtoll(*at, &end, 10);
    if (*end != ' ' || *out < 1)
        return false;
    *at = end + 1;
    return true;
}

/* We wrote what we read, but a shape that is not ours is not guessed at. */
static bool parse(const char *payload, struct ticket_link *out)
{
    const char *at = payload;
    if (!take_number(&at, &out->ends_ms) || !take_number(&at, &out->serial) || !is_order_id(at))
        return false;
    memcpy(out->order, at, strlen(at) + 1);
    return true;
}

enum ticket_link_status ticket_link_read(const struct token_keys *keys, const char *token,
                                         size_t token_bytes, int64_t now_ms,
                                         struct ticket_link *link)
{
    char payload[TOKEN_BYTES_MAX + 1];
    struct ticket_link in = {0};
    if (token_open(keys, TOKEN_TICKETS, token, token_bytes, payload, sizeof payload) != TOKEN_OK ||
        !parse(payload, &in))
        return TICKET_LINK_INVALID;
    *link = in;
    return in.ends_ms > now_ms ? TICKET_LINK_OK : TICKET_LINK_ENDED;
}
