/* See the header. */
#include "server/ledger/mail_text.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/mail_address.h"
#include "server/base/utf8.h"
#include "web/words.h"

#define B64 sodium_base64_VARIANT_ORIGINAL
#define LINE_BYTES 57         /* 76 characters of base64, the most that RFC 2045 allows */
#define WORD_BYTES 39         /* of an encoded word; 66 characters with what is around it */
#define SUBJECT_BYTES_MAX 240 /* a longer one is cut */

static struct tm parts_of(int64_t at_ms)
{
    struct tm parts = {0};
    time_t at_s = (time_t)(at_ms / 1000);
    (void)gmtime_r(&at_s, &parts);
    return parts;
}

static void put_base64(FILE *out, const char *text, size_t bytes)
{
    char line[sodium_base64_ENCODED_LEN(LINE_BYTES, B64)];
    assert(bytes <= LINE_BYTES);
    sodium_bin2base64(line, sizeof line, (const unsigned char *)text, bytes, B64);
    (void)fputs(line, out);
}

/* One line: what is no printable character becomes a blank. */
static void put_line(FILE *out, const char *text)
{
    for (size_t bytes; *text != '\0'; text += bytes) {
        bytes = utf8_printable(text);
        (void)fwrite(bytes > 0 ? text : " ", 1, bytes > 0 ? bytes : 1, out);
        if (bytes == 0)
            bytes = 1;
    }
}

/* A text with {event}, {date} and {link} filled in. */
static void put_filled(FILE *out, const char *text, const struct mail_letter *letter)
{
    char ends[32] = "";
    const struct tm parts = parts_of(letter->ends_ms);
    (void)strftime(ends, sizeof ends, "%Y-%m-%d %H:%M UTC", &parts);
    const struct {
        const char *place, *value;
    } places[] = {{"{event}", letter->event}, {"{date}", ends}, {"{link}", letter->link}};
    while (*text != '\0') {
        size_t i = 0, count = sizeof places / sizeof places[0];
        while (i < count && strncmp(text, places[i].place, strlen(places[i].place)) != 0)
            i++;
        if (i == count) {
            (void)fputc(*text++, out);
        } else {
            put_line(out, places[i].value);
            text += strlen(places[i].place);
        }
    }
}

/* The whole of a memory stream; the caller frees it. */
static char *finish(FILE *out, char **text)
{
    int closed = fclose(out);
    assert(closed == 0);
    (void)closed;
    return *text;
}

static char *subject_of(const struct mail_letter *letter, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    assert(out != NULL);
    for (size_t language = 0; language < web_languages_count(); language++) {
        (void)fputs(language > 0 ? " / " : "", out);
        put_filled(out, web_word(language, "mail.subject", 0), letter);
    }
    return finish(out, &text);
}

/* How many of the bytes fit, whole characters only. */
static size_t fitting(const char *text, size_t bytes, size_t bytes_max)
{
    if (bytes <= bytes_max)
        return bytes;
    while (bytes_max > 0 && ((unsigned char)text[bytes_max] & 0xc0) == 0x80)
        bytes_max--;
    return bytes_max;
}

static void put_subject(FILE *out, const struct mail_letter *letter)
{
    size_t bytes = 0;
    char *text = subject_of(letter, &bytes);
    bytes = fitting(text, bytes, SUBJECT_BYTES_MAX);
    (void)fputs("Subject:", out);
    for (size_t at = 0, part; at < bytes; at += part) {
        part = fitting(text + at, bytes - at, WORD_BYTES);
        (void)fputs(at > 0 ? "\r\n =?UTF-8?B?" : " =?UTF-8?B?", out);
        put_base64(out, text + at, part);
        (void)fputs("?=", out);
    }
    (void)fputs("\r\n", out);
    free(text);
}

static void put_head(FILE *out, const struct mail_letter *letter)
{
    char date[48] = "";
    const struct tm parts = parts_of(letter->now_ms);
    (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &parts);
    (void)fprintf(out, "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\n", date, letter->from, letter->to);
    (void)fprintf(out, "Message-ID: <%" PRId64 ".%" PRId64 "%s>\r\n", letter->nr, letter->serial,
                  strchr(letter->from, '@'));
    put_subject(out, letter);
    (void)fputs("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n",
                out);
}

static char *body_of(const struct mail_letter *letter, size_t *bytes)
{
    static const char *const keys[] = {"mail.hello", "mail.until", "mail.why"};
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    assert(out != NULL);
    for (size_t language = 0; language < web_languages_count(); language++) {
        (void)fputs(language > 0 ? "\r\n* * *\r\n\r\n" : "", out);
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            put_filled(out, web_word(language, keys[i], 0), letter);
            (void)fputs("\r\n", out);
            if (i == 0)
                (void)fprintf(out, "%s\r\n\r\n", letter->link);
        }
    }
    return finish(out, &text);
}

char *mail_text(const struct mail_letter *letter, size_t *bytes)
{
    char *text = NULL;
    size_t body_bytes = 0;
    assert(mail_address_is_plain(letter->from) && mail_address_is_plain(letter->to));
    FILE *out = open_memstream(&text, bytes);
    assert(out != NULL);
    put_head(out, letter);
    char *body = body_of(letter, &body_bytes);
    for (size_t at = 0; at < body_bytes; at += LINE_BYTES) {
        put_base64(out, body + at, body_bytes - at < LINE_BYTES ? body_bytes - at : LINE_BYTES);
        (void)fputs("\r\n", out);
    }
    free(body);
    return finish(out, &text);
}
