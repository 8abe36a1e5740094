/* The visitor's steps, and what all of journey*.c share; which file has what is in the header. */
#include "loadtest/journey.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/clocks.h"

#define VERIFY_SHARE 0.2 /* of the buyers compare the confirmation with their tickets */
/* Reload, second tab and giving up happen this soon after joining. */
#define LINE_PAUSE_US_MAX 3000000
#define CLOCK_MARGIN_MS 5 /* between our clock and the server's */

static bool is_buying_mode(const struct crowd *c)
{
    return c->run->options->mode == MODE_JOURNEY;
}

void journey_plan(struct crowd *c, struct visitor *v)
{
    const struct stampede_options *o = c->run->options;
    struct visitor_plan *p = &v->plan;
    uint32_t seats_max =
        o->seats_max < c->run->seats_each_max ? o->seats_max : c->run->seats_each_max;
    uint32_t seats_min = o->seats_min < seats_max ? o->seats_min : seats_max;
    bool leaves = dice_hits(&v->dice, o->leave), leaves_early = dice_hits(&v->dice, 0.5);
    bool walks_off = dice_hits(&v->dice, o->no_pay), walks_off_early = dice_hits(&v->dice, 0.5);
    p->seats_wanted = (uint8_t)dice_between(&v->dice, seats_min, seats_max);
    p->card_declined = dice_hits(&v->dice, o->decline);
    p->clicks_twice = dice_hits(&v->dice, o->double_click);
    p->slow_card = dice_hits(&v->dice, o->slow_cards) ? (uint8_t)dice_between(&v->dice, 1, 3) : 0;
    p->reloads = dice_hits(&v->dice, o->refresh) ? (uint8_t)o->reloads : 0;
    p->tabs = dice_hits(&v->dice, o->tabs) ? (uint8_t)o->tabs_each : 0;
    p->verifies = dice_hits(&v->dice, VERIFY_SHARE);
    p->grabs = dice_hits(&v->dice, o->grab);
    p->opens_map = dice_hits(&v->dice, o->maps);
    if (is_buying_mode(c)) {
        p->leaves_line = leaves && leaves_early;
        p->leaves_inside = leaves && !leaves_early;
        p->leaves_seats = walks_off && walks_off_early;
        p->leaves_cash = walks_off && !walks_off_early;
        p->no_show = dice_hits(&v->dice, o->no_show);
        p->no_show_away = p->no_show && dice_hits(&v->dice, 0.5);
        journey_record(c, v)->stays_away = p->no_show && !p->no_show_away;
    } else {
        *p = (struct visitor_plan){.seats_wanted = p->seats_wanted};
    }
    v->leaves_as = VISITOR_LEFT;
}

void visitor_release(struct visitor *v)
{
    connection_close(&v->connection);
    free(v->cookie);
    free(v->receipt);
    free(v->pass);
    free(v->instead);
    v->cookie = v->receipt = v->pass = NULL;
    v->instead = NULL;
}

bool visitor_is_over(const struct visitor *v)
{
    return v->state >= VISITOR_BOUGHT;
}

struct history_visitor *journey_record(struct crowd *c, const struct visitor *v)
{
    return &c->run->visitors[v->number];
}

void journey_inside_until(struct crowd *c, const struct visitor *v, int64_t until_ms)
{
    if (until_ms > 0)
        journey_record(c, v)->inside_until_ms = until_ms;
}

void journey_inside_at_most(struct crowd *c, const struct visitor *v, int64_t until_ms)
{
    struct history_visitor *r = journey_record(c, v);
    if (until_ms > 0 && until_ms < r->inside_until_ms)
        r->inside_until_ms = until_ms;
}

/* Mode buy without a rate: a fixed number buys at the same time, and who is done makes room. */
static bool has_places_at_the_cash(const struct stampede_options *o)
{
    return o->mode == MODE_BUY && o->hold_rate == 0;
}

static void let_next_buy(struct crowd *c)
{
    while (c->next_buyer < c->visitors_count) {
        struct visitor *v = &c->visitors[c->next_buyer++];
        if (v->state != VISITOR_READY)
            continue;
        journey_pause(c, v, VISITOR_CHOOSING, 0);
        return;
    }
}

void journey_finish(struct crowd *c, struct visitor *v, enum visitor_state state)
{
    bool walks_off = state == VISITOR_ABANDONED;
    crowd_drop_timer(c, v);
    crowd_set_state(c, v, state);
    if (c->is_holding && has_places_at_the_cash(c->run->options))
        let_next_buy(c);
    if (state == VISITOR_BOUGHT && c->run->options->mode == MODE_BUY)
        return; /* looks at the tickets until the run ends: closing is not what is measured */
    crowd_disconnect(c, v, !walks_off);
    visitor_release(v);
}

void journey_pause(struct crowd *c, struct visitor *v, enum visitor_state state, int64_t pause_us)
{
    crowd_set_state(c, v, state);
    crowd_set_timer(c, v, clocks_us() + pause_us);
}

void journey_think(struct crowd *c, struct visitor *v, enum visitor_state state)
{
    const struct stampede_options *o = c->run->options;
    journey_pause(c, v, state, pause_us(&o->think, &v->dice));
}

void journey_ask(struct crowd *c, struct visitor *v, const char *type, const char *format, ...)
{
    char text[STAMPEDE_TOKEN_BYTES_MAX + 512];
    int head = snprintf(text, sizeof text, "{\"type\":\"%s\",\"id\":%u", type, ++v->next_id);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(text + head, sizeof text - (size_t)head - 2, format, arguments);
    va_end(arguments);
    size_t bytes = (size_t)head + (size_t)more + 1;
    bool fits = head > 0 && more >= 0 && bytes < sizeof text - 1;
    if (fits)
        text[bytes - 1] = '}';
    if (!fits ||
        !connection_send(&v->connection, &c->place, &v->dice, crowd_index(c, v), text, bytes)) {
        crowd_count_error(c, "send_failed");
        crowd_disconnect(c, v, false);
        crowd_return_later(c, v, STAMPEDE_RETRY_US_MIN);
        return;
    }
    v->awaited_id = v->next_id;
    v->asked_ms = run_server_ms(c->run) - CLOCK_MARGIN_MS;
    crowd_set_timer(c, v, c->now_us + crowd_answer_us(c));
}

void journey_join(struct crowd *c, struct visitor *v)
{
    crowd_set_state(c, v, VISITOR_JOINING);
    if (v->receipt)
        journey_ask(c, v, "resume", ",\"receipt\":\"%s\"", v->receipt);
    else
        journey_ask(c, v, "join", "%s", "");
}

void journey_leave(struct crowd *c, struct visitor *v)
{
    v->is_leaving = true;
    crowd_set_state(c, v, VISITOR_LEAVING);
    holds_let_go(c, v);
    journey_inside_at_most(c, v, run_server_ms(c->run) - CLOCK_MARGIN_MS);
    journey_ask(c, v, "leave", "%s", "");
}

void journey_wait(struct crowd *c, struct visitor *v, int64_t pause_us)
{
    int64_t due_us = pause_us > 0 ? clocks_us() + pause_us : INT64_MAX;
    if (v->gives_up_us != 0 && v->gives_up_us < due_us)
        due_us = v->gives_up_us;
    crowd_set_state(c, v, VISITOR_WAITING);
    if (due_us != INT64_MAX)
        crowd_set_timer(c, v, due_us);
}

/* What a waiting visitor does besides waiting, one thing at a time. */
static void wait_in_line(struct crowd *c, struct visitor *v)
{
    bool gives_up = v->gives_up_us != 0 && v->due_us >= v->gives_up_us;
    if (v->turns_away) {
        journey_finish(c, v, VISITOR_SOLD_OUT);
    } else if (gives_up || (v->plan.leaves_line && v->plan.tabs == 0 && v->plan.reloads == 0)) {
        journey_leave(c, v);
    } else if (v->plan.tabs > 0) {
        v->plan.tabs--;
        struct visitor *tab = crowd_add_tab(c, v);
        if (tab)
            crowd_connect(c, tab);
        journey_wait(c, v, LINE_PAUSE_US_MAX / 2);
    } else if (v->plan.reloads > 0) {
        journey_reload(c, v);
    }
}

static void come(struct crowd *c, struct visitor *v)
{
    if (!v->has_come && !v->is_tab)
        atomic_fetch_add_explicit(&c->stats->arrived, 1, memory_order_relaxed);
    v->has_come = true;
    crowd_connect(c, v);
}

static void step(struct crowd *c, struct visitor *v)
{
    switch ((enum visitor_state)v->state) {
    case VISITOR_AWAY:
        come(c, v);
        break;
    case VISITOR_CONNECTING:
        journey_on_no_connection(c, v);
        break;
    case VISITOR_JOINING:
        journey_join(c, v);
        break;
    case VISITOR_WAITING:
        wait_in_line(c, v);
        break;
    case VISITOR_ENTERING:
        journey_ask(c, v, "enter", ",\"pass\":\"%s\"", v->pass ? v->pass : "");
        break;
    case VISITOR_CHOOSING:
        choice_ask(c, v);
        break;
    case VISITOR_HELD:
        sales_after_holding(c, v);
        break;
    case VISITOR_CHECKING_OUT:
        journey_ask(c, v, "checkout", "%s", "");
        break;
    case VISITOR_AT_CASH:
        sales_pay(c, v);
        break;
    case VISITOR_PAYING:
    case VISITOR_LOOKING_UP:
        crowd_set_state(c, v, VISITOR_LOOKING_UP);
        journey_ask(c, v, "tickets", "%s", "");
        break;
    case VISITOR_VERIFYING:
        journey_ask(c, v, "tickets", "%s", "");
        break;
    case VISITOR_LEAVING:
        journey_leave(c, v);
        break;
    case VISITOR_RELEASING:
        holds_let_go(c, v);
        journey_ask(c, v, "release", "%s", "");
        break;
    default:
        break;
    }
}

void journey_on_timer(struct crowd *c, struct visitor *v, int64_t due_us)
{
    if (v->awaited_id != 0) {
        crowd_count_error(c, "answer_timeout");
        crowd_disconnect(c, v, true);
        if (v->is_tab)
            journey_finish(c, v, VISITOR_LEFT);
        else
            crowd_return_later(c, v, STAMPEDE_RETRY_US_MIN);
        return;
    }
    bool may_start =
        c->command == RUN_GO || v->state == VISITOR_LOOKING_UP || v->state == VISITOR_PAYING;
    if (!may_start)
        return;
    v->due_us = due_us;
    step(c, v);
}

static bool waits_for_money(const struct visitor *v)
{
    return v->has_paid || v->state == VISITOR_VERIFYING;
}

void journey_on_command(struct crowd *c, struct visitor *v)
{
    if (visitor_is_over(v))
        return;
    bool is_open = v->connection.state == CONNECTION_OPEN;
    if (c->command == RUN_ROLL_CALL && v->state == VISITOR_WAITING && is_open && v->receipt &&
        !v->is_tab && !v->turns_away) {
        journey_ask(c, v, "resume", ",\"receipt\":\"%s\"", v->receipt);
    } else if (c->command == RUN_SEND_HOME && v->turns_away) {
        journey_finish(c, v, VISITOR_SOLD_OUT);
    } else if (c->command == RUN_SEND_HOME && !(is_open && waits_for_money(v))) {
        v->leaves_as = VISITOR_SENT_HOME;
        if (is_open && !v->is_tab)
            journey_leave(c, v);
        else
            journey_finish(c, v, VISITOR_SENT_HOME);
    }
}

/* The `rank`-th visitor of the run begins when the rate says. */
static void begin_holding(struct crowd *c, struct visitor *v, uint32_t rank)
{
    if (v->state != VISITOR_READY)
        return;
    double rate = c->run->options->hold_rate;
    int64_t from_us = atomic_load(&c->run->shared->hold_from_us);
    int64_t offset_us = rate > 0 ? (int64_t)(rank * 1e6 / rate) : 0;
    crowd_set_state(c, v, VISITOR_CHOOSING);
    crowd_set_timer(c, v, from_us + offset_us);
}

void journey_begin(struct crowd *c)
{
    const struct stampede_options *o = c->run->options;
    if (has_places_at_the_cash(o))
        for (uint32_t i = 0; i < o->buyers / c->run->processes + 1; i++)
            let_next_buy(c);
    else
        for (uint32_t i = 0; i < c->visitors_count; i++)
            begin_holding(c, &c->visitors[i], c->first_number + i);
}
