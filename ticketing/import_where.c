/* A second look at JSON that is known to be valid: only to learn where things begin.
 *
 * The text is walked once, when the first message needs it, and the beginnings of all categories,
 * zones, rows, seats and areas are kept in a sorted list. Only known keys are entered, everything
 * else is skipped over, and skipping does not recurse; so the depth of the document does not
 * matter.
 */
#include "ticketing/import_where.h"

#include <stdlib.h>
#include <string.h>

struct where_entry {
    struct where_part part;
    size_t offset;
};

/* Called at each value with the text behind the container's opening; returns
 * the end of the value. */
typedef const char *where_value_fn(struct where *w, struct where_part part, const char *value);

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

static const char *skip_string(const char *s)
{
    for (s++; *s != '"' && *s != '\0'; s++)
        if (*s == '\\' && s[1] != '\0')
            s++;
    return *s == '"' ? s + 1 : s;
}

static const char *skip_value(const char *s)
{
    size_t depth = 0;
    do {
        s = skip_blanks(s);
        if (*s == '"')
            s = skip_string(s);
        else if (*s == '\0')
            return s;
        else if (strchr("{[", *s) != NULL)
            depth++, s++;
        else if (strchr("}]", *s) != NULL)
            depth--, s++;
        else if (strchr(",:", *s) != NULL)
            s++;
        else
            s += strcspn(s, ",:{}[]\" \t\r\n");
    } while (depth > 0);
    return s;
}

static void remember(struct where *w, struct where_part part, const char *value)
{
    if (import_grow(w->report, (void **)&w->entries, &w->entries_capacity, w->entries_count + 1,
                    sizeof *w->entries))
        w->entries[w->entries_count++] =
            (struct where_entry){.part = part, .offset = (size_t)(value - w->text)};
}

/* Walks an array; `index` points at the member of `part` that counts. */
static const char *each_element(struct where *w, struct where_part *part, uint32_t *index,
                                const char *s, where_value_fn *on_value)
{
    if (*s != '[')
        return skip_value(s);
    s = skip_blanks(s + 1);
    for (*index = 0; *s != ']' && *s != '\0'; (*index)++) {
        remember(w, *part, s);
        s = skip_blanks(on_value(w, *part, s));
        if (*s == ',')
            s = skip_blanks(s + 1);
    }
    return *s == ']' ? s + 1 : s;
}

/* Walks an object; `on_key` gets the key's text (without its quote) and the value. */
typedef const char *where_key_fn(struct where *w, struct where_part part, const char *key,
                                 const char *value);

static const char *each_member(struct where *w, struct where_part part, const char *s,
                               where_key_fn *on_key)
{
    if (*s != '{')
        return skip_value(s);
    s = skip_blanks(s + 1);
    while (*s != '}' && *s != '\0') {
        const char *key = s + 1;
        s = skip_blanks(skip_string(s));
        if (*s == ':')
            s = skip_blanks(s + 1);
        s = skip_blanks(on_key(w, part, key, s));
        if (*s == ',')
            s = skip_blanks(s + 1);
    }
    return *s == '}' ? s + 1 : s;
}

static bool is_key(const char *key, const char *name)
{
    size_t bytes = strlen(name);
    return strncmp(key, name, bytes) == 0 && key[bytes] == '"';
}

static const char *leaf(struct where *w, struct where_part part, const char *value)
{
    (void)w, (void)part;
    return skip_value(value);
}

static const char *row_key(struct where *w, struct where_part part, const char *key,
                           const char *value)
{
    if (is_key(key, "seats"))
        return each_element(w, &part, &part.seat, value, leaf);
    return skip_value(value);
}

static const char *row_value(struct where *w, struct where_part part, const char *value)
{
    return each_member(w, part, value, row_key);
}

static const char *zone_key(struct where *w, struct where_part part, const char *key,
                            const char *value)
{
    if (is_key(key, "rows"))
        return each_element(w, &part, &part.row, value, row_value);
    part.list = WHERE_AREAS;
    if (is_key(key, "areas"))
        return each_element(w, &part, &part.row, value, leaf);
    return skip_value(value);
}

static const char *zone_value(struct where *w, struct where_part part, const char *value)
{
    return each_member(w, part, value, zone_key);
}

static const char *plan_key(struct where *w, struct where_part part, const char *key,
                            const char *value)
{
    if (is_key(key, "zones"))
        return each_element(w, &part, &part.zone, value, zone_value);
    part.list = WHERE_CATEGORIES;
    if (is_key(key, "categories"))
        return each_element(w, &part, &part.zone, value, leaf);
    return skip_value(value);
}

static int compare_parts(const void *a, const void *b)
{
    const struct where_part *x = &((const struct where_entry *)a)->part;
    const struct where_part *y = &((const struct where_entry *)b)->part;
    const uint32_t left[] = {x->list, x->zone, x->row, x->seat};
    const uint32_t right[] = {y->list, y->zone, y->row, y->seat};
    for (int i = 0; i < 4; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

void where_init(struct where *where, struct import_report *report, const char *file,
                const char *text)
{
    *where = (struct where){.report = report, .file = file, .text = text};
}

void where_release(struct where *where)
{
    free(where->entries);
    where->entries = NULL;
}

static void make_index(struct where *w)
{
    const struct where_part root = {WHERE_ZONES, WHERE_NONE, WHERE_NONE, WHERE_NONE};
    w->is_indexed = true;
    each_member(w, root, skip_blanks(w->text), plan_key);
    if (w->entries_count > 0)
        qsort(w->entries, w->entries_count, sizeof *w->entries, compare_parts);
}

static struct import_source source_at(struct where *w, size_t offset)
{
    if (!w->is_counting || offset < w->last_offset) {
        w->is_counting = true;
        w->last_offset = 0;
        w->last_line = w->last_column = 1;
    }
    for (; w->last_offset < offset; w->last_offset++) {
        char c = w->text[w->last_offset];
        w->last_column += ((unsigned char)c & 0xc0) != 0x80;
        if (c == '\n') {
            w->last_line++;
            w->last_column = 1;
        }
    }
    return (struct import_source){.file = w->file, .line = w->last_line, .column = w->last_column};
}

struct import_source where_of(struct where *where, const struct where_part *part)
{
    if (!where->is_indexed)
        make_index(where);
    const struct where_entry key = {.part = *part};
    const struct where_entry *found = where->entries_count == 0
                                          ? NULL
                                          : bsearch(&key, where->entries, where->entries_count,
                                                    sizeof *where->entries, compare_parts);
    struct import_source nowhere = {.file = where->file};
    return found == NULL ? nowhere : source_at(where, found->offset);
}
