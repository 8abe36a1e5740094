/* Reading tick reports: what a tick writes is understood, anything else is refused whole. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "queue/tick_report.h"

#define FIGURES                                                                                    \
    "\"tick\":7,\"at_ms\":1790000000123,\"phase\":\"open\",\"seq\":9000,\"head\":300,"             \
    "\"waiting\":8690,\"inside\":100,\"free\":412,\"holds\":3,"                                    \
    "\"recovers_at_ms\":1790000030000,\"draw\":1,\"rate_micro\":2500000,\"lag_ms\":40,\"refill\":" \
    "1,\"rest\":12,\"admission\":37,\"claim_until_ms\":1790000060000"
#define REPORT(admitted, expired, gone) "{" FIGURES "}\n" admitted "\n" expired "\n" gone "\n"

static bool parse(const char *text, struct tick_report *report)
{
    return tick_report_parse(text, strlen(text), report);
}

Test(tick_report, all_members)
{
    struct tick_report r;
    cr_assert(parse(REPORT("AAAAbbbbCCCC 300 b 301", "x no_show y time_out", "310 320 305"), &r));
    cr_assert_eq(r.tick, 7);
    cr_assert_eq(r.at_ms, 1790000000123);
    cr_assert_eq(r.phase, PHASE_OPEN);
    cr_assert_eq(r.seq, 9000);
    cr_assert_eq(r.head, 300);
    cr_assert_eq(r.waiting, 8690);
    cr_assert_eq(r.inside, 100);
    cr_assert_eq(r.free, 412);
    cr_assert_eq(r.holds, 3);
    cr_assert_eq(r.recovers_at_ms, 1790000030000);
    cr_assert_eq(r.draw, DRAW_PENDING);
    cr_assert_eq(r.rate_micro, 2500000);
    cr_assert_eq(r.lag_ms, 40);
    cr_assert(r.is_refill);
    cr_assert_eq(r.rest, 12);
    cr_assert_eq(r.admitted_count, 2);
    cr_assert_str_eq(r.admitted[0].visitor.id, "AAAAbbbbCCCC");
    cr_assert_eq(r.admitted[0].admission, 37);
    cr_assert_eq(r.admitted[0].deadline_ms, 1790000060000);
    cr_assert_eq(r.admitted[1].seq, 301);
    cr_assert_eq(r.admitted[1].admission, 38);
    cr_assert_eq(r.admitted[1].deadline_ms, 1790000060000);
    cr_assert_str_eq(r.expired[1].visitor.id, "y");
    cr_assert_eq(r.expired_count, 2);
    cr_assert(r.expired[0].is_no_show);
    cr_assert_not(r.expired[1].is_no_show);
    cr_assert_eq(r.gone_count, 3);
    cr_assert_eq(r.gone[2], 305);
    tick_report_release(&r);
    cr_assert_null(r.gone);
}

Test(tick_report, empty_lists_and_unknown_members)
{
    struct tick_report r;
    cr_assert(parse("{\"new\":1," FIGURES "}\n\n\n\n", &r));
    cr_assert_eq(r.admitted_count + r.expired_count + r.gone_count, 0);
    tick_report_release(&r);
}

Test(tick_report, anything_else_is_refused)
{
    static const char *const texts[] = {
        "",
        "7",
        "{" FIGURES "}",
        "{}\n\n\n\n",
        "[]\n\n\n\n",
        REPORT("", "", "") "\n",
        REPORT("thirteen-char 1", "", ""),
        REPORT(" 1", "", ""),
        REPORT("a", "", ""),
        REPORT("a 1 ", "", ""),
        REPORT("a  1", "", ""),
        REPORT("a one", "", ""),
        REPORT("a -1", "", ""),
        REPORT("a 1234567890123456789", "", ""),
        REPORT("a 1 b", "", ""),
        REPORT("", "a", ""),
        REPORT("", "a no_show b", ""),
        REPORT("a 1", "a no_show", "1 2.5"),
        REPORT("", "", "1 "),
        REPORT("", "", "null"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tick_report r = {.tick = -1};
        cr_expect_not(parse(texts[i], &r), "%s", texts[i]);
        cr_expect_eq(r.tick, -1, "nothing is set");
    }
}

Test(tick_report, every_cut_is_refused)
{
    static const char text[] = REPORT("a 1", "b no_show", "3");
    for (size_t bytes = 0; bytes < sizeof(text) - 1; bytes++) {
        struct tick_report r;
        cr_assert_not(tick_report_parse(text, bytes, &r));
    }
}
