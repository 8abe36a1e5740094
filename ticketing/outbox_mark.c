/* See the header. */
#include "ticketing/outbox_mark.h"

#include <errno.h>
#include <stdlib.h>

bool outbox_mark_read(const char *text, struct outbox_mark *out)
{
    char *end;
    *out = (struct outbox_mark){0};
    if (*text == '\0')
        return true;
    errno = 0;
    long long ms = strtoll(text, &end, 10);
    if (end == text || *end != '-' || end[1] < '0' || end[1] > '9' || ms < 0)
        return false;
    long long nr = strtoll(end + 1, &end, 10);
    if (*end != '\0' || errno != 0)
        return false;
    *out = (struct outbox_mark){ms, nr};
    return true;
}

bool outbox_mark_has(const struct outbox_mark *noted, const struct outbox_mark *entry)
{
    return noted->ms != entry->ms ? noted->ms > entry->ms : noted->nr >= entry->nr;
}
