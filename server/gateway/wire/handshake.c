#include "server/gateway/wire/handshake.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY_CHARS 24 /* base64 of 16 bytes */
#define SUBPROTOCOL "stanchion.v1"

static bool is_list_space(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

/* Whether `list` ("a, b") holds `word`, ignoring case. */
static bool list_has(const char *list, const char *word)
{
    size_t word_bytes = strlen(word);
    for (const char *at = list; *at != '\0';) {
        while (is_list_space(*at))
            at++;
        const char *start = at;
        while (*at != '\0' && !is_list_space(*at))
            at++;
        if ((size_t)(at - start) == word_bytes && strncasecmp(start, word, word_bytes) == 0)
            return true;
    }
    return false;
}

bool content_length_parse(const char *text, int64_t *bytes)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0')
        return false;
    *bytes = strtoll(text, NULL, 10);
    return true;
}

static bool key_is_valid(const char *key)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return strlen(key) == KEY_CHARS && strspn(key, alphabet) == KEY_CHARS - 2 &&
           strcmp(key + KEY_CHARS - 2, "==") == 0;
}

bool origin_is_allowed(const char *origin, const char *host, const struct origin_rule *rule)
{
    if (origin == NULL)
        return true;
    const char *scheme_end = strstr(origin, "://");
    bool is_own = scheme_end != NULL && host != NULL && strcasecmp(scheme_end + 3, host) == 0;
    bool is_public = rule->public_url[0] != '\0' && strcasecmp(origin, rule->public_url) == 0;
    return is_own || is_public || list_has(rule->origins, origin);
}

struct handshake_verdict handshake_check(const struct handshake *h)
{
    static const struct handshake_verdict good = {0, NULL};
    if (!h->is_get || h->http_version == NULL || strcmp(h->http_version, "HTTP/1.1") != 0)
        return (struct handshake_verdict){400, "A WebSocket handshake is a GET of HTTP/1.1."};
    if (h->host == NULL || h->host[0] == '\0')
        return (struct handshake_verdict){400, "There must be exactly one Host header."};
    if (h->upgrade == NULL || strcasecmp(h->upgrade, "websocket") != 0 || h->connection == NULL ||
        !list_has(h->connection, "upgrade"))
        return (struct handshake_verdict){426, "This address speaks WebSocket only."};
    if (h->version == NULL || strcmp(h->version, "13") != 0)
        return (struct handshake_verdict){426, "Sec-WebSocket-Version must be 13."};
    if (h->key == NULL || !key_is_valid(h->key))
        return (struct handshake_verdict){400, "Sec-WebSocket-Key must be 16 bytes in base64."};
    if (h->protocols == NULL ||
        !list_has(h->protocols, h->protocol != NULL ? h->protocol : SUBPROTOCOL)) {
        return (struct handshake_verdict){
            400, h->protocol == NULL || strcmp(h->protocol, SUBPROTOCOL) == 0
                     ? "Sec-WebSocket-Protocol must offer stanchion.v1."
                     : "Sec-WebSocket-Protocol must offer another protocol at this address."};
    }
    return good;
}
