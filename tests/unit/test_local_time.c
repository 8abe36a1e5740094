/* Times as people write them, and the days on which the clocks are changed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/base/local_time.h"

Test(local_time, is_read_with_or_without_its_offset)
{
    static const struct {
        const char *text;
        int64_t s; /* -1 = refused */
        bool has_offset;
    } cases[] = {
        {"1970-01-01T00:00Z", 0, true},
        {"2026-12-01T19:00+01:00", 1796148000, true},
        {"2026-12-01 19:00:30+01:00", 1796148030, true},
        {"2026-12-01T18:00:00Z", 1796148000, true},
        {"2026-12-01T12:30-05:30", 1796148000, true},
        {"2028-02-29T00:00Z", 1835395200, true},
        {"2000-03-01T00:00Z", 951868800, true},
        {"2026-12-01 18:00", 1796148000, false},
        {"2026-12-01T18:00:01", 1796148001, false},
        {"2026-02-29T00:00Z", -1, false},
        {"2100-02-29T00:00Z", -1, false},
        {"2026-13-01T00:00Z", -1, false},
        {"2026-12-00T00:00Z", -1, false},
        {"2026-12-01T24:00Z", -1, false},
        {"2026-12-01T19:60Z", -1, false},
        {"2026-12-01", -1, false},
        {"2026-12-01T19:00+15:00", -1, false},
        {"2026-12-01T19:00Zx", -1, false},
        {"2026-12-01 19:00 ", -1, false},
        {"01.12.2026 19:00", -1, false},
        {"1796148000", -1, false},
        {"", -1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct local_time time = {.local_s = -1};
        bool is_good = local_time_parse(cases[i].text, &time);
        cr_expect_eq(is_good, cases[i].s >= 0, "%s", cases[i].text);
        cr_expect_eq(time.local_s - time.offset_s, cases[i].s, "%s", cases[i].text);
        cr_expect_eq(time.has_offset, cases[i].has_offset, "%s", cases[i].text);
    }
}

/* Resolves and shows what came out: the moment, or both that may have been meant. */
static const char *shown(const char *text, const char *zone)
{
    static char out[100];
    char first[LOCAL_TIME_BYTES], second[LOCAL_TIME_BYTES];
    struct local_time time;
    int64_t ms, meant[2];
    cr_assert(local_time_parse(text, &time), "%s", text);
    enum local_time_status status = local_time_resolve(&time, zone, &ms, meant);
    if (status == LOCAL_TIME_OK) {
        local_time_format(ms, "UTC", out);
        return out;
    }
    if (status == LOCAL_TIME_NO_ZONE)
        return "no zone";
    local_time_format(meant[0], zone, first);
    local_time_format(meant[1], zone, second);
    snprintf(out, sizeof out, "%s %s | %s", status == LOCAL_TIME_TWICE ? "twice" : "skipped", first,
             second);
    return out;
}

struct row {
    const char *zone, *text, *expected;
};

/* The hours around every change of the clocks; the zones' own laws, not our code, say what is
 * right. */
static const struct row rows[] = {
    {"Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29 00:59:59+00:00"},
    {"Europe/Berlin", "2026-03-29 02:00",
     "skipped 2026-03-29 01:00:00+01:00 | 2026-03-29 03:00:00+02:00"},
    {"Europe/Berlin", "2026-03-29 02:59:59",
     "skipped 2026-03-29 01:59:59+01:00 | 2026-03-29 03:59:59+02:00"},
    {"Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00:00+00:00"},
    {"Europe/Berlin", "2026-03-29 10:00", "2026-03-29 08:00:00+00:00"},
    {"Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24 23:59:59+00:00"},
    {"Europe/Berlin", "2026-10-25 02:00",
     "twice 2026-10-25 02:00:00+02:00 | 2026-10-25 02:00:00+01:00"},
    {"Europe/Berlin", "2026-10-25 02:59:59",
     "twice 2026-10-25 02:59:59+02:00 | 2026-10-25 02:59:59+01:00"},
    {"Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00:00+00:00"},
    {"Europe/Berlin", "2026-10-25 02:30+02:00", "2026-10-25 00:30:00+00:00"},
    {"Europe/Berlin", "2026-10-25 02:30+01:00", "2026-10-25 01:30:00+00:00"},
    {"Europe/Berlin", "2099-07-01 12:00", "2099-07-01 10:00:00+00:00"},
    {"Europe/Berlin", "2099-12-01 12:00", "2099-12-01 11:00:00+00:00"},
    {"America/New_York", "2026-03-08 01:59", "2026-03-08 06:59:00+00:00"},
    {"America/New_York", "2026-03-08 02:30",
     "skipped 2026-03-08 01:30:00-05:00 | 2026-03-08 03:30:00-04:00"},
    {"America/New_York", "2026-03-08 03:00", "2026-03-08 07:00:00+00:00"},
    {"America/New_York", "2026-11-01 00:59", "2026-11-01 04:59:00+00:00"},
    {"America/New_York", "2026-11-01 01:30",
     "twice 2026-11-01 01:30:00-04:00 | 2026-11-01 01:30:00-05:00"},
    {"America/New_York", "2026-11-01 02:00", "2026-11-01 07:00:00+00:00"},
    {"Australia/Lord_Howe", "2026-04-05 01:29", "2026-04-04 14:29:00+00:00"},
    {"Australia/Lord_Howe", "2026-04-05 01:30",
     "twice 2026-04-05 01:30:00+11:00 | 2026-04-05 01:30:00+10:30"},
    {"Australia/Lord_Howe", "2026-04-05 01:59",
     "twice 2026-04-05 01:59:00+11:00 | 2026-04-05 01:59:00+10:30"},
    {"Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-04 15:30:00+00:00"},
    {"Australia/Lord_Howe", "2026-10-04 02:15",
     "skipped 2026-10-04 01:45:00+10:30 | 2026-10-04 02:45:00+11:00"},
    {"Australia/Lord_Howe", "2026-10-04 02:30", "2026-10-03 15:30:00+00:00"},
    {"Asia/Seoul", "2026-03-29 02:30", "2026-03-28 17:30:00+00:00"},
    {"Asia/Seoul", "2026-10-25 02:30", "2026-10-24 17:30:00+00:00"},
    {"Pacific/Apia", "2011-12-30 12:00",
     "skipped 2011-12-29 12:00:00-10:00 | 2011-12-31 12:00:00+14:00"},
    {"UTC", "2026-03-29 02:30", "2026-03-29 02:30:00+00:00"},
    {"Europe/Berlim", "2026-03-29 10:00", "no zone"},
    {"../../etc/passwd", "2026-03-29 10:00", "no zone"},
    {"/etc/localtime", "2026-03-29 10:00", "no zone"},
    {"Europe", "2026-03-29 10:00", "no zone"},
    {"", "2026-03-29 10:00", "no zone"},
    {"Nowhere/Land", "2026-03-29 10:00+02:00", "2026-03-29 08:00:00+00:00"},
};

Test(local_time, follows_the_zone)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_str_eq(shown(rows[i].text, rows[i].zone), rows[i].expected, "%s in %s: %s",
                         rows[i].text, rows[i].zone, shown(rows[i].text, rows[i].zone));
}

/* Every quarter of an hour of four days around each change: as many answers as moments have that
 * local time. */
static void count_all(const char *zone, const char *day)
{
    enum { STEPS = 4 * 96, STEP_S = 900 };
    struct local_time from;
    cr_assert(local_time_parse(day, &from));
    char before[8] = "Etc/GMT";
    setenv("TZ", before, 1);
    for (int i = 0; i < STEPS; i++) {
        struct local_time asked = {.local_s = from.local_s + (int64_t)i * STEP_S};
        int64_t ms = 0, meant[2];
        enum local_time_status status = local_time_resolve(&asked, zone, &ms, meant);
        int moments = 0;
        setenv("TZ", zone, 1);
        tzset();
        for (int64_t at = asked.local_s - 16 * 3600; at <= asked.local_s + 16 * 3600;
             at += STEP_S) {
            time_t moment = (time_t)at;
            struct tm local;
            localtime_r(&moment, &local);
            if (timegm(&local) != asked.local_s)
                continue;
            moments++;
            cr_assert(status != LOCAL_TIME_OK || ms == at * 1000, "%s %s %d", zone, day, i);
        }
        setenv("TZ", before, 1);
        static const enum local_time_status expected[] = {LOCAL_TIME_SKIPPED, LOCAL_TIME_OK,
                                                          LOCAL_TIME_TWICE};
        cr_assert_leq(moments, 2);
        cr_assert_eq(status, expected[moments], "%s %s %d", zone, day, i);
    }
}

Test(local_time, agrees_with_counting)
{
    count_all("Europe/Berlin", "2026-03-27 00:00");
    count_all("Europe/Berlin", "2026-10-23 00:00");
    count_all("America/New_York", "2026-03-06 00:00");
    count_all("America/New_York", "2026-10-30 00:00");
    count_all("Australia/Lord_Howe", "2026-04-03 00:00");
    count_all("Australia/Lord_Howe", "2026-10-02 00:00");
    count_all("Asia/Seoul", "2026-03-27 00:00");
}

Test(local_time, leaves_the_zone_of_the_process_alone)
{
    setenv("TZ", "America/New_York", 1);
    shown("2026-03-29 02:30", "Europe/Berlin");
    cr_assert_str_eq(getenv("TZ"), "America/New_York");
    unsetenv("TZ");
    shown("2026-03-29 02:30", "Europe/Berlin");
    cr_assert_null(getenv("TZ"));
}
