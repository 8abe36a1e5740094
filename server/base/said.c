/* See the header. The format is printed once, with a mark before and behind each conversion; the
 * marks are taken out again. */
#include "server/base/said.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "server/base/utf8.h"

#define OPENS '\x1e' /* separators that no text of ours has */
#define CLOSES '\x1f'
#define FORMAT_BYTES_MAX 512

/* Behind the conversion whose '%' is at `at`. */
static const char *behind(const char *at)
{
    at++;
    at += strspn(at, "-+ #0");
    at += strspn(at, "0123456789.*");
    at += strspn(at, "hlzjt");
    return *at == '\0' ? at : at + 1;
}

static void mark(const char *format, char *out)
{
    size_t used = 0, marked = 0;
    while (*format != '\0') {
        bool is_text = *format != '%' || format[1] == '%' || marked == SAID_VALUES_MAX;
        const char *end = *format != '%'     ? format + 1
                          : format[1] == '%' ? format + 2
                                             : behind(format);
        size_t bytes = (size_t)(end - format);
        assert(used + bytes + 3 <= FORMAT_BYTES_MAX);
        if (!is_text)
            out[used++] = OPENS;
        memcpy(out + used, format, bytes);
        used += bytes;
        if (!is_text)
            out[used++] = CLOSES;
        marked += !is_text;
        format = end;
    }
    out[used] = '\0';
}

/* One line that steers no terminal and that every reader of JSON takes: control characters, and
 * what is no UTF-8 (the half of a character at a cut end), become question marks. */
static void make_printable(char *text)
{
    for (size_t bytes; *text != '\0'; text += bytes) {
        bytes = utf8_printable(text);
        if (bytes > 0)
            continue;
        bytes = 1;
        if (*text != OPENS && *text != CLOSES)
            *text = '?';
    }
}

static void split(struct said *out, const char *marked)
{
    size_t text_bytes = 0;
    bool is_value = false;
    for (; *marked != '\0'; marked++) {
        if (*marked == OPENS && !is_value && out->values_count < SAID_VALUES_MAX) {
            is_value = true;
            out->values_count++;
        } else if (*marked == CLOSES && is_value) {
            is_value = false;
            out->values[out->values_bytes++] = '\0';
        } else {
            char c = *marked == OPENS || *marked == CLOSES ? '?' : *marked;
            out->text[text_bytes++] = c;
            if (is_value)
                out->values[out->values_bytes++] = c;
        }
    }
    out->text[text_bytes] = '\0';
    if (is_value)
        out->values[out->values_bytes++] = '\0';
}

void said_with(struct said *out, const char *code, const char *format, va_list arguments)
{
    char own_format[FORMAT_BYTES_MAX], marked[SAID_TEXT_BYTES_MAX];
    mark(format, own_format);
    out->code = code;
    out->values_count = out->values_bytes = 0;
    if (vsnprintf(marked, sizeof marked, own_format, arguments) < 0) /* a long one is cut */
        marked[0] = '\0';
    make_printable(marked);
    split(out, marked);
}

void said_set(struct said *out, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    said_with(out, code, format, arguments);
    va_end(arguments);
}

json_t *said_values_json(const char *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++, values += strlen(values) + 1)
        (void)json_array_append_new(list, json_string(values));
    return list;
}
