/* See the header. Everything rests on one question, "which offset has the zone at this moment": a
 * local time is tried with the offsets in force well before and well after it. */
#include "server/base/local_time.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Farther away than any offset, nearer than the next change of the clocks. */
#define AROUND_S (36 * 3600)
#define PATH_BYTES_MAX 256

/* --- reading --- */

/* Reads exactly `digits` digits within a range and moves on. */
static bool read_digits(const char **text, int digits, int min, int max, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (**text - '0');
    }
    *out = value;
    return value >= min && value <= max;
}

static bool read_char(const char **text, const char *one_of)
{
    if (**text == '\0' || strchr(one_of, **text) == NULL)
        return false;
    (*text)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* Days since 1970-01-01 in the Gregorian calendar, for years from 1970. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int64_t days = day - 1;
    for (int y = 1970; y < year; y++)
        days += 337 + days_in_month(y, 2);
    for (int m = 1; m < month; m++)
        days += days_in_month(year, m);
    return days;
}

static bool read_offset(const char **text, struct local_time *time)
{
    int hour = 0, minute = 0;
    bool is_west = **text == '-';
    time->has_offset = **text != '\0';
    if (!time->has_offset || read_char(text, "Z"))
        return true;
    if (!read_char(text, "+-") || !read_digits(text, 2, 0, 14, &hour) || !read_char(text, ":") ||
        !read_digits(text, 2, 0, 59, &minute))
        return false;
    time->offset_s = (hour * 60 + minute) * (is_west ? -60 : 60);
    return true;
}

bool local_time_parse(const char *text, struct local_time *time)
{
    int year, month, day, hour, minute, second = 0;
    struct local_time in = {0};
    if (!read_digits(&text, 4, 1970, 2999, &year) || !read_char(&text, "-") ||
        !read_digits(&text, 2, 1, 12, &month) || !read_char(&text, "-") ||
        !read_digits(&text, 2, 1, days_in_month(year, month), &day) || !read_char(&text, "T ") ||
        !read_digits(&text, 2, 0, 23, &hour) || !read_char(&text, ":") ||
        !read_digits(&text, 2, 0, 59, &minute))
        return false;
    if (read_char(&text, ":") && !read_digits(&text, 2, 0, 59, &second))
        return false;
    if (!read_offset(&text, &in) || *text != '\0')
        return false;
    in.local_s = days_since_epoch(year, month, day) * 86400 + (int64_t)hour * 3600 +
                 (int64_t)minute * 60 + second;
    *time = in;
    return true;
}

/* --- the zone --- */

static bool is_name(const char *zone)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-";
    size_t bytes = strnlen(zone, LOCAL_TIME_ZONE_BYTES_MAX + 1);
    return bytes > 0 && bytes <= LOCAL_TIME_ZONE_BYTES_MAX && zone[0] != '/' &&
           strspn(zone, allowed) == bytes;
}

/* Whether the name is one of the database. "UTC" always is. */
static bool has_zone(const char *zone)
{
    if (strcmp(zone, "UTC") == 0)
        return true;
    const char *directory = getenv("TZDIR");
    char path[PATH_BYTES_MAX], magic[4] = "";
    int bytes = snprintf(path, sizeof path, "%s/%s",
                         directory && directory[0] ? directory : "/usr/share/zoneinfo", zone);
    if (!is_name(zone) || bytes < 0 || (size_t)bytes >= sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    bool is_zone = file && fread(magic, 1, sizeof magic, file) == sizeof magic &&
                   memcmp(magic, "TZif", sizeof magic) == 0;
    if (file)
        (void)fclose(file);
    return is_zone;
}

/* Makes `zone` the zone of the process and returns what it was before, for leave_zone(). */
static char *enter_zone(const char *zone)
{
    const char *before = getenv("TZ");
    char *kept = before ? strdup(before) : NULL;
    assert(!before || kept);
    int status = setenv("TZ", strcmp(zone, "UTC") == 0 ? "UTC0" : zone, 1);
    assert(status == 0);
    (void)status;
    tzset();
    return kept;
}

static void leave_zone(char *before)
{
    int status = before ? setenv("TZ", before, 1) : unsetenv("TZ");
    assert(status == 0);
    (void)status;
    free(before);
    tzset();
}

/* Of the zone entered, at that moment. */
static int offset_at(int64_t moment_s)
{
    time_t moment = (time_t)moment_s;
    struct tm local;
    return localtime_r(&moment, &local) ? (int)local.tm_gmtoff : 0;
}

static enum local_time_status resolve_here(int64_t local_s, int64_t *ms, int64_t meant[2])
{
    int64_t with_before_s = local_s - offset_at(local_s - AROUND_S);
    int64_t with_after_s = local_s - offset_at(local_s + AROUND_S);
    bool is_before = with_before_s + offset_at(with_before_s) == local_s;
    bool is_after = with_after_s + offset_at(with_after_s) == local_s;
    if (is_before != is_after || (is_before && with_before_s == with_after_s)) {
        *ms = (is_before ? with_before_s : with_after_s) * 1000;
        return LOCAL_TIME_OK;
    }
    bool is_in_order = with_before_s <= with_after_s;
    meant[0] = (is_in_order ? with_before_s : with_after_s) * 1000;
    meant[1] = (is_in_order ? with_after_s : with_before_s) * 1000;
    return is_before ? LOCAL_TIME_TWICE : LOCAL_TIME_SKIPPED;
}

enum local_time_status local_time_resolve(const struct local_time *time, const char *zone,
                                          int64_t *ms, int64_t meant[2])
{
    if (time->has_offset) {
        *ms = (time->local_s - time->offset_s) * 1000;
        return LOCAL_TIME_OK;
    }
    if (!has_zone(zone))
        return LOCAL_TIME_NO_ZONE;
    char *before = enter_zone(zone);
    enum local_time_status status = resolve_here(time->local_s, ms, meant);
    leave_zone(before);
    return status;
}

void local_time_format(int64_t ms, const char *zone, char out[LOCAL_TIME_BYTES])
{
    char *before = enter_zone(has_zone(zone) ? zone : "UTC");
    time_t moment = (time_t)(ms / 1000);
    struct tm local = {0};
    (void)localtime_r(&moment, &local);
    leave_zone(before);
    long minutes = (local.tm_gmtoff < 0 ? -local.tm_gmtoff : local.tm_gmtoff) / 60;
    int bytes = snprintf(out, LOCAL_TIME_BYTES, "%04d-%02d-%02d %02d:%02d:%02d%c%02d:%02d",
                         (local.tm_year + 1900) % 10000, local.tm_mon + 1, local.tm_mday,
                         local.tm_hour, local.tm_min, local.tm_sec, local.tm_gmtoff < 0 ? '-' : '+',
                         (int)(minutes / 60) % 100, (int)(minutes % 60));
    assert(bytes > 0 && bytes < LOCAL_TIME_BYTES);
    (void)bytes;
}
