/* Letters: which addresses they go to, and that nothing in a name, an address or a link adds a line
 * to what is said to a mail server. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/mail_address.h"
#include "server/ledger/mail_text.h"
#include "web/words.h"

Test(mail_text, addresses)
{
    static const struct {
        const char *text;
        bool is_plain;
    } table[] = {
        {"ann@example.org", true},
        {"a.b+c_d=e@x-y.example", true},
        {"a@b", true},
        {"", false},
        {"ann", false},
        {"@example.org", false},
        {"ann@", false},
        {"ann@b@c", false},
        {".ann@example.org", false},
        {"ann.@example.org", false},
        {"a..b@example.org", false},
        {"ann@example..org", false},
        {"ann@.example.org", false},
        {"ann@example.org.", false},
        {"ann lee@example.org", false},
        {"ann@example.org\r\nRCPT TO:<eve@example.org>", false},
        {"ann@example.org\nBcc: eve@example.org", false},
        {"ann\r@example.org", false},
        {"ann@example.org>", false},
        {"<ann@example.org", false},
        {"ann@example.org,eve@example.org", false},
        {"\"ann\"@example.org", false},
        {"ann@[127.0.0.1]", false},
        {"ann(x)@example.org", false},
        {"\xc3\xb6l@example.org", false},
        {"ann@ex\xc3\xa4mple.org", false},
        {"1234567890123456789012345678901234567890123456789012345678901234@x", true},
        {"12345678901234567890123456789012345678901234567890123456789012345@x", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        cr_expect_eq(mail_address_is_plain(table[i].text), table[i].is_plain, "\"%s\"",
                     table[i].text);
}

static char *body_of(const char *text)
{
    const char *from = strstr(text, "\r\n\r\n") + 4;
    size_t bytes = 0;
    char *body = calloc(1, strlen(from) + 1);
    cr_assert_eq(sodium_base642bin((unsigned char *)body, strlen(from), from, strlen(from), "\r\n",
                                   &bytes, NULL, sodium_base64_VARIANT_ORIGINAL),
                 0);
    return body;
}

static char *text_for(const char *event)
{
    size_t bytes = 0;
    char *text = mail_text(&(struct mail_letter){"tickets@example.org", "ann@example.org", event,
                                                 "https://x.example/tickets#t1.a.b", 7, 9,
                                                 1796000000000, 1790000000000},
                           &bytes);
    cr_assert_eq(strlen(text), bytes);
    return text;
}

static const char *const heads[] = {
    "Date: ",         "From: ",         "To: ",
    "Message-ID: ",   "Subject: ",      "Auto-Submitted: ",
    "MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: "};

#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

/* " =?UTF-8?B?<base64>?=" and nothing else. */
static void is_encoded(const char *text, size_t bytes)
{
    static const char begins[] = " =?UTF-8?B?";
    size_t head = sizeof begins - 1;
    cr_assert_eq(strncmp(text, begins, head), 0, "%.60s", text);
    cr_assert_eq(head + strspn(text + head, BASE64) + 2, bytes, "%.60s", text);
    cr_assert_eq(strncmp(text + bytes - 2, "?=", 2), 0);
}

/* Every line is one of ours, goes on with one of ours, or is base64. */
static void is_ours(const char *text)
{
    size_t next = 0, count = sizeof heads / sizeof heads[0];
    bool is_body = false;
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\r\n");
        cr_assert_leq(bytes, 78, "RFC 5322 section 2.1.1");
        cr_assert_eq(strncmp(text + bytes, "\r\n", 2), 0);
        if (is_body)
            cr_assert_eq(strspn(text, BASE64), bytes);
        else if (bytes == 0)
            is_body = true;
        else if (text[0] == ' ')
            is_encoded(text, bytes);
        else {
            if (strncmp(text, "Subject:", 8) == 0)
                is_encoded(text + 8, bytes - 8);
            cr_assert_lt(next, count, "a head more: %.40s", text);
            cr_assert_eq(strncmp(text, heads[next], strlen(heads[next])), 0, "%.40s", text);
            next++;
        }
        text += bytes + 2;
    }
    cr_assert_eq(next, count);
}

Test(mail_text, whatever_an_event_is_called_the_heads_are_ours)
{
    char longest[2001];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const names[] = {
        "Arena Night",
        "",
        "Night\r\nBcc: eve@example.org",
        "Night\nSubject: other",
        "Night\r\n\r\nAnother body",
        "Night\r\n.\r\nMAIL FROM:<eve@example.org>",
        "?= =?UTF-8?Q?=0D=0ABcc:_eve?=",
        "\xec\x95\x84\xeb\xa0\x88\xeb\x82\x98\xec\x9d\x98 \xeb\xb0\xa4 "
        "\xec\x95\x84\xeb\xa0\x88\xeb\x82\x98\xec\x9d\x98 \xeb\xb0\xa4",
        "half a character \xec\x95",
        "{link} {event} {date}",
        longest,
    };
    web_words_init();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *text = text_for(names[i]), *body = body_of(text);
        is_ours(text);
        cr_expect_not_null(strstr(body, "https://x.example/tickets#t1.a.b"));
        cr_expect_null(strstr(body, "\nBcc"), "a name stays in its line");
        cr_expect_null(strstr(body, "\r\n.\r\n"));
        free(body);
        free(text);
    }
    web_words_release();
}

Test(mail_text, a_letter_says_it_in_every_language)
{
    web_words_init();
    char *text = text_for("Arena Night"), *body = body_of(text);
    cr_expect_not_null(strstr(text, "From: <tickets@example.org>\r\nTo: <ann@example.org>\r\n"));
    cr_expect_not_null(strstr(text, "Message-ID: <7.9@example.org>\r\n"));
    cr_expect_not_null(strstr(text, "Date: Mon, 21 Sep 2026 "));
    cr_expect_not_null(strstr(body, "opens your tickets for Arena Night"));
    cr_expect_not_null(strstr(body, "\xed\x8b\xb0\xec\xbc\x93"), "Korean");
    cr_expect_not_null(strstr(body, "2026-11-30"));
    cr_expect_null(strchr(body, '{'), "everything is filled in");
    free(body);
    free(text);
    web_words_release();
}
