#include "server/gateway/line_page_html.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "ticketing/import_money.h"

#define REFRESH_NEAR_S 10 /* fewer than NEAR_AHEAD in front, or a turn has come */
#define REFRESH_MIDDLE_S 17
#define REFRESH_FAR_S 25
#define NEAR_AHEAD 50
#define MIDDLE_AHEAD 500
#define RETRY_S_MAX 60

static const char needs_script[] = "Choosing seats and paying need JavaScript.";

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
    if (page->event == NULL || is_refused(page, "already_served") || is_refused(page, "sign_in")) {
        return 0;
    }
    if (is_asked_later(page)) {
        int64_t retry_s = number_of(page->told, "retry_s");
        return (int)(retry_s < RETRY_S_MAX ? retry_s : RETRY_S_MAX) + page->jitter_s;
    }
    if (is_told(page, "place")) {
        int64_t ahead = number_of(page->told, "ahead");
        int middle_or_far_s = ahead < MIDDLE_AHEAD ? REFRESH_MIDDLE_S : REFRESH_FAR_S;
        return (ahead < NEAR_AHEAD ? REFRESH_NEAR_S : middle_or_far_s) + page->jitter_s;
    }
    if (is_told(page, "admitted")) {
        return REFRESH_NEAR_S + page->jitter_s;
    }
    return is_phase(page, "closed") ? 0 : REFRESH_FAR_S + page->jitter_s;
}

/* --- writing --- */

static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void put_element(FILE *out, const char *tag, const char *class, const char *text)
{
    fprintf(out, "<%s%s%s%s>", tag, class[0] != '\0' ? " class=\"" : "", class,
            class[0] != '\0' ? "\"" : "");
    put_text(out, text);
    fprintf(out, "</%s>\n", tag);
}

/* "1,234,567" */
static void put_count(FILE *out, int64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, count < 0 ? 0 : count);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            fputc(',', out);
        }
        fputc(digits[i], out);
    }
}

static void put_span(FILE *out, int64_t ms)
{
    int64_t minutes = (ms + 59999) / 60000;
    if (ms <= 60000) {
        fputs("less than a minute", out);
    } else if (minutes < 120) {
        fprintf(out, "about %" PRId64 " minutes", minutes);
    } else if (minutes < 48 * 60) {
        fprintf(out, "about %" PRId64 " hours", (minutes + 30) / 60);
    } else {
        fprintf(out, "about %" PRId64 " days", (minutes + 12 * 60) / (24 * 60));
    }
}

static void put_money(FILE *out, int64_t minor, const char *currency)
{
    int exponent = money_exponent(currency);
    int64_t unit = 1;
    for (int i = 0; i < exponent; i++) {
        unit *= 10;
    }
    put_count(out, minor / unit);
    if (exponent > 0) {
        fprintf(out, ".%0*" PRId64, exponent, minor % unit);
    }
    fputc(' ', out);
    put_text(out, currency);
}

static void put_button(FILE *out, const char *action, const char *class, const char *label)
{
    fprintf(out,
            "<form method=\"post\"><button class=\"%s\" name=\"action\" value=\"%s\">%s</button>"
            "</form>\n",
            class, action, label);
}

/* Leaving is asked twice, without a script: the button comes when the summary is opened. */
static void put_leaving(FILE *out, const char *question)
{
    fprintf(out,
            "<details><summary class=\"soft\">%s</summary>\n"
            "<p>It goes to the next person, and there is no way back to it.</p>\n",
            question);
    put_button(out, "leave", "", "Yes, give it up");
    fputs("</details>\n", out);
}

/* --- the parts of the page --- */

static void put_head(FILE *out, const struct line_page *page, const char *title)
{
    int refresh_s = line_page_refresh_s(page);
    fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    put_text(out, title);
    fputs("</title>\n", out);
    if (refresh_s > 0) {
        fprintf(out, "<meta http-equiv=\"refresh\" content=\"%d; url=/e/", refresh_s);
        put_text(out, text_of(page->event, "id"));
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
    int refresh_s = line_page_refresh_s(page);
    if (refresh_s > 0) {
        fprintf(out,
                "<p class=\"soft small\">This page asks again by itself every %d seconds.</p>\n",
                refresh_s);
    }
    fputs("</section>\n</main>\n</body>\n</html>\n", out);
}

static void put_notices(FILE *out, const struct line_page *page)
{
    static const struct {
        const char *phase, *text;
    } phases[] = {
        {"paused", "Admission is paused. Everybody keeps their place."},
        {"prequeue", "Admission has not started yet. Your place is fixed."},
        {"sold_out", "Everything is taken right now. Seats may come back when others do not pay; "
                     "your place is kept."},
        {"closed", "This sale is over."},
    };
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
        if (is_phase(page, phases[i].phase)) {
            put_element(out, "p", "notice", phases[i].text);
        }
    }
    if (number_of(page->told, "recovers_at_ms") > 0) {
        put_element(out, "p", "notice",
                    "The line is being put together again after a failure. Nobody is admitted "
                    "meanwhile, and your place is kept.");
    }
    if (json_is_true(json_object_get(page->told, "drawing"))) {
        put_element(out, "p", "notice", "The order of the line is being drawn right now.");
    }
    if (json_is_true(json_object_get(page->told, "held_out"))) {
        put_element(out, "p", "notice",
                    "All seats are in other people's hands right now; some may come back.");
    }
}

static void put_estimate(FILE *out, const json_t *place)
{
    if (json_object_get(place, "eta_high_ms") == NULL) {
        return;
    }
    fputs("<dl class=\"facts\"><div><dt>Estimated wait</dt><dd>", out);
    put_span(out, number_of(place, "eta_low_ms"));
    if (number_of(place, "eta_high_ms") > 60000) {
        fputs(" to ", out);
        put_span(out, number_of(place, "eta_high_ms"));
    }
    fputs("</dd></div></dl>\n", out);
}

static void put_place(FILE *out, const struct line_page *page)
{
    int64_t ahead = number_of(page->told, "ahead");
    put_element(out, "h1", "", "You are in line");
    put_notices(out, page);
    fprintf(out, "<div class=\"place\"><p class=\"place-number%s\">",
            ahead >= 999999 ? " is-longest" : (ahead >= 9999 ? " is-long" : ""));
    put_count(out, ahead + 1);
    fputs("</p><p class=\"lead\">", out);
    if (ahead == 0) {
        fputs("You are next", out);
    } else {
        put_count(out, ahead);
        fputs(ahead == 1 ? " person ahead of you" : " people ahead of you", out);
    }
    fputs("</p></div>\n", out);
    put_estimate(out, page->told);
    fprintf(
        out,
        "<p class=\"calm\">You may close this page or lock your phone: your place is kept. Come "
        "back to this address in the same browser. %s Turn it on before your turn comes: the "
        "place stays yours.</p>\n",
        needs_script);
    put_leaving(out, "Give up your place?");
}

static void put_turn(FILE *out, const struct line_page *page)
{
    int64_t left_ms = number_of(page->told, "deadline_ms") - number_of(page->told, "server_ms");
    put_element(out, "h1", "", "It is your turn");
    fputs("<p class=\"lead\">Your turn is kept for ", out);
    put_span(out, left_ms);
    fprintf(out,
            ".</p>\n<p class=\"notice\">%s Turn it on in this browser, then open the sale:</p>\n"
            "<p><a class=\"button primary big\" href=\"/e/",
            needs_script);
    put_text(out, text_of(page->event, "id"));
    fputs("\">Choose seats</a></p>\n", out);
    put_leaving(out, "Give up your turn?");
}

static void put_prices(FILE *out, const json_t *event)
{
    const json_t *categories = json_object_get(event, "categories");
    fputs("<h2>Prices</h2>\n<ul class=\"rows\">\n", out);
    for (size_t i = 0; i < json_array_size(categories); i++) {
        const json_t *category = json_array_get(categories, i);
        int64_t free_count = number_of(category, "free");
        fputs("<li>", out);
        put_element(out, "span", "grow", text_of(category, "name"));
        fputs("<span class=\"soft\">", out);
        if (free_count > 0) {
            put_count(out, free_count);
        }
        fputs(free_count > 0 ? " left</span><strong>" : "None left</span><strong>", out);
        put_money(out, number_of(category, "price_minor"), text_of(event, "currency"));
        fputs("</strong></li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void put_opening(FILE *out, const json_t *event)
{
    int64_t now_ms = number_of(event, "server_ms");
    int64_t prequeue_at_ms = number_of(event, "prequeue_at_ms");
    int64_t opens_at_ms = number_of(event, "opens_at_ms");
    fputs("<p class=\"lead\">", out);
    if (prequeue_at_ms > now_ms) {
        fputs("You can get in line in ", out);
        put_span(out, prequeue_at_ms - now_ms);
    } else if (opens_at_ms > now_ms) {
        fputs("The sale opens in ", out);
        put_span(out, opens_at_ms - now_ms);
    } else {
        fputs("The sale has not opened yet", out);
    }
    fputs(".</p>\n", out);
}

/* What became of a place that is no longer there. */
static const char *goodbye_of(const struct line_page *page)
{
    const char *reason = text_of(page->told, "reason");
    if (strcmp(reason, "left") == 0) {
        return "You left the line.";
    }
    if (strcmp(reason, "missed") == 0) {
        return "Your turn is over: nobody claimed it in time, or its time ran out.";
    }
    return strcmp(reason, "too_late") == 0
               ? "Your place could not be put back after a failure, because this browser came back "
                 "too late. You can get in line again."
               : "Your place is no longer there: it was used, left or missed.";
}

/* Why there is no place, when one was asked for or expected; NULL = there is nothing to say. */
static const char *refusal_of(const struct line_page *page)
{
    static const struct {
        const char *code, *text;
    } texts[] = {
        {"full", "The line is full right now. This page asks again."},
        {"too_fast", "One moment, please. This page asks again."},
        {"not_open", "This sale does not take visitors at the moment."},
        {"already_served", "You have bought all the tickets one visitor may. Showing them needs "
                           "JavaScript."},
        {"sign_in", "This sale takes only visitors who are signed in, and signing in needs "
                    "JavaScript."},
    };
    if (page->is_cookie_needed) {
        return "Your place is kept by a cookie. Allow cookies for this site and press once more.";
    }
    if (is_refused(page, "busy")) {
        return json_is_true(json_object_get(page->told, "recovering"))
                   ? "The line is being put together again after a failure. If you have a place, "
                     "it "
                     "is kept. This page asks again."
                   : "The system is catching up. Nothing you have is lost. This page asks again.";
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (is_refused(page, texts[i].code)) {
            return texts[i].text;
        }
    }
    return is_told(page, "error") && page->had_place ? goodbye_of(page) : NULL;
}

static void put_sale(FILE *out, const struct line_page *page)
{
    const char *refusal = refusal_of(page);
    put_element(out, "h1", "", text_of(page->event, "name"));
    if (refusal != NULL) {
        put_element(out, "p", "notice", refusal);
    }
    if (is_phase(page, "sold_out")) {
        put_element(out, "p", "lead", "Sold out. Every seat has been sold.");
    } else if (is_phase(page, "closed")) {
        put_element(out, "p", "lead", "This sale is over.");
    } else if (is_phase(page, "announced")) {
        put_opening(out, page->event);
    } else if (is_phase(page, "paused")) {
        put_element(out, "p", "lead",
                    "The sale is paused. You can get in line; admission goes on when the pause "
                    "ends.");
    }
    bool is_final = is_refused(page, "already_served") || is_refused(page, "sign_in");
    if (can_join(page) && !is_final && !is_asked_later(page)) {
        put_button(out, "join", "primary big", "Get in line");
    }
    put_prices(out, page->event);
    put_element(out, "p", "soft", needs_script);
}

char *line_page_html(const struct line_page *page, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    assert(out != NULL);
    if (page->event == NULL) {
        put_head(out, page, "There is no such event");
        put_element(out, "h1", "", "There is no such event");
    } else {
        put_head(out, page, text_of(page->event, "name"));
        bool is_inside = is_told(page, "place") || is_told(page, "admitted");
        if (is_inside) {
            put_element(out, "p", "eyebrow", text_of(page->event, "name"));
        }
        if (text_of(page->event, "message")[0] != '\0') {
            put_element(out, "p", "notice", text_of(page->event, "message"));
        }
        if (is_told(page, "place")) {
            put_place(out, page);
        } else if (is_told(page, "admitted")) {
            put_turn(out, page);
        } else {
            put_sale(out, page);
        }
    }
    put_foot(out, page);
    fclose(out);
    return text;
}
