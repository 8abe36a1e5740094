/* Which handshakes are taken: one good one, and every way to spoil it. */
#include <criterion/criterion.h>
#include "server/gateway/wire/handshake.h"

static const struct origin_rule rule = {"https://tickets.example",
                                        "https://a.example https://b.example"};

static struct handshake good(void)
{
    return (struct handshake){.is_get = true,
                              .http_version = "HTTP/1.1",
                              .host = "localhost:8080",
                              .upgrade = "websocket",
                              .connection = "keep-alive, Upgrade",
                              .key = "dGhlIHNhbXBsZSBub25jZQ==",
                              .version = "13",
                              .protocols = "stanchion.v1"};
}

Test(handshake, a_good_one_passes)
{
    struct handshake h = good();
    cr_assert_eq(handshake_check(&h).status, 0u);
    h.protocols = "other, stanchion.v1";
    h.upgrade = "WebSocket";
    cr_assert_eq(handshake_check(&h).status, 0u);
}

Test(handshake, every_spoilt_one_is_refused)
{
    const struct {
        const char *what;
        unsigned status;
        struct handshake h;
    } table[] = {
#define SPOIL(text, expected, member, value)                                                       \
    {text, expected, ({                                                                            \
         struct handshake h = good();                                                              \
         h.member = value;                                                                         \
         h;                                                                                        \
     })}
        SPOIL("POST", 400, is_get, false),
        SPOIL("HTTP/1.0", 400, http_version, "HTTP/1.0"),
        SPOIL("no version line", 400, http_version, NULL),
        SPOIL("no Host", 400, host, NULL),
        SPOIL("empty Host", 400, host, ""),
        SPOIL("no Upgrade", 426, upgrade, NULL),
        SPOIL("h2c", 426, upgrade, "h2c"),
        SPOIL("no Connection", 426, connection, NULL),
        SPOIL("Connection without upgrade", 426, connection, "keep-alive, notupgrade"),
        SPOIL("no key", 400, key, NULL),
        SPOIL("short key", 400, key, "abc"),
        SPOIL("key of 24 other characters", 400, key, "dGhlIHNhbXBsZSBub25jZQ=!"),
        SPOIL("two keys", 400, key, "dGhlIHNhbXBsZSBub25jZQ==,dGhlIHNhbXBsZSBub25jZQ=="),
        SPOIL("version 12", 426, version, "12"),
        SPOIL("no version", 426, version, NULL),
        SPOIL("no subprotocol", 400, protocols, NULL),
        SPOIL("unknown subprotocol", 400, protocols, "stanchion.v2, chat"),
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct handshake_verdict verdict = handshake_check(&table[i].h);
        cr_expect_eq(verdict.status, table[i].status, "%s: %u", table[i].what, verdict.status);
        cr_expect(verdict.message != NULL, "%s", table[i].what);
    }
}

Test(handshake, origins_that_may_speak)
{
    const struct origin_rule none = {"", ""};
    cr_assert(origin_is_allowed(NULL, "h", &none));
    cr_assert(origin_is_allowed("https://h", "h", &none));
    cr_assert_not(origin_is_allowed("https://a.example", "h", &none));
    cr_assert_not(origin_is_allowed("", "h", &none));
    cr_assert_not(origin_is_allowed("null", "h", &none));
    cr_assert_not(origin_is_allowed("http://h.evil.example", "h", &none));
    cr_assert(origin_is_allowed("https://tickets.example", "h", &rule));
    cr_assert(origin_is_allowed("https://b.example", "h", &rule));
    cr_assert_not(origin_is_allowed("https://c.example", "h", &rule));
    cr_assert_not(origin_is_allowed("https://a.example https://b.example", "h", &rule));
}

Test(handshake, content_lengths)
{
    static const char *const bad[] = {
        "", "-5", "+5", "5,5", "5 ", " 5", "0x10", "1e3", "99999999999999999999"};
    int64_t bytes = -1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(content_length_parse(bad[i], &bytes), "\"%s\"", bad[i]);
    cr_assert_eq(bytes, -1);
    cr_assert(content_length_parse("0", &bytes));
    cr_assert_eq(bytes, 0);
    cr_assert(content_length_parse("65536", &bytes));
    cr_assert_eq(bytes, 65536);
}
