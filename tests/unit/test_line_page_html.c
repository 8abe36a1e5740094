/* The page without JavaScript: what it says for what was told, when it asks again, and that nothing
 * from outside becomes markup. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/line/line_page_html.h"
#include "web/words.h"

TestSuite(line_page_html, .init = web_words_init, .fini = web_words_release);

/* Lives for one test. */
struct made {
    json_t *event, *told;
    struct line_page page;
    char *text;
};

static struct made make(const char *event_changes, const char *told)
{
    struct made made = {0};
    made.event =
        json_loads("{\"id\":\"gig\",\"name\":\"The Gig\",\"currency\":\"EUR\",\"phase\":\"open\","
                   "\"server_ms\":1000000,\"opens_at_ms\":0,\"prequeue_at_ms\":0,\"message\":\"\","
                   "\"categories\":[{\"name\":\"Floor\",\"price_minor\":123456,\"free\":1234567},"
                   "{\"name\":\"Box\",\"price_minor\":5,\"free\":0}]}",
                   0, NULL);
    json_t *changes = json_loads(event_changes, 0, NULL);
    cr_assert(made.event != NULL && changes != NULL);
    json_object_update(made.event, changes);
    json_decref(changes);
    if (told != NULL) {
        made.told = json_loads(told, 0, NULL);
        cr_assert(made.told != NULL, "%s", told);
    }
    made.page = (struct line_page){.event = made.event, .told = made.told, .build = "0123"};
    return made;
}

static bool says(struct made *made, const char *text)
{
    size_t bytes = 0;
    free(made->text);
    made->text = line_page_html(&made->page, &bytes);
    cr_assert_eq(strlen(made->text), bytes);
    return strstr(made->text, text) != NULL;
}

static void release(struct made *made)
{
    free(made->text);
    json_decref(made->event);
    json_decref(made->told);
}

Test(line_page_html, a_place_with_its_estimate)
{
    struct made m = make("{}", "{\"type\":\"place\",\"ahead\":1233,\"phase\":\"open\","
                               "\"eta_low_ms\":300000,\"eta_high_ms\":7300000}");
    cr_expect(says(&m, "<p class=\"place-number\">1,234</p>"));
    cr_expect(says(&m, "1,233 people ahead of you"));
    cr_expect(says(&m, "about 5 minutes to about 2 hours"));
    cr_expect(says(&m, "<meta http-equiv=\"refresh\" content=\"25; url=/e/gig/line\">"));
    cr_expect(says(&m, "value=\"leave\""));
    cr_expect(!says(&m, "value=\"join\""));
    release(&m);
}

Test(line_page_html, who_is_next_and_who_is_second)
{
    struct made m = make("{}", "{\"type\":\"place\",\"ahead\":0,\"phase\":\"open\","
                               "\"eta_low_ms\":0,\"eta_high_ms\":30000}");
    cr_expect(says(&m, "You are next"));
    cr_expect(says(&m, "<dd>less than a minute</dd>"));
    json_object_set_new(m.told, "ahead", json_integer(1));
    cr_expect(says(&m, "1 person ahead of you"));
    json_object_set_new(m.told, "ahead", json_integer(1000000));
    cr_expect(says(&m, "is-longest\">1,000,001"));
    release(&m);
}

Test(line_page_html, each_ticket_type_has_its_price)
{
    struct made m =
        make("{\"categories\":[{\"name\":\"Front\",\"price_minor\":7900,\"free\":3,\"types\":["
             "{\"name\":\"Adult\",\"price_minor\":7900},"
             "{\"name\":\"<i>\",\"price_minor\":3950}]}]}",
             NULL);
    cr_expect(says(&m, ">Adult</span>\n79.00 EUR</li><li>"), "%s", m.text);
    cr_expect(says(&m, ">&lt;i&gt;</span>\n39.50 EUR</li></ul>"), "%s", m.text);
    cr_expect(!says(&m, "<strong>"), "and no other price beside them: %s", m.text);
    release(&m);
}

Test(line_page_html, what_holds_up_a_place)
{
    static const char *const cases[][2] = {
        {"\"phase\":\"paused\"", "Admission is paused"},
        {"\"phase\":\"prequeue\"", "Admission has not started yet"},
        {"\"phase\":\"sold_out\"", "Everything is taken right now"},
        {"\"phase\":\"open\",\"held_out\":true", "in other people’s hands"},
        {"\"phase\":\"open\",\"recovers_at_ms\":5", "put together again"},
        {"\"phase\":\"open\",\"drawing\":true", "is being drawn"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char told[128];
        snprintf(told, sizeof told, "{\"type\":\"place\",\"ahead\":7,%s}", cases[i][0]);
        struct made m = make("{}", told);
        cr_expect(says(&m, cases[i][1]), "%s: %s", told, m.text);
        release(&m);
    }
}

Test(line_page_html, the_sale_and_who_may_join)
{
    static const struct {
        const char *event;
        bool can_join;
        int refresh_s;
        const char *text;
    } cases[] = {
        {"{}", true, 25, "1,234.56 EUR"},
        {"{\"currency\":\"JPY\"}", true, 25, ">123,456 JPY"},
        {"{\"currency\":\"KWD\"}", true, 25, ">0.005 KWD"},
        {"{}", true, 25, "1,234,567 left"},
        {"{}", true, 25, "None left"},
        {"{\"phase\":\"prequeue\"}", true, 25, "Get in line"},
        {"{\"phase\":\"paused\"}", true, 25, "The sale is paused"},
        {"{\"phase\":\"announced\",\"opens_at_ms\":4600000}", false, 25,
         "The sale opens in about 60 minutes"},
        {"{\"phase\":\"announced\",\"opens_at_ms\":700000000}", false, 25, "about 8 days"},
        {"{\"phase\":\"announced\",\"prequeue_at_ms\":1030000,\"opens_at_ms\":9000000}", false, 25,
         "You can get in line in less than a minute"},
        {"{\"phase\":\"announced\"}", false, 25, "has not opened yet"},
        {"{\"phase\":\"sold_out\"}", false, 25, "Sold out"},
        {"{\"phase\":\"sold_out\",\"standby\":true}", true, 25, "Get in line"},
        {"{\"phase\":\"closed\"}", false, 0, "This sale is over"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made m = make(cases[i].event, NULL);
        cr_expect(says(&m, cases[i].text), "%s: %s", cases[i].event, m.text);
        cr_expect_eq(says(&m, "value=\"join\""), cases[i].can_join, "%s", cases[i].event);
        cr_expect_eq(line_page_refresh_s(&m.page), cases[i].refresh_s, "%s", cases[i].event);
        release(&m);
    }
}

Test(line_page_html, refusals)
{
    static const struct {
        const char *told, *text;
        bool can_join;
        int refresh_s;
    } cases[] = {
        {"{\"type\":\"error\",\"code\":\"busy\",\"retry_s\":2}", "Nothing you have is lost", false,
         2},
        {"{\"type\":\"error\",\"code\":\"busy\",\"recovering\":true,\"retry_s\":900}",
         "put together again", false, 60},
        {"{\"type\":\"error\",\"code\":\"full\",\"retry_s\":7}", "The line is full", false, 7},
        {"{\"type\":\"error\",\"code\":\"already_served\"}", "all the tickets", false, 0},
        {"{\"type\":\"error\",\"code\":\"sign_in\"}", "signing in needs", false, 0},
        {"{\"type\":\"error\",\"code\":\"receipt_gone\"}", "no longer there", true, 25},
        {"{\"type\":\"error\",\"code\":\"receipt_gone\",\"reason\":\"missed\"}",
         "Your turn is over", true, 25},
        {"{\"type\":\"error\",\"code\":\"receipt_gone\",\"reason\":\"left\"}",
         "given up in another tab", true, 25},
        {"{\"type\":\"error\",\"code\":\"receipt_gone\",\"reason\":\"too_late\"}", "too late", true,
         25},
        {"{\"type\":\"error\",\"code\":\"not_open\",\"phase\":\"announced\"}",
         "does not take visitors", false, 25},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct made m = make("{}", cases[i].told);
        m.page.had_place = true;
        cr_expect(says(&m, cases[i].text), "%s: %s", cases[i].told, m.text);
        cr_expect_eq(says(&m, "value=\"join\""), cases[i].can_join, "%s", cases[i].told);
        cr_expect_eq(line_page_refresh_s(&m.page), cases[i].refresh_s, "%s", cases[i].told);
        m.page.had_place = false;
        cr_expect(!says(&m, "no longer there"), "%s", cases[i].told);
        release(&m);
    }
}

Test(line_page_html, a_turn)
{
    struct made m = make("{}", "{\"type\":\"admitted\",\"deadline_ms\":200000,"
                               "\"server_ms\":20000}");
    cr_expect(says(&m, "It is your turn"));
    cr_expect(says(&m, "kept for about 3 minutes"));
    cr_expect(says(&m, "href=\"/e/gig\">Choose seats"));
    cr_expect(says(&m, "need JavaScript"));
    cr_expect_eq(line_page_refresh_s(&m.page), 10);
    release(&m);
}

Test(line_page_html, nothing_from_outside_is_markup)
{
    const char *evil = "{\"name\":\"<script>&'\\\"\",\"message\":\"<b>\",\"currency\":\"<i>\","
                       "\"id\":\"\\\"><u>\",\"categories\":[{\"name\":\"</li><q>\"}]}";
    const char *told[] = {NULL, "{\"type\":\"place\",\"ahead\":3,\"phase\":\"<s>\"}",
                          "{\"type\":\"admitted\"}", "{\"type\":\"error\",\"code\":\"<s>\"}"};
    static const char *const never[] = {"<script", "<b>", "<i>", "<u>", "<q>", "<s>"};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        struct made m = make(evil, told[i]);
        for (size_t n = 0; n < sizeof never / sizeof never[0]; n++)
            cr_expect(!says(&m, never[n]), "%s: %s", never[n], m.text);
        cr_expect(says(&m, "&lt;script&gt;&amp;&#39;&quot;"));
        release(&m);
    }
}

Test(line_page_html, no_event_and_no_cookies)
{
    size_t bytes = 0;
    struct line_page none = {.build = "0123"};
    char *text = line_page_html(&none, &bytes);
    cr_expect(strstr(text, "There is no such event") != NULL);
    cr_expect(strstr(text, "refresh") == NULL);
    free(text);
    struct made m = make("{}", NULL);
    m.page.is_cookie_needed = true;
    cr_expect(says(&m, "Allow cookies"));
    cr_expect(says(&m, "value=\"join\""));
    release(&m);
}
