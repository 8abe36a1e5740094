/* See the header. Strings are copied to `room`, where each takes no more than it took in the
 * document, its quotes making up for the NUL. */
#include "server/base/json_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_REAL_MAX 9007199254740992.0 /* 2^53: beyond, a double is no longer exact */
#define NUMBER_BYTES_MAX 64

void json_scan_init(struct json_scan *scan, const char *text, size_t bytes, char *room)
{
    scan->at = text;
    scan->end = text + bytes;
    scan->room = room;
    scan->is_wrong = false;
}

static bool wrong(struct json_scan *scan)
{
    scan->is_wrong = true;
    return false;
}

static void skip_space(struct json_scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

static bool take(struct json_scan *scan, char wanted)
{
    if (scan->at == scan->end || *scan->at != wanted)
        return false;
    scan->at++;
    return true;
}

static bool take_word(struct json_scan *scan, const char *word)
{
    size_t bytes = strlen(word);
    if ((size_t)(scan->end - scan->at) < bytes || memcmp(scan->at, word, bytes) != 0)
        return wrong(scan);
    scan->at += bytes;
    return true;
}

/* --- strings --- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_unit(struct json_scan *scan, uint32_t *out)
{
    if (scan->end - scan->at < 4)
        return wrong(scan);
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*scan->at++);
        if (digit < 0)
            return wrong(scan);
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static void put_character(struct json_scan *scan, uint32_t character)
{
    char *out = scan->room;
    if (character < 0x80) {
        *out++ = (char)character;
    } else if (character < 0x800) {
        *out++ = (char)(0xc0 | character >> 6);
        *out++ = (char)(0x80 | (character & 0x3f));
    } else if (character < 0x10000) {
        *out++ = (char)(0xe0 | character >> 12);
        *out++ = (char)(0x80 | (character >> 6 & 0x3f));
        *out++ = (char)(0x80 | (character & 0x3f));
    } else {
        *out++ = (char)(0xf0 | character >> 18);
        *out++ = (char)(0x80 | (character >> 12 & 0x3f));
        *out++ = (char)(0x80 | (character >> 6 & 0x3f));
        *out++ = (char)(0x80 | (character & 0x3f));
    }
    scan->room = out;
}

/* Behind "\u": one unit of UTF-16, or two. */
static bool take_units(struct json_scan *scan)
{
    uint32_t first, second;
    if (!take_unit(scan, &first))
        return false;
    if (first >= 0xd800 && first < 0xdc00) {
        if (!take(scan, '\\') || !take(scan, 'u') || !take_unit(scan, &second) || second < 0xdc00 ||
            second > 0xdfff)
            return wrong(scan);
        first = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    } else if (first == 0 || (first >= 0xdc00 && first < 0xe000)) {
        return wrong(scan);
    }
    put_character(scan, first);
    return true;
}

static bool take_escape(struct json_scan *scan)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (scan->at == scan->end)
        return wrong(scan);
    char name = *scan->at++;
    if (name == 'u')
        return take_units(scan);
    const char *found = name != '\0' ? strchr(names, name) : NULL;
    if (found == NULL)
        return wrong(scan);
    *scan->room++ = meant[found - names];
    return true;
}

/* A character of two to four bytes (RFC 3629). */
static bool take_utf8(struct json_scan *scan)
{
    const unsigned char *at = (const unsigned char *)scan->at;
    size_t left = (size_t)(scan->end - scan->at), bytes = 0;
    unsigned char low = 0x80, high = 0xbf; /* of the second byte */
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        bytes = 2;
    } else if (at[0] >= 0xe0 && at[0] <= 0xef) {
        bytes = 3;
        low = at[0] == 0xe0 ? 0xa0 : low;
        high = at[0] == 0xed ? 0x9f : high;
    } else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
        bytes = 4;
        low = at[0] == 0xf0 ? 0x90 : low;
        high = at[0] == 0xf4 ? 0x8f : high;
    }
    if (bytes == 0 || left < bytes || at[1] < low || at[1] > high)
        return wrong(scan);
    for (size_t i = 2; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80)
            return wrong(scan);
    memcpy(scan->room, at, bytes);
    scan->room += bytes;
    scan->at += bytes;
    return true;
}

/* Behind the opening quote. */
static bool take_string(struct json_scan *scan, const char **text, size_t *bytes)
{
    char *begin = scan->room;
    while (scan->at < scan->end && *scan->at != '"') {
        unsigned char c = (unsigned char)*scan->at;
        if (c < 0x20)
            return wrong(scan);
        if (c < 0x80 && c != '\\') {
            *scan->room++ = *scan->at++;
            continue;
        }
        if (c == '\\')
            scan->at++;
        if (c == '\\' ? !take_escape(scan) : !take_utf8(scan))
            return false;
    }
    if (!take(scan, '"'))
        return wrong(scan);
    *text = begin;
    *bytes = (size_t)(scan->room - begin);
    *scan->room++ = '\0';
    return true;
}

/* --- numbers --- */

static size_t take_digits(struct json_scan *scan)
{
    const char *begin = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return (size_t)(scan->at - begin);
}

/* What stands behind the whole part; *has_any when there is anything. */
static bool take_fraction(struct json_scan *scan, bool *has_any)
{
    *has_any = false;
    if (take(scan, '.')) {
        *has_any = true;
        if (take_digits(scan) == 0)
            return wrong(scan);
    }
    if (take(scan, 'e') || take(scan, 'E')) {
        *has_any = true;
        if (!take(scan, '+'))
            (void)take(scan, '-');
        if (take_digits(scan) == 0)
            return wrong(scan);
    }
    return true;
}

static void read_real(const char *text, struct json_value *out)
{
    double real = strtod(text, NULL);
    if (real >= -WHOLE_REAL_MAX && real <= WHOLE_REAL_MAX && real == (double)(int64_t)real) {
        out->kind = JSON_SCAN_WHOLE;
        out->whole = (int64_t)real;
    }
}

static bool take_number(struct json_scan *scan, struct json_value *out)
{
    const char *begin = scan->at;
    char text[NUMBER_BYTES_MAX + 1];
    bool has_fraction;
    (void)take(scan, '-');
    const char *first = scan->at;
    size_t digits = take_digits(scan);
    if (digits == 0 || (digits > 1 && *first == '0') || !take_fraction(scan, &has_fraction))
        return wrong(scan);
    size_t bytes = (size_t)(scan->at - begin);
    out->kind = JSON_SCAN_OTHER;
    if (bytes > NUMBER_BYTES_MAX)
        return true;
    memcpy(text, begin, bytes);
    text[bytes] = '\0';
    if (has_fraction) {
        read_real(text, out);
        return true;
    }
    errno = 0;
    out->whole = strtoll(text, NULL, 10);
    if (errno == 0)
        out->kind = JSON_SCAN_WHOLE;
    return true;
}

/* --- values --- */

static bool take_value(struct json_scan *scan, struct json_value *out)
{
    switch (*scan->at) {
    case '"':
        scan->at++;
        out->kind = JSON_SCAN_TEXT;
        return take_string(scan, &out->text, &out->text_bytes);
    case '{':
        scan->at++;
        out->kind = JSON_SCAN_OBJECT;
        return true;
    case '[':
        scan->at++;
        out->kind = JSON_SCAN_LIST;
        return true;
    case 't':
        return take_word(scan, "true");
    case 'f':
        return take_word(scan, "false");
    case 'n':
        return take_word(scan, "null");
    default:
        return take_number(scan, out);
    }
}

bool json_scan_value(struct json_scan *scan, struct json_value *out)
{
    *out = (struct json_value){.kind = JSON_SCAN_OTHER};
    if (scan->is_wrong)
        return false;
    skip_space(scan);
    if (scan->at == scan->end)
        return wrong(scan);
    return take_value(scan, out);
}

/* True when another one follows. */
static bool go_on(struct json_scan *scan, bool *is_first, char closing)
{
    if (scan->is_wrong)
        return false;
    skip_space(scan);
    if (take(scan, closing))
        return false;
    if (!*is_first && !take(scan, ','))
        return wrong(scan);
    *is_first = false;
    return true;
}

bool json_scan_member(struct json_scan *scan, bool *is_first, const char **name)
{
    size_t bytes;
    if (!go_on(scan, is_first, '}'))
        return false;
    skip_space(scan);
    if (!take(scan, '"'))
        return wrong(scan);
    if (!take_string(scan, name, &bytes))
        return false;
    skip_space(scan);
    return take(scan, ':') || wrong(scan);
}

bool json_scan_item(struct json_scan *scan, bool *is_first)
{
    return go_on(scan, is_first, ']');
}

bool json_scan_end(struct json_scan *scan)
{
    skip_space(scan);
    return !scan->is_wrong && scan->at == scan->end;
}
