/* What a run records over time, within its limits; what the live view looks like; when the tester
 * says that it was the limit itself. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/live.h"
#include "loadtest/long_run.h"
#include "loadtest/metrics.h"
#include "loadtest/tester_load.h"
#include "loadtest/timeline.h"
#include "loadtest/track.h"

static struct timeline line;

static struct timeline_point second(double at_s, int64_t joined)
{
    struct timeline_point p = {.seconds = 1, .at_s = at_s, .machine = 0.5F};
    p.counts[TIMELINE_JOINED] = joined;
    p.levels[TIMELINE_WAITING] = (int64_t)at_s;
    return p;
}

Test(timeline, keeps_every_second_while_there_is_room)
{
    memset(&line, 0, sizeof line);
    for (int i = 1; i <= STAMPEDE_POINTS_MAX; i++) {
        struct timeline_point p = second(i, i);
        timeline_add(&line, &p);
    }
    cr_expect_eq(line.count, STAMPEDE_POINTS_MAX);
    cr_expect_eq(line.points[41].counts[TIMELINE_JOINED], 42);
}

Test(timeline, a_long_run_is_told_more_coarsely_and_nothing_is_lost)
{
    const int seconds = 7200;
    int64_t joined = 0;
    double length = 0;
    memset(&line, 0, sizeof line);
    for (int i = 1; i <= seconds; i++) {
        struct timeline_point p = second(i, i % 7);
        p.latency[LATENCY_HOLD] =
            (struct timeline_latency){1, 1000, 2000, i == 3333 ? 90000 : 3000};
        timeline_add(&line, &p);
        cr_assert_leq(line.count, STAMPEDE_POINTS_MAX);
        joined += i % 7;
    }
    uint32_t worst = 0;
    for (uint32_t i = 0; i < line.count; i++) {
        joined -= line.points[i].counts[TIMELINE_JOINED];
        length += line.points[i].seconds;
        worst = line.points[i].latency[LATENCY_HOLD].max_us > worst
                    ? line.points[i].latency[LATENCY_HOLD].max_us
                    : worst;
        cr_expect_eq(line.points[i].latency[LATENCY_HOLD].p50_us, 1000);
        cr_expect_eq(line.points[i].levels[TIMELINE_WAITING], (int64_t)line.points[i].at_s);
    }
    cr_expect_eq(joined, 0);
    cr_expect_float_eq(length, seconds, 1e-6);
    cr_expect_float_eq(line.points[line.count - 1].at_s, seconds, 1e-6);
    cr_expect_eq(worst, 90000, "a bad second must not disappear");
}

Test(timeline, a_process_that_was_not_there_does_not_count_as_idle)
{
    memset(&line, 0, sizeof line);
    for (int i = 1; i <= STAMPEDE_POINTS_MAX + 1; i++) {
        struct timeline_point p = second(i, 0);
        p.cpu[0] = i % 2 ? -1 : 0.8F;
        timeline_add(&line, &p);
    }
    cr_expect_float_eq(line.points[0].cpu[0], 0.8F, 1e-6);
}

Test(timeline, latencies_of_one_second_only)
{
    static struct histogram before, now;
    for (int i = 0; i < 1000; i++)
        histogram_record(&before, 50);
    now = before;
    for (int i = 0; i < 100; i++)
        histogram_record(&now, i < 98 ? 2000 : 9000);
    struct timeline_latency l = timeline_latency_between(&before, &now);
    cr_expect_eq(l.count, 100);
    cr_expect(l.p50_us >= 2000 && l.p50_us <= 2032, "%u", l.p50_us);
    cr_expect(l.p99_us >= 9000 && l.p99_us <= 9144, "%u", l.p99_us);
    l = timeline_latency_between(&now, &now);
    cr_expect(l.count == 0 && l.max_us == 0);
}

Test(track, keeps_the_whole_way_in_bounded_memory)
{
    static struct track t;
    for (int64_t i = 0; i < 10000; i++)
        track_add(&t, &(struct track_moment){.at_ms = i, .ahead = 10000 - i});
    cr_expect_leq(t.count, STAMPEDE_TRACK_MOMENTS_MAX);
    cr_expect_geq(t.count, STAMPEDE_TRACK_MOMENTS_MAX / 2);
    cr_expect_eq(t.moments[0].at_ms, 0);
    cr_expect_geq(t.moments[t.count - 1].at_ms, 9900);
    for (uint32_t i = 1; i < t.count; i++)
        cr_assert_gt(t.moments[i].at_ms, t.moments[i - 1].at_ms);
}

Test(track, followed_visitors_are_spread_evenly)
{
    uint32_t followed = 0;
    for (uint32_t v = 0; v < 1000; v++) {
        uint32_t track = track_of(v, 1000);
        followed += track < STAMPEDE_TRACKS_MAX;
        if (track < STAMPEDE_TRACKS_MAX)
            cr_expect_eq(track_visitor(track, 1000), v);
    }
    cr_expect_eq(followed, STAMPEDE_TRACKS_MAX);
    cr_expect_eq(track_of(2, 3), 2);
    cr_expect_eq(track_visitor(3, 3), UINT32_MAX);
}

/* ---- was the tester the limit? ---- */

static struct histogram punctual;

static const char *judge_tester(float busiest, float machine, float tester, int64_t late_us,
                                const struct tester_rates *rates)
{
    static struct tester_load load;
    memset(&line, 0, sizeof line);
    memset(&punctual, 0, sizeof punctual);
    histogram_record(&punctual, late_us);
    for (int i = 1; i <= 20; i++) {
        struct timeline_point p = second(i, 100);
        p.busiest = i > 12 ? busiest : 0.1F;
        p.machine = machine;
        p.tester = tester;
        p.counts[TIMELINE_ARRIVED] = 900;
        timeline_add(&line, &p);
    }
    tester_load_read(&line, &punctual, 2, rates, &load);
    cr_expect_eq(load.is_limit, load.why[0] != '\0');
    return load.why;
}

Test(tester_load, warns_when_the_tester_was_the_limit_and_only_then)
{
    cr_expect_str_empty(judge_tester(0.5F, 0.6F, 0.5F, 1000, NULL));
    cr_expect(strstr(judge_tester(0.99F, 0.6F, 1, 1000, NULL), "used up a core for 8 s"));
    cr_expect(strstr(judge_tester(0.5F, 0.6F, 0.5F, 50000, NULL), "was late"));
    cr_expect(strstr(judge_tester(0.8F, 1, 1.6F, 1000, NULL), "the machine was full"));
    cr_expect_str_empty(judge_tester(0.4F, 1, 0.4F, 1000, NULL), "the server filled it");
    cr_expect_str_empty(judge_tester(0.5F, 0.6F, 0.5F, 1000, &(struct tester_rates){9000, 9000}));
    cr_expect(strstr(judge_tester(0.5F, 0.6F, 0.5F, 1000, &(struct tester_rates){1000, 9000}),
                     "calibrated"));
}

/* ---- the live view ---- */

static struct live sample(void)
{
    struct live l = {.label = "onsale-spike",
                     .event = "onsale-spike",
                     .doing = "under way",
                     .seconds = 75,
                     .duration_s = 600,
                     .visitors = 1000000,
                     .sparks = LIVE_SPARK,
                     .busiest = 0.34F,
                     .late_ms = 2.1F,
                     .machine = 0.9F};
    l.totals.connected = 912345;
    l.totals.by_state[VISITOR_WAITING] = 700000;
    l.totals.by_state[VISITOR_BOUGHT] = 50000;
    l.totals.inside = 20000;
    l.totals.over = 80000;
    l.totals.reconnects = 12;
    l.totals.tabs_compared = 7;
    for (uint32_t i = 0; i < run_error_count; i++)
        l.totals.errors[i] = 1000 + i;
    for (int i = 0; i < LIVE_RATES; i++)
        l.rates[i] = 12345;
    for (int k = 0; k < LATENCY_COUNT; k++)
        l.latency[k] = (struct timeline_latency){10, 1234, 56789, 12345678};
    return l;
}

/* Columns of the widest line; escape sequences take none, UTF-8 characters one each. */
static unsigned widest(const char *text)
{
    unsigned most = 0, width = 0;
    for (; *text; text++)
        if (*text == '\033')
            text += strcspn(text, "m");
        else if (*text == '\n')
            most = width > most ? width : most, width = 0;
        else
            width += (*text & 0xc0) != 0x80;
    return most;
}

Test(live, never_wider_than_the_terminal)
{
    static char text[LIVE_TEXT_BYTES];
    struct live crowds[3] = {sample(), sample(), sample()};
    for (unsigned columns = 24; columns <= 160; columns++)
        for (int kind = 0; kind < 4; kind++)
            for (size_t count = 1; count <= 3; count += 2) {
                const struct live_style style = {columns, kind & 1, kind & 2};
                unsigned lines = live_draw(crowds, count, &style, text), ends = 0;
                cr_assert_leq(widest(text), columns, "%u columns:\n%s", columns, text);
                for (const char *c = text; *c; c++)
                    ends += *c == '\n';
                cr_assert_eq(lines, ends);
                cr_assert_leq(lines, 30);
            }
}

Test(live, tells_everything_at_80_columns)
{
    static char text[LIVE_TEXT_BYTES];
    static const char *const words[] = {"onsale-spike",
                                        "1,000,000 visitors",
                                        "1:15 of at most 10:00",
                                        "912,345",
                                        "700,000",
                                        "12,345",
                                        "joins/s",
                                        "confirm",
                                        "max",
                                        "p99",
                                        "34 % of a core",
                                        "others"};
    struct live one = sample();
    const struct live_style style = {80, false, false};
    live_draw(&one, 1, &style, text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_expect(strstr(text, words[i]), "%s is missing in\n%s", words[i], text);
    cr_expect_null(strchr(text, '\033'), "no colours were wanted");
}

Test(live, the_plain_line_is_one_line)
{
    static char text[4096];
    struct live one = sample();
    live_line(&one, text, sizeof text);
    cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1);
    cr_expect(strstr(text, "waiting 700000"));
    cr_expect(strstr(text, "came back 12; second tabs 7"), "%s", text);
    char small[64];
    live_line(&one, small, sizeof small);
    cr_expect_lt(strlen(small), sizeof small);
}

/* ---- memory in the long run ---- */

static struct process_use use;

/* A run of 100 s in which gateway 1 grows by 1 MB every ten seconds, and the ledger only at first.
 */
static void grow(void)
{
    static const char *const names[] = {"gateway 0", "gateway 1", "ledger", "redis"};
    memset(&line, 0, sizeof line);
    memset(&use, 0, sizeof use);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        memcpy(use.server[use.server_count++].name, names[i], strlen(names[i]) + 1);
    for (uint32_t s = 1; s <= 100; s++) {
        struct timeline_point p = second(s, 0);
        p.memory_kb[0] = 5000;
        p.memory_kb[1] = 5000 + 1024 * ((s - 1) / 10);
        p.memory_kb[2] = s < 40 ? 100 * s : 4000;
        p.cpu[3] = -1; /* never there */
        timeline_add(&line, &p);
    }
}

Test(long_run, of_the_second_half)
{
    double mb = -1;
    grow();
    cr_assert(long_run_growth_mb(&line, &use, "gateway 1", &mb));
    cr_expect_float_eq(mb, 4, 0.01, "%f", mb);
    cr_assert(long_run_growth_mb(&line, &use, "gateways", &mb));
    cr_expect_float_eq(mb, 4, 0.01, "%f", mb);
    cr_assert(long_run_growth_mb(&line, &use, "server", &mb));
    cr_expect_float_eq(mb, 4, 0.01, "%f", mb);
    cr_assert(long_run_growth_mb(&line, &use, "ledger", &mb));
    cr_expect_float_eq(mb, 0, 0.01, "set up once: %f", mb);
    cr_expect_not(long_run_growth_mb(&line, &use, "redis", &mb), "it was never there");
    cr_expect_not(long_run_growth_mb(&line, &use, "sandbox", &mb));
    line.count = 5;
    cr_expect_not(long_run_growth_mb(&line, &use, "ledger", &mb), "too short");
}

Test(long_run, processor_time_for_the_same_work)
{
    double ratio = -1;
    grow();
    cr_expect_not(long_run_cpu_ratio(&line, &use, 50, &ratio), "nobody was admitted");
    for (uint32_t i = 0; i < line.count; i++) {
        struct timeline_point *p = &line.points[i];
        p->counts[TIMELINE_ADMITTED] = 10;
        p->cpu[0] = p->at_s > 50 ? 0.6F : 0.2F; /* twice as much with the other's 0.2 */
        p->cpu[1] = 0.2F;
    }
    cr_assert(long_run_cpu_ratio(&line, &use, 50, &ratio));
    cr_expect_float_eq(ratio, 2, 0.001, "%f", ratio);
    for (uint32_t i = 50; i < line.count; i++)
        line.points[i].counts[TIMELINE_ADMITTED] = 20;
    cr_assert(long_run_cpu_ratio(&line, &use, 50, &ratio));
    cr_expect_float_eq(ratio, 1, 0.001, "for twice as many: %f", ratio);
    cr_expect_not(long_run_cpu_ratio(&line, &use, 100, &ratio), "nothing is after it");
}

Test(metrics, units)
{
    static const char *const figures[][2] = {
        {"hold.p99", "ms"},     {"before.told.max", "ms"}, {"after.tick.p90", "ms"},
        {"hold.count", ""},     {"after.hold.count", ""},  {"ratio.hold.p99", ""},
        {"joined.last", "ms"},  {"tester.late", "ms"},     {"memory.max", "MB"},
        {"growth.redis", "MB"}, {"visitors.bought", ""},   {"seats_sold", ""},
        {"tester.busiest", ""}, {"opening.first", "ms"},   {"ratio.cpu", ""},
        {"nonsense", ""}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        cr_expect_str_eq(metrics_unit(figures[i][0]), figures[i][1], "%s", figures[i][0]);
}
