#include "server/gateway/line/line_page_html.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/line/html.h"
#include "web/assets.h"
#include "web/words.h"

#define REFRESH_NEAR_S 10 /* fewer than NEAR_AHEAD in front, or a turn has come */
#define REFRESH_MIDDLE_S 17
#define REFRESH_FAR_S 25
#define NEAR_AHEAD 50
#define MIDDLE_AHEAD 500
#define RETRY_S_MAX 60

/* --- reading what was told --- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static bool is_told(const struct line_page *page, const char *type)
{
    return strcmp(text_of(page->told, "type"), type) == 0;
}

static bool is_refused(const struct line_page *page, const char *code)
{
    return is_told(page, "error") && strcmp(text_of(page->told, "code"), code) == 0;
}

static bool is_asked_later(const struct line_page *page)
{
    return is_refused(page, "busy") || is_refused(page, "full") || is_refused(page, "too_fast");
}

/* The phase a place or a refusal speaks of; otherwise the event's. */
static bool is_phase(const struct line_page *page, const char *phase)
{
    const char *told = text_of(page->told, "phase");
    return strcmp(told[0] != '\0' ? told : text_of(page->event, "phase"), phase) == 0;
}

static bool can_join(const struct line_page *page)
{
    bool is_standby = json_is_true(json_object_get(page->event, "standby"));
    return is_phase(page, "prequeue") || is_phase(page, "open") || is_phase(page, "paused") ||
           (is_phase(page, "sold_out") && is_standby);
}

int line_page_refresh_s(const struct line_page *page)
{
    if (page->event == NULL || is_refused(page, "already_served") || is_refused(page, "sign_in"))
        return 0;
    if (is_asked_later(page)) {
        int64_t retry_s = number_of(page->told, "retry_s");
        return (int)(retry_s < RETRY_S_MAX ? retry_s : RETRY_S_MAX) + page->jitter_s;
    }
    if (is_told(page, "place")) {
        int64_t ahead = number_of(page->told, "ahead");
        int middle_or_far_s = ahead < MIDDLE_AHEAD ? REFRESH_MIDDLE_S : REFRESH_FAR_S;
        return (ahead < NEAR_AHEAD ? REFRESH_NEAR_S : middle_or_far_s) + page->jitter_s;
    }
    if (is_told(page, "admitted"))
        return REFRESH_NEAR_S + page->jitter_s;
    return is_phase(page, "closed") ? 0 : REFRESH_FAR_S + page->jitter_s;
}

static const char *word(const struct line_page *page, const char *key)
{
    return web_word(page->language, key, 0);
}

static void put_button(FILE *out, const char *action, const char *class, const char *label)
{
    fprintf(out, "<form method=\"post\"><button class=\"%s\" name=\"action\" value=\"%s\">", class,
            action);
    html_text(out, label);
    fputs("</button></form>\n", out);
}

/* Leaving is asked twice, without a script: the button comes when the summary is opened. */
static void put_leaving(FILE *out, const struct line_page *page, const char *question)
{
    fputs("<details>", out);
    html_element(out, "summary", "soft", word(page, question));
    html_element(out, "p", "", word(page, "plain.giveUpHint"));
    put_button(out, "leave", "", word(page, "plain.giveUpYes"));
    fputs("</details>\n", out);
}

/* --- the parts of the page --- */

static void put_head(FILE *out, const struct line_page *page, const char *title)
{
    int refresh_s = line_page_refresh_s(page);
    fprintf(out,
            "<!doctype html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
            web_language_id(page->language), web_language_direction(page->language));
    html_text(out, title);
    fputs("</title>\n", out);
    if (refresh_s > 0) {
        fprintf(out, "<meta http-equiv=\"refresh\" content=\"%d; url=/e/", refresh_s);
        html_text(out, text_of(page->event, "id"));
        fputs("/line\">\n", out);
    }
    fprintf(out,
            "<link rel=\"icon\" href=\"/a/%s/icon.svg\" type=\"image/svg+xml\">\n"
            "<link rel=\"stylesheet\" href=\"/a/%s/style.css\">\n</head>\n<body>\n"
            "<header class=\"top\"><a class=\"brand\" href=\"/\"><img src=\"/a/%s/icon.svg\" "
            "alt=\"\" width=\"28\" height=\"28\">Stanchion</a></header>\n<main>\n"
            "<section class=\"narrow line\">\n",
            page->build, page->build, page->build);
}

static void put_foot(FILE *out, const struct line_page *page)
{
    char links[WEB_LANGUAGE_LINKS_BYTES];
    int refresh_s = line_page_refresh_s(page);
    if (refresh_s > 0) {
        fputs("<p class=\"soft small\">", out);
        html_number(out, page->language, "plain.refresh", refresh_s);
        fputs("</p>\n", out);
    }
    web_language_links(page->language, links);
    fputs("</section>\n</main>\n<footer class=\"foot\"><nav aria-label=\"", out);
    html_text(out, word(page, "page.languages"));
    fprintf(out, "\">%s</nav></footer>\n</body>\n</html>\n", links);
}

static void put_notices(FILE *out, const struct line_page *page)
{
    static const char *const phases[][2] = {{"paused", "news.paused"},
                                            {"prequeue", "news.prequeueSoon"},
                                            {"sold_out", "plain.soldOut"},
                                            {"closed", "news.closed"}};
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        if (is_phase(page, phases[i][0]))
            html_element(out, "p", "notice", word(page, phases[i][1]));
    if (number_of(page->told, "recovers_at_ms") > 0)
        html_element(out, "p", "notice", word(page, "plain.recovering"));
    if (json_is_true(json_object_get(page->told, "drawing")))
        html_element(out, "p", "notice", word(page, "plain.drawing"));
    if (json_is_true(json_object_get(page->told, "held_out")))
        html_element(out, "p", "notice", word(page, "news.heldOut"));
}

static void put_estimate(FILE *out, const struct line_page *page)
{
    const json_t *place = page->told;
    if (json_object_get(place, "eta_high_ms") == NULL)
        return;
    fputs("<dl class=\"facts\"><div><dt>", out);
    html_text(out, word(page, "line.estimate"));
    fputs("</dt><dd>", out);
    char *low = html_span_text(page->language, number_of(place, "eta_low_ms"));
    char *high = html_span_text(page->language, number_of(place, "eta_high_ms"));
    if (number_of(place, "eta_high_ms") > 60000) {
        const char *both = word(page, "plain.range");
        const char *between = strchr(both, '}') + 1; /* "{from} to {to}" */
        html_text(out, low);
        fprintf(out, "%.*s", (int)strcspn(between, "{"), between);
        html_text(out, high);
    } else {
        html_text(out, low);
    }
    free(low);
    free(high);
    fputs("</dd></div></dl>\n", out);
}

static void put_place(FILE *out, const struct line_page *page)
{
    int64_t ahead = number_of(page->told, "ahead");
    char number[HTML_COUNT_BYTES];
    html_count(ahead + 1, number);
    html_element(out, "h1", "", word(page, "line.title"));
    put_notices(out, page);
    fprintf(out, "<div class=\"place\"><p class=\"place-number%s\">%s</p><p class=\"lead\">",
            ahead >= 999999 ? " is-longest" : (ahead >= 9999 ? " is-long" : ""), number);
    if (ahead == 0)
        html_text(out, word(page, "line.next"));
    else
        html_number(out, page->language, "line.ahead", ahead);
    fputs("</p></div>\n", out);
    put_estimate(out, page);
    fputs("<p class=\"calm\">", out);
    html_text(out, word(page, "line.keep"));
    fputc(' ', out);
    html_text(out, word(page, "plain.script"));
    fputc(' ', out);
    html_text(out, word(page, "plain.turnOn"));
    fputs("</p>\n", out);
    put_leaving(out, page, "plain.giveUpPlace");
}

static void put_turn(FILE *out, const struct line_page *page)
{
    int64_t left_ms = number_of(page->told, "deadline_ms") - number_of(page->told, "server_ms");
    html_element(out, "h1", "", word(page, "turn.title"));
    fputs("<p class=\"lead\">", out);
    html_span(out, page->language, "plain.kept", left_ms);
    fputs("</p>\n<p class=\"notice\">", out);
    html_text(out, word(page, "plain.script"));
    fputc(' ', out);
    html_text(out, word(page, "plain.turnOnNow"));
    fputs("</p>\n<p><a class=\"button primary big\" href=\"/e/", out);
    html_text(out, text_of(page->event, "id"));
    fputs("\">", out);
    html_text(out, word(page, "turn.enter"));
    fputs("</a></p>\n", out);
    put_leaving(out, page, "plain.giveUpTurn");
}

static void put_price(FILE *out, const struct line_page *page, const json_t *priced)
{
    html_money(out, number_of(priced, "price_minor"), text_of(page->event, "currency"));
}

static void put_types(FILE *out, const struct line_page *page, const json_t *types)
{
    fputs("<ul>", out);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        fputs("<li>", out);
        html_foreign(out, "span", "grow", text_of(type, "name"));
        put_price(out, page, type);
        fputs("</li>", out);
    }
    fputs("</ul>", out);
}

static void put_left(FILE *out, const struct line_page *page, int64_t free_count)
{
    fputs("<span class=\"soft\">", out);
    if (free_count > 0)
        html_number(out, page->language, "sale.left", free_count);
    else
        html_text(out, word(page, "sale.noneLeft"));
    fputs("</span>", out);
}

/* One price, or each ticket type with its own. */
static void put_category(FILE *out, const struct line_page *page, const json_t *category)
{
    const json_t *types = json_object_get(category, "types");
    fputs("<li>", out);
    html_foreign(out, "span", "grow", text_of(category, "name"));
    put_left(out, page, number_of(category, "free"));
    if (types != NULL) {
        put_types(out, page, types);
    } else {
        fputs("<strong>", out);
        put_price(out, page, category);
        fputs("</strong>", out);
    }
    fputs("</li>\n", out);
}

static void put_prices(FILE *out, const struct line_page *page)
{
    const json_t *categories = json_object_get(page->event, "categories");
    html_element(out, "h2", "", word(page, "sale.prices"));
    fputs("<ul class=\"rows\">\n", out);
    for (size_t i = 0; i < json_array_size(categories); i++)
        put_category(out, page, json_array_get(categories, i));
    fputs("</ul>\n", out);
}

static void put_opening(FILE *out, const struct line_page *page)
{
    int64_t now_ms = number_of(page->event, "server_ms");
    int64_t prequeue_at_ms = number_of(page->event, "prequeue_at_ms");
    int64_t opens_at_ms = number_of(page->event, "opens_at_ms");
    fputs("<p class=\"lead\">", out);
    if (prequeue_at_ms > now_ms)
        html_span(out, page->language, "plain.prequeueIn", prequeue_at_ms - now_ms);
    else if (opens_at_ms > now_ms)
        html_span(out, page->language, "plain.opensIn", opens_at_ms - now_ms);
    else
        html_text(out, word(page, "plain.byHand"));
    fputs("</p>\n", out);
}

/* What became of a place that is no longer there: a text's key. */
static const char *goodbye_of(const struct line_page *page)
{
    const char *reason = text_of(page->told, "reason");
    if (strcmp(reason, "left") == 0)
        return "sale.left_there";
    if (strcmp(reason, "missed") == 0)
        return "plain.missed";
    return strcmp(reason, "too_late") == 0 ? "plain.tooLate" : "plain.gone";
}

/* Why there is no place, when one was asked for or expected: a text's key; NULL = there is nothing
 * to say. */
static const char *refusal_of(const struct line_page *page)
{
    static const char *const keys[][2] = {{"full", "plain.full"},
                                          {"too_fast", "plain.tooFast"},
                                          {"not_open", "sale.notOpen"},
                                          {"already_served", "plain.served"},
                                          {"sign_in", "plain.signIn"}};
    if (page->is_cookie_needed)
        return "plain.cookie";
    if (is_refused(page, "busy")) {
        bool is_recovering = json_is_true(json_object_get(page->told, "recovering"));
        return is_recovering ? "plain.recoveringNew" : "plain.busy";
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (is_refused(page, keys[i][0]))
            return keys[i][1];
    return is_told(page, "error") && page->had_place ? goodbye_of(page) : NULL;
}

static void put_standing(FILE *out, const struct line_page *page)
{
    if (is_phase(page, "sold_out"))
        html_element(out, "p", "lead", word(page, "plain.soldOutLead"));
    else if (is_phase(page, "closed"))
        html_element(out, "p", "lead", word(page, "news.closed"));
    else if (is_phase(page, "announced"))
        put_opening(out, page);
    else if (is_phase(page, "paused"))
        html_element(out, "p", "lead", word(page, "sale.paused"));
}

static void put_sale(FILE *out, const struct line_page *page)
{
    const char *refusal = refusal_of(page);
    html_element(out, "h1", "", text_of(page->event, "name"));
    if (refusal != NULL)
        html_element(out, "p", "notice", word(page, refusal));
    put_standing(out, page);
    bool is_final = is_refused(page, "already_served") || is_refused(page, "sign_in");
    if (can_join(page) && !is_final && !is_asked_later(page))
        put_button(out, "join", "primary big", word(page, "sale.join"));
    put_prices(out, page);
    html_element(out, "p", "soft", word(page, "plain.script"));
}

char *line_page_html(const struct line_page *page, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    assert(out != NULL);
    if (page->event == NULL) {
        put_head(out, page, word(page, "sale.notFound"));
        html_element(out, "h1", "", word(page, "sale.notFound"));
    } else {
        put_head(out, page, text_of(page->event, "name"));
        bool is_inside = is_told(page, "place") || is_told(page, "admitted");
        if (is_inside)
            html_foreign(out, "p", "eyebrow", text_of(page->event, "name"));
        if (text_of(page->event, "message")[0] != '\0')
            html_foreign(out, "p", "notice", text_of(page->event, "message"));
        if (is_told(page, "place"))
            put_place(out, page);
        else if (is_told(page, "admitted"))
            put_turn(out, page);
        else
            put_sale(out, page);
    }
    put_foot(out, page);
    fclose(out);
    return text;
}
