/* Times as people write them ("2026-03-29 10:00"), read in a time zone of the IANA database.
 *
 * A time without an offset is meant in the zone; when the clocks are changed there are local times
 * that do not exist and others that come twice. Neither is guessed: the answer names the two
 * moments that may have been meant, with their offsets, and a time with its offset is always taken
 * as written.
 *
 * The zone's rules come from the C library and the system's database (Debian: tzdata), because it
 * knows both the tables and the rule for the years after them; a reader of our own would be a
 * second copy of that. The library has one zone for the whole process: the functions below set TZ
 * and put it back before they return, so they are for processes with one thread (command line,
 * ledger), never for a gateway.
 */
#ifndef STANCHION_LOCAL_TIME_H
#define STANCHION_LOCAL_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOCAL_TIME_BYTES 32 /* "2026-03-29 10:00:00+02:00" and its NUL */
#define LOCAL_TIME_ZONE_BYTES_MAX 64

struct local_time {
    int64_t local_s; /* as if it were UTC, seconds since 1970 */
    bool has_offset;
    int offset_s; /* east of Greenwich */
};

enum local_time_status {
    LOCAL_TIME_OK = 0,
    LOCAL_TIME_NO_ZONE, /* the database has no zone of this name, or there is no database */
    LOCAL_TIME_SKIPPED, /* the clocks are put forward over it */
    LOCAL_TIME_TWICE,   /* the clocks are put back over it */
    LOCAL_TIME_STATUS_COUNT
};

/* "2026-12-01 19:00": date and time with a blank or T between, seconds optional, then nothing, "Z"
 * or an offset such as +01:00. Years 1970 to 2999. */
bool local_time_parse(const char *text, struct local_time *time);
/* Sets *ms (since 1970, UTC) on LOCAL_TIME_OK. On SKIPPED and TWICE sets `meant`: the two moments
 * that may have been meant, the earlier first. */
enum local_time_status local_time_resolve(const struct local_time *time, const char *zone,
                                          int64_t *ms, int64_t meant[2]);
/* "2026-03-29 10:00:00+02:00"; in UTC when the zone is not known. */
void local_time_format(int64_t ms, const char *zone, char out[LOCAL_TIME_BYTES]);

#endif
