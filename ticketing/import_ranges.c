/* Seat numbers as organizers write them.
 *
 * Only ranges are numbers; what stands alone is a label. So "1-3" is three seats, "A-F" is refused
 * rather than guessed at, and a dash that is not a hyphen (word processors like to make one) is
 * refused too: taken as a label it would silently turn a row into a single seat.
 */
#include "ticketing/import_ranges.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_DIGITS_MAX 9

bool import_whole(const char *text, uint32_t *value)
{
    size_t digits = strspn(text, "0123456789");
    uint32_t number = 0;
    if (digits == 0 || digits > NUMBER_DIGITS_MAX || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (uint32_t)(text[i] - '0');
    *value = number;
    return true;
}

/* How many digits all labels have when the range is written with leading zeros; 0 = as they come;
 * -1 = unclear. */
static int padded_digits(const char *from, const char *to)
{
    bool has_zero = (from[0] == '0' && from[1] != '\0') || (to[0] == '0' && to[1] != '\0');
    if (!has_zero)
        return 0;
    return strlen(from) == strlen(to) ? (int)strlen(from) : -1;
}

bool import_range(struct import_report *report, struct import_source at, const char *from,
                  const char *to, uint32_t step, import_label_fn *on_label, void *ctx)
{
    struct import_quote quote, quote_to;
    uint32_t first, last;
    if (!import_whole(from, &first) || !import_whole(to, &last)) {
        import_error(report, at, "import.range",
                     "\"%s\" to \"%s\" is not a range: expected whole numbers such as 1 and 10",
                     import_quote(&quote, from), import_quote(&quote_to, to));
        return false;
    }
    int digits = padded_digits(from, to);
    if (digits < 0) {
        import_error(report, at, "import.range_zeros",
                     "\"%s\" to \"%s\": with leading zeros both need as many digits",
                     import_quote(&quote, from), import_quote(&quote_to, to));
        return false;
    }
    uint32_t distance = first < last ? last - first : first - last;
    uint32_t count = distance / step + 1;
    if (count > PLAN_SEATS_MAX) {
        import_error(report, at, "import.range_long", "%u seats in one row: a plan has at most %d",
                     count, PLAN_SEATS_MAX);
        return false;
    }
    if (distance % step != 0)
        import_warning(report, at, "import.range_step",
                       "with step %u the range from %u never meets %u", step, first, last);
    for (uint32_t i = 0; i < count; i++) {
        char label[NUMBER_DIGITS_MAX + 2];
        uint32_t number = first < last ? first + i * step : first - i * step;
        if (snprintf(label, sizeof label, "%0*u", digits, number) < 0 || !on_label(ctx, at, label))
            return false;
    }
    return true;
}

/* A dash that is not the hyphen of the keyboard: U+2010 to U+2015, U+2212. */
static bool has_other_dash(const char *text)
{
    for (const char *s = strstr(text, "\xe2\x80"); s != NULL; s = strstr(s + 2, "\xe2\x80"))
        if ((unsigned char)s[2] >= 0x90 && (unsigned char)s[2] <= 0x95)
            return true;
    return strstr(text, "\xe2\x88\x92") != NULL;
}

static bool read_item(struct import_report *report, struct import_source at, char *item,
                      uint32_t step, import_label_fn *on_label, void *ctx)
{
    struct import_quote quote;
    char *hyphen = strchr(item, '-');
    if (*item == '\0') {
        import_error(report, at, "import.range_item",
                     "expected a seat or a range such as 1-10 between the commas");
        return false;
    }
    if (has_other_dash(item)) {
        import_error(report, at, "import.range_hyphen",
                     "\"%s\": write the range with a plain hyphen, such as 1-10",
                     import_quote(&quote, item));
        return false;
    }
    if (hyphen == NULL)
        return on_label(ctx, at, item);
    *hyphen = '\0';
    char *from = item, *to = hyphen + 1 + strspn(hyphen + 1, " \t");
    for (char *end = hyphen; end > from && (end[-1] == ' ' || end[-1] == '\t');)
        *--end = '\0';
    return import_range(report, at, from, to, step, on_label, ctx);
}

static uint32_t characters_of(const char *text, size_t bytes)
{
    uint32_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

bool import_ranges(struct import_report *report, struct import_source at, const char *list,
                   uint32_t step, import_label_fn *on_label, void *ctx)
{
    for (const char *next = list;;) {
        char item[PLAN_LABEL_BYTES_MAX * 2];
        struct import_source here = at;
        next += strspn(next, " \t");
        size_t whole = strcspn(next, ",;"), bytes = whole;
        here.column += characters_of(list, (size_t)(next - list));
        while (bytes > 0 && (next[bytes - 1] == ' ' || next[bytes - 1] == '\t'))
            bytes--;
        if (bytes >= sizeof item) {
            import_error(report, here, "import.seat_long",
                         "one seat of %zu bytes: at most %d are possible", bytes,
                         PLAN_LABEL_BYTES_MAX);
            return false;
        }
        memcpy(item, next, bytes);
        item[bytes] = '\0';
        if (!read_item(report, here, item, step, on_label, ctx))
            return false;
        if (next[whole] == '\0')
            return true;
        next += whole + 1;
    }
}
