/* A refusal's sentence and the values in it: the same text once whole and once in parts. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include "server/base/said.h"

/* The values, each behind a bar. */
static char *joined(const struct said *said)
{
    static char text[SAID_TEXT_BYTES_MAX + SAID_VALUES_MAX + 1];
    const char *value = said->values;
    size_t used = 0;
    for (size_t i = 0; i < said->values_count; i++, value += strlen(value) + 1) {
        int bytes = snprintf(text + used, sizeof text - used, "|%s", value);
        cr_assert(bytes > 0 && (size_t)bytes < sizeof text - used);
        used += (size_t)bytes;
    }
    text[used] = '\0';
    return text;
}

Test(said, every_conversion_is_a_value)
{
    struct said it;
    said_set(&it, "import.x", "100 %% of \"%s\" (%-3d), %.*s in %.40s, 0x%02x, %zu, %.1f, %c, %lld",
             "A", 7, 3, "abcdef", "", 10, (size_t)8, 1.5, ';', -9LL);
    cr_assert_str_eq(it.code, "import.x");
    cr_assert_str_eq(it.text, "100 % of \"A\" (7  ), abc in , 0x0a, 8, 1.5, ;, -9");
    cr_assert_str_eq(joined(&it), "|A|7  |abc||0a|8|1.5|;|-9");
    said_set(&it, NULL, "nothing in it");
    cr_assert_str_eq(it.text, "nothing in it");
    cr_assert(eq(sz, it.values_count, 0));
}

Test(said, text_from_outside_stays_one_readable_line)
{
    struct said it;
    said_set(&it, "x", "%s and %s", "a\nb\x1b[31m\xc2\x9b\x7f",
             "c\x1e\x1f\x1e\x1f\x1f"
             "d");
    cr_assert(eq(sz, strcspn(it.text, "\n\x1b\x1e\x1f\x7f"), strlen(it.text)), "%s", it.text);
    cr_assert(strncmp(it.text, "a?b?[31m??? and c?", 18) == 0, "%s", it.text);
    cr_assert(it.values_count <= SAID_VALUES_MAX);
    /* Half a character, as a precision in bytes leaves it. */
    said_set(&it, "x", "\"%.4s\"", "\xed\x95\x9c\xea\xb8\x80");
    cr_assert_str_eq(it.text, "\"\xed\x95\x9c?\"");
    json_t *values = said_values_json(it.values, it.values_count);
    cr_assert_str_eq(json_string_value(json_array_get(values, 0)), "\xed\x95\x9c?");
    json_decref(values);
}

Test(said, what_is_too_long_is_cut_and_what_is_too_many_is_not_told_apart)
{
    struct said it;
    char text[2 * SAID_TEXT_BYTES_MAX];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    said_set(&it, "x", "%s %d", text, 5);
    cr_assert(strlen(it.text) < SAID_TEXT_BYTES_MAX);
    cr_assert(eq(sz, it.values_count, 1));
    said_set(&it, "x", "%d%d%d%d%d%d%d%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
    cr_assert_str_eq(it.text, "12345678910111213");
    cr_assert_str_eq(joined(&it), "|1|2|3|4|5|6|7|8|9|10|11|12");
}
