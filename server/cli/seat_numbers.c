/* See the header. */
#include "server/cli/seat_numbers.h"

#include <stdbool.h>
#include <stdlib.h>

#include "server/base/limits.h"
#include "server/cli/cli.h"

/* One number or the first and last of a range at *text, moving it on. */
static bool read_range(const char **text, long *first, long *last)
{
    char *end;
    *first = *last = strtol(*text, &end, 10);
    if (end == *text || **text == '-' || **text == '+')
        return false;
    if (*end == '-') {
        const char *second = end + 1;
        *last = strtol(second, &end, 10);
        if (end == second || *second == '-' || *second == '+')
            return false;
    }
    *text = end;
    return *first >= 0 && *last >= *first && *last < PLAN_SEATS_MAX;
}

json_t *seat_numbers_read(const char *text)
{
    json_t *seats = json_array();
    const char *at = text;
    for (;;) {
        long first, last;
        if (!read_range(&at, &first, &last) || (*at != ',' && *at != '\0')) {
            (void)cli_fail("--seats \"%s\": expected numbers and ranges such as 17-30,44", text);
            json_decref(seats);
            return NULL;
        }
        for (long seat = first; seat <= last; seat++)
            (void)json_array_append_new(seats, json_integer(seat));
        if (*at++ == '\0')
            return seats;
    }
}
