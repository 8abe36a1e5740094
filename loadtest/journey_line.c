/* Waiting: the place that the server tells, who hears it, and what is kept of it as evidence.
 *
 * `place` comes by the thousand: it is read by flat_json, and by jansson only when that cannot.
 */
#include "loadtest/journey.h"

#include <stdlib.h>
#include <string.h>

#include "loadtest/clocks.h"
#include "loadtest/flat_json.h"

#define LINE_PAUSE_US_MIN 300000
#define LINE_PAUSE_US_MAX 3000000

/* Tokens go back into JSON as they are: only base64url and dots may be in them. */
static bool is_token(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        char ch = text[i];
        bool is_plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                        (ch >= '0' && ch <= '9') || ch == '-' || ch == '_' || ch == '.';
        if (!is_plain)
            return false;
    }
    return bytes > 0 && bytes <= STAMPEDE_TOKEN_BYTES_MAX;
}

void line_keep_token(struct crowd *c, char **kept, const char *text, size_t bytes)
{
    if (!text)
        return;
    if (!is_token(text, bytes)) {
        crowd_count_error(c, "bad_answer");
        return;
    }
    if (*kept && strlen(*kept) == bytes && memcmp(*kept, text, bytes) == 0)
        return;
    free(*kept);
    *kept = strndup(text, bytes);
}

void line_note_once(int64_t *first, int64_t *other, int64_t told)
{
    if (told < 0)
        return;
    if (*first == HISTORY_NONE)
        *first = told;
    else if (*first != told)
        *other = told;
}

/* A draw changes each place once; any other change is evidence. */
void line_note_seq(struct crowd *c, const struct visitor *v, int64_t seq)
{
    struct history_visitor *r = journey_record(c, v);
    bool is_news = seq >= 0 && r->seq != HISTORY_NONE && seq != r->seq;
    if (is_news && atomic_load(&c->run->shared->has_draw) && !r->is_drawn) {
        r->early_seq = r->seq;
        r->seq = seq;
        r->is_drawn = true;
    } else {
        line_note_once(&r->seq, &r->other_seq, seq);
    }
}

void line_note_told(struct crowd *c, struct visitor *v)
{
    struct history_visitor *r = journey_record(c, v);
    if (r->told_ms == HISTORY_NONE) {
        r->asked_ms = v->asked_ms;
        r->told_ms = run_server_ms(c->run);
        journey_count(&c->stats->joined);
    }
    if (v->lost_us != 0) {
        crowd_record(c, LATENCY_RETURN, clocks_us() - v->lost_us);
        r->returns++;
    }
    v->lost_us = 0;
}

/* A tab that comes when its owner has given the place up, or bought with it, is given another: that
 * is as it should be, and says nothing about the first. */
bool line_end_late_tab(struct crowd *c, struct visitor *v)
{
    if (!v->is_tab)
        return false;
    const struct visitor *owner = &c->visitors[v->owner];
    bool is_late = owner->is_leaving || owner->has_paid || visitor_is_over(owner) ||
                   journey_record(c, v)->end != HISTORY_END_UNKNOWN;
    if (is_late)
        journey_finish(c, v, VISITOR_LEFT);
    return is_late;
}

bool line_end_tab(struct crowd *c, struct visitor *v)
{
    if (!v->is_tab)
        return false;
    journey_count(&c->stats->tabs_compared);
    journey_finish(c, v, VISITOR_LEFT);
    return true;
}

static void begin_waiting(struct crowd *c, struct visitor *v)
{
    if (v->is_leaving) {
        journey_leave(c, v);
        return;
    }
    const struct stampede_options *o = c->run->options;
    bool has_plans = v->plan.leaves_line || v->plan.reloads > 0 || v->plan.tabs > 0;
    if (v->gives_up_us == 0 && !o->is_patient && o->mode == MODE_JOURNEY)
        v->gives_up_us = c->now_us + pause_us(&o->patience, &v->dice);
    journey_wait(c, v,
                 has_plans ? dice_between(&v->dice, LINE_PAUSE_US_MIN, LINE_PAUSE_US_MAX) : 0);
}

/* Who had a turn before Redis forgot it waits again, in front, and is not compared with those who
 * had theirs meanwhile. */
static void note_waiting(struct crowd *c, const struct visitor *v)
{
    struct history_visitor *r = journey_record(c, v);
    int64_t lost_ms = run_lost_ms(c->run);
    if (lost_ms == 0 || r->admission == HISTORY_NONE)
        r->waiting_ms = v->asked_ms;
    else
        journey_inside_at_most(c, v, lost_ms);
}

/* The fields of a `place`; -1 where one is absent. */
struct place_told {
    int64_t seq, re, spread_ms, ahead, eta_low_ms, eta_high_ms, server_ms;
    const char *receipt;
    size_t receipt_bytes;
};

/* For the plots: places over time of a few, the first estimate of all. */
static void follow(struct crowd *c, const struct visitor *v, const struct place_told *p)
{
    struct history_visitor *r = journey_record(c, v);
    uint32_t track = track_of(v->number, c->run->options->visitors);
    if (p->ahead < 0 || p->server_ms < 0)
        return;
    if (r->eta_at_ms == HISTORY_NONE && p->eta_low_ms >= 0) {
        r->eta_at_ms = p->server_ms;
        r->eta_low_ms = p->eta_low_ms;
        r->eta_high_ms = p->eta_high_ms;
    }
    if (track < STAMPEDE_TRACKS_MAX)
        track_add(&c->run->tracks[track],
                  &(struct track_moment){p->server_ms, p->ahead, p->eta_low_ms, p->eta_high_ms});
}

static void on_place(struct crowd *c, struct visitor *v, const struct place_told *p)
{
    bool is_answer = journey_take_answer(c, v, p->re);
    v->put_off = 0;
    if (line_end_late_tab(c, v))
        return;
    line_note_seq(c, v, p->seq);
    if (line_end_tab(c, v))
        return;
    follow(c, v, p);
    line_keep_token(c, &v->receipt, p->receipt, p->receipt_bytes);
    if (!is_answer)
        journey_count(&c->stats->pushes);
    if (p->spread_ms >= 0)
        v->spread_ms = p->spread_ms < UINT32_MAX ? (uint32_t)p->spread_ms : UINT32_MAX;
    if (v->state != VISITOR_WAITING && v->state != VISITOR_JOINING)
        return;
    v->waited_ms = run_server_ms(c->run);
    if (!is_answer)
        return;
    note_waiting(c, v);
    if (v->state == VISITOR_JOINING) {
        crowd_record(c, LATENCY_JOIN, clocks_us() - v->due_us);
        line_note_told(c, v);
        begin_waiting(c, v);
    }
}

bool line_take_place(struct crowd *c, struct visitor *v, const char *text, size_t bytes)
{
    static const char head[] = "{\"type\":\"place\"";
    struct flat_json o;
    if (bytes < sizeof head || memcmp(text, head, sizeof head - 1) != 0 ||
        !flat_json_read(text, bytes, &o))
        return false;
    const struct flat_field *receipt = flat_json_find(&o, "receipt");
    on_place(c, v,
             &(struct place_told){.seq = flat_json_number(&o, "seq", -1),
                                  .re = flat_json_number(&o, "re", -1),
                                  .spread_ms = flat_json_number(&o, "spread_ms", -1),
                                  .ahead = flat_json_number(&o, "ahead", -1),
                                  .eta_low_ms = flat_json_number(&o, "eta_low_ms", -1),
                                  .eta_high_ms = flat_json_number(&o, "eta_high_ms", -1),
                                  .server_ms = flat_json_number(&o, "server_ms", -1),
                                  .receipt = receipt ? receipt->text : NULL,
                                  .receipt_bytes = receipt ? receipt->text_bytes : 0});
    return true;
}

void line_on_place(struct crowd *c, struct visitor *v, json_t *message)
{
    json_t *receipt = json_object_get(message, "receipt");
    on_place(c, v,
             &(struct place_told){.seq = journey_number(message, "seq", -1),
                                  .re = journey_number(message, "re", -1),
                                  .spread_ms = journey_number(message, "spread_ms", -1),
                                  .ahead = journey_number(message, "ahead", -1),
                                  .eta_low_ms = journey_number(message, "eta_low_ms", -1),
                                  .eta_high_ms = journey_number(message, "eta_high_ms", -1),
                                  .server_ms = journey_number(message, "server_ms", -1),
                                  .receipt = json_string_value(receipt),
                                  .receipt_bytes = json_string_length(receipt)});
}
