/* See the header. */
#include "server/base/json_text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_BYTES_MIN 512
#define DIGITS_MAX 20

static void make_room(struct json_text *text, size_t count)
{
    if (text->room - text->count > count)
        return;
    size_t room = text->room == 0 ? ROOM_BYTES_MIN : text->room;
    while (room - text->count <= count)
        room *= 2;
    text->bytes = realloc(text->bytes, room);
    assert(text->bytes != NULL);
    text->room = room;
}

void json_text_add(struct json_text *text, const char *bytes, size_t count)
{
    make_room(text, count);
    memcpy(text->bytes + text->count, bytes, count);
    text->count += count;
    text->bytes[text->count] = '\0';
}

void json_text_raw(struct json_text *text, const char *raw)
{
    json_text_add(text, raw, strlen(raw));
}

void json_text_whole(struct json_text *text, const char *raw, int64_t number)
{
    char digits[DIGITS_MAX + 1];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        digits[--at] = '-';
    json_text_raw(text, raw);
    json_text_add(text, digits + at, sizeof digits - at);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void add_escaped(struct json_text *text, unsigned char c)
{
    static const char meant[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt",
                      digits[] = "0123456789ABCDEF";
    const char *found = strchr(meant, c);
    if (found != NULL) {
        const char escape[] = {'\\', names[found - meant]};
        json_text_add(text, escape, sizeof escape);
        return;
    }
    const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    json_text_add(text, escape, sizeof escape);
}

void json_text_string(struct json_text *text, const char *raw, const char *string)
{
    json_text_raw(text, raw);
    json_text_add(text, "\"", 1);
    for (const char *at = string; *at != '\0';) {
        const char *end = at;
        while (*end != '\0' && is_plain((unsigned char)*end))
            end++;
        json_text_add(text, at, (size_t)(end - at));
        if (*end != '\0')
            add_escaped(text, (unsigned char)*end++);
        at = end;
    }
    json_text_add(text, "\"", 1);
}

void json_text_clear(struct json_text *text)
{
    text->count = 0;
    if (text->bytes != NULL)
        text->bytes[0] = '\0';
}

void json_text_release(struct json_text *text)
{
    free(text->bytes);
    *text = (struct json_text){0};
}
