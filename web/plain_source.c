/* See the header. A line that only looks like a comment, inside a template literal, would be lost:
 * tests/unit/test_web_assets.c finds such a line in the folder. */
#include "web/plain_source.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const unsigned char *at, const unsigned char *end, const char *mark)
{
    size_t bytes = strlen(mark);
    return (size_t)(end - at) >= bytes && memcmp(at, mark, bytes) == 0;
}

/* Just behind the comment that begins at `at`; at `end` when it has no end. */
static const unsigned char *after_comment(const unsigned char *at, const unsigned char *end)
{
    assert(at != NULL && at <= end);
    const unsigned char *mark = memmem(at, (size_t)(end - at), "*/", 2);
    return mark != NULL ? mark + 2 : end;
}

static const unsigned char *after_line(const unsigned char *at, const unsigned char *end)
{
    const unsigned char *mark = memchr(at, '\n', (size_t)(end - at));
    return mark != NULL ? mark + 1 : end;
}

static const unsigned char *after_blanks(const unsigned char *at, const unsigned char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* Where the text goes on when this line is left out, otherwise NULL. */
static const unsigned char *skipped(const unsigned char *line, const unsigned char *end,
                                    enum plain_kind kind)
{
    const unsigned char *word = after_blanks(line, end);
    if (word < end && *word == '\n')
        return word + 1;
    if (kind == PLAIN_SCRIPT && begins(word, end, "//"))
        return after_line(word, end);
    return kind == PLAIN_STYLE && begins(word, end, "/*") ? after_comment(word, end) : NULL;
}

unsigned char *plain_source(const unsigned char *bytes, size_t count, enum plain_kind kind,
                            size_t *out_count)
{
    assert(bytes != NULL);
    unsigned char *out = malloc(count + 1);
    if (out == NULL)
        return NULL;
    const unsigned char *end = bytes + count;
    size_t used = 0;
    for (const unsigned char *line = bytes; line < end;) {
        const unsigned char *next = kind == PLAIN_AS_IT_IS ? NULL : skipped(line, end, kind);
        if (next == NULL) {
            next = after_line(line, end);
            memcpy(out + used, line, (size_t)(next - line));
            used += (size_t)(next - line);
        }
        line = next;
    }
    out[used] = '\0';
    *out_count = used;
    return out;
}
