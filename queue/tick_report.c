/* See the header. Everything is checked: the text comes from another process. Only the figures are
 * JSON; the lists, which each gateway reads at each tick, are words: they are read in one pass,
 * without a tree (20 ns a visitor, 0.5 us as JSON). */
#include "queue/tick_report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "queue/phase.h"

#define NUMBER_DIGITS_MAX 18

enum { LINE_FIGURES, LINE_ADMITTED, LINE_EXPIRED, LINE_GONE, LINES };

void tick_report_release(struct tick_report *report)
{
    free(report->admitted);
    free(report->expired);
    free(report->gone);
    *report = (struct tick_report){0};
}

/* What is left of a line of words. */
struct words {
    const char *at, *end;
};

/* How many items of so many words a line can have at most, and memory for them; NULL items are
 * right for an empty line. */
static bool make_room(const struct words *line, size_t words_each, size_t item_bytes, void **items)
{
    size_t words = line->at < line->end;
    for (const char *c = line->at; c < line->end; c++)
        words += *c == ' ';
    *items = words ? calloc(words / words_each + 1, item_bytes) : NULL;
    return words == 0 || *items;
}

/* The word runs up to the next space, which is taken too. */
static bool next_word(struct words *line, const char **word, size_t *bytes)
{
    const char *space = memchr(line->at, ' ', (size_t)(line->end - line->at));
    const char *end = space ? space : line->end;
    *word = line->at;
    *bytes = (size_t)(end - line->at);
    line->at = space ? space + 1 : line->end;
    return *bytes > 0 && (!space || line->at < line->end);
}

static bool next_number(struct words *line, int64_t *out)
{
    const char *word = NULL;
    size_t bytes = 0;
    if (!next_word(line, &word, &bytes) || bytes > NUMBER_DIGITS_MAX)
        return false;
    int64_t number = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (word[i] < '0' || word[i] > '9')
            return false;
        number = number * 10 + (word[i] - '0');
    }
    *out = number;
    return true;
}

static bool next_visitor(struct words *line, struct queue_visitor *out)
{
    const char *word = NULL;
    size_t bytes = 0;
    if (!next_word(line, &word, &bytes) || bytes > VISITOR_ID_BYTES)
        return false;
    memcpy(out->id, word, bytes);
    out->id[bytes] = '\0';
    return true;
}

/* "visitor sequence ...": admissions are numbered from `admission` on and end together. */
static bool read_admitted(struct words *line, int64_t admission, int64_t deadline_ms,
                          struct tick_report *report)
{
    void *items;
    if (!make_room(line, 2, sizeof(report->admitted[0]), &items))
        return false;
    report->admitted = items;
    while (line->at < line->end) {
        struct tick_admitted *to = &report->admitted[report->admitted_count];
        *to = (struct tick_admitted){.admission = admission + (int64_t)report->admitted_count,
                                     .deadline_ms = deadline_ms};
        if (!next_visitor(line, &to->visitor) || !next_number(line, &to->seq))
            return false;
        report->admitted_count++;
    }
    return true;
}

/* "visitor reason ..." */
static bool read_expired(struct words *line, struct tick_report *report)
{
    static const char no_show[] = "no_show";
    void *items;
    if (!make_room(line, 2, sizeof(report->expired[0]), &items))
        return false;
    report->expired = items;
    while (line->at < line->end) {
        struct tick_expired *to = &report->expired[report->expired_count];
        const char *reason = NULL;
        size_t bytes = 0;
        if (!next_visitor(line, &to->visitor) || !next_word(line, &reason, &bytes))
            return false;
        to->is_no_show = bytes == sizeof no_show - 1 && memcmp(reason, no_show, bytes) == 0;
        report->expired_count++;
    }
    return true;
}

/* "sequence ..." */
static bool read_gone(struct words *line, struct tick_report *report)
{
    void *items;
    if (!make_room(line, 1, sizeof(report->gone[0]), &items))
        return false;
    report->gone = items;
    while (line->at < line->end) {
        if (!next_number(line, &report->gone[report->gone_count]))
            return false;
        report->gone_count++;
    }
    return true;
}

static bool read_int(const json_t *value, int64_t *out)
{
    if (!json_is_integer(value))
        return false;
    *out = json_integer_value(value);
    return true;
}

static bool read_draw(const json_t *value, enum line_draw *draw)
{
    int64_t number;
    if (!read_int(value, &number) || number < 0 || number >= DRAW_COUNT)
        return false;
    *draw = (enum line_draw)number;
    return true;
}

static bool read_figures(const json_t *root, struct tick_report *report)
{
    int64_t is_refill;
    const char *phase = json_string_value(json_object_get(root, "phase"));
    bool is_whole = phase && queue_phase_parse(phase, &report->phase) &&
                    read_int(json_object_get(root, "tick"), &report->tick) &&
                    read_int(json_object_get(root, "at_ms"), &report->at_ms) &&
                    read_int(json_object_get(root, "seq"), &report->seq) &&
                    read_int(json_object_get(root, "head"), &report->head) &&
                    read_int(json_object_get(root, "waiting"), &report->waiting) &&
                    read_int(json_object_get(root, "inside"), &report->inside) &&
                    read_int(json_object_get(root, "free"), &report->free) &&
                    read_int(json_object_get(root, "holds"), &report->holds) &&
                    read_int(json_object_get(root, "recovers_at_ms"), &report->recovers_at_ms) &&
                    read_int(json_object_get(root, "refill"), &is_refill) &&
                    read_int(json_object_get(root, "rest"), &report->rest) &&
                    read_draw(json_object_get(root, "draw"), &report->draw) &&
                    read_int(json_object_get(root, "rate_micro"), &report->rate_micro) &&
                    read_int(json_object_get(root, "lag_ms"), &report->lag_ms);
    report->is_refill = is_whole && is_refill == 1;
    return is_whole;
}

static bool read_head(const struct words *line, struct tick_report *report, int64_t *admission,
                      int64_t *deadline_ms)
{
    json_t *root = json_loadb(line->at, (size_t)(line->end - line->at), 0, NULL);
    bool is_whole = root && read_figures(root, report) &&
                    read_int(json_object_get(root, "admission"), admission) &&
                    read_int(json_object_get(root, "claim_until_ms"), deadline_ms);
    json_decref(root);
    return is_whole;
}

/* False unless there are exactly LINES, each with its end: so a text that was cut is noticed. */
static bool split(const char *text, size_t bytes, struct words lines[LINES])
{
    const char *at = text, *end = text + bytes;
    for (int i = 0; i < LINES; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            return false;
        lines[i] = (struct words){at, stop};
        at = stop + 1;
    }
    return at == end;
}

bool tick_report_parse(const char *text, size_t bytes, struct tick_report *report)
{
    struct words lines[LINES];
    struct tick_report in = {0};
    int64_t admission, deadline_ms;
    bool is_whole = split(text, bytes, lines) &&
                    read_head(&lines[LINE_FIGURES], &in, &admission, &deadline_ms) &&
                    read_admitted(&lines[LINE_ADMITTED], admission, deadline_ms, &in) &&
                    read_expired(&lines[LINE_EXPIRED], &in) && read_gone(&lines[LINE_GONE], &in);
    if (!is_whole) {
        tick_report_release(&in);
        return false;
    }
    *report = in;
    return true;
}
