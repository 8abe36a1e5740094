/* One pass, no memory. */
#include "loadtest/flat_json.h"

#include <string.h>

struct cursor {
    const char *at, *end;
};

static void skip_blank(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

static bool take(struct cursor *c, char wanted)
{
    skip_blank(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool read_string(struct cursor *c, const char **text, size_t *bytes)
{
    if (!take(c, '"'))
        return false;
    *text = c->at;
    for (; c->at < c->end && *c->at != '"'; c->at++)
        if (*c->at == '\\' || (unsigned char)*c->at < 0x20)
            return false;
    *bytes = (size_t)(c->at - *text);
    return take(c, '"');
}

static bool read_number(struct cursor *c, int64_t *number)
{
    bool is_negative = take(c, '-');
    const char *first = c->at;
    int64_t n = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (c->at - first >= 18)
            return false;
        n = n * 10 + (*c->at - '0');
    }
    if (c->at == first || (*first == '0' && c->at - first > 1))
        return false;
    if (c->at < c->end && (*c->at == '.' || *c->at == 'e' || *c->at == 'E'))
        return false;
    *number = is_negative ? -n : n;
    return true;
}

static bool read_word(struct cursor *c)
{
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        size_t bytes = strlen(words[i]);
        if ((size_t)(c->end - c->at) >= bytes && memcmp(c->at, words[i], bytes) == 0) {
            c->at += bytes;
            return true;
        }
    }
    return false;
}

/* An array of whole numbers counts as a value that is neither text nor number. */
static bool read_array(struct cursor *c)
{
    int64_t ignored;
    if (!take(c, '['))
        return false;
    if (take(c, ']'))
        return true;
    do {
        skip_blank(c);
        if (!read_number(c, &ignored))
            return false;
    } while (take(c, ','));
    return take(c, ']');
}

static bool read_value(struct cursor *c, struct flat_field *field)
{
    skip_blank(c);
    if (c->at == c->end)
        return false;
    if (*c->at == '"')
        return read_string(c, &field->text, &field->text_bytes);
    if (*c->at == '[')
        return read_array(c);
    if (read_word(c))
        return true;
    field->is_number = read_number(c, &field->number);
    return field->is_number;
}

bool flat_json_read(const char *data, size_t bytes, struct flat_json *object)
{
    struct cursor c = {data, data + bytes};
    object->count = 0;
    if (!take(&c, '{'))
        return false;
    if (take(&c, '}')) {
        skip_blank(&c);
        return c.at == c.end;
    }
    do {
        if (object->count == FLAT_JSON_FIELDS_MAX)
            return false;
        struct flat_field *field = &object->fields[object->count++];
        *field = (struct flat_field){0};
        if (!read_string(&c, &field->name, &field->name_bytes) || !take(&c, ':') ||
            !read_value(&c, field))
            return false;
    } while (take(&c, ','));
    if (!take(&c, '}'))
        return false;
    skip_blank(&c);
    return c.at == c.end;
}

const struct flat_field *flat_json_find(const struct flat_json *object, const char *name)
{
    size_t bytes = strlen(name);
    for (size_t i = 0; i < object->count; i++)
        if (object->fields[i].name_bytes == bytes &&
            memcmp(object->fields[i].name, name, bytes) == 0)
            return &object->fields[i];
    return NULL;
}

int64_t flat_json_number(const struct flat_json *object, const char *name, int64_t otherwise)
{
    const struct flat_field *field = flat_json_find(object, name);
    return field && field->is_number ? field->number : otherwise;
}
