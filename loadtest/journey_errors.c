/* What a visitor does who is told `error`: come again later, ask where it stands, or give up. No to
 * a choice of seats: journey_refused.c; no to a payment: journey_sales.c. */
#include "loadtest/journey.h"

#include <stdlib.h>
#include <string.h>

#include "loadtest/back_off.h"

#define NOT_OPEN_PAUSE_US 1000000
#define LOST_PLACE_MS 4000 /* shorter than the shortest time to claim an admission */

/* The receipt is for no place any more: served, left, missed - or lost. */
static void on_receipt_gone(struct crowd *c, struct visitor *v)
{
    struct history_visitor *r = journey_record(c, v);
    if (v->is_leaving) {
        holds_end(c, v, HOLD_RELEASED);
        journey_finish(c, v, (enum visitor_state)v->leaves_as);
        return;
    }
    if (r->admission == HISTORY_NONE && v->waited_ms > 0 &&
        v->asked_ms - v->waited_ms < LOST_PLACE_MS)
        r->lost_place = true;
    r->expiry = HISTORY_EXPIRY_GONE;
    v->lost_us = 0;
    journey_pause(c, v, VISITOR_LOOKING_UP, 0);
}

bool journey_is_one_of(const char *code, const char *const *codes)
{
    for (; *codes; codes++)
        if (strcmp(code, *codes) == 0)
            return true;
    return false;
}

static const char *const again_codes[] = {"busy",        "full",     "payments_down",
                                          "ledger_down", "too_fast", NULL};
static const char *const receipt_codes[] = {"receipt_invalid", "receipt_other_event",
                                            "receipt_other_visitor", NULL};
static const char *const pass_codes[] = {"pass_invalid",       "pass_expired", "pass_other_event",
                                         "pass_other_visitor", "not_admitted", NULL};
static const char *const fault_codes[] = {"bad_json", "bad_message", "unknown_message", "not_found",
                                          NULL};

static void try_again(struct crowd *c, struct visitor *v, json_t *message)
{
    int64_t retry_s = journey_number(message, "retry_s", 0);
    int64_t pause_us = back_off_asked_us(&v->dice, retry_s, v->put_off);
    v->put_off += v->put_off < UINT8_MAX;
    bool has_place = journey_record(c, v)->seq != HISTORY_NONE;
    if (!has_place && journey_loses_patience(c, v, pause_us)) {
        journey_finish(c, v, VISITOR_LEFT);
        return;
    }
    enum visitor_state state = (enum visitor_state)v->state;
    if (state == VISITOR_HOLDING)
        state = VISITOR_CHOOSING;
    if (state == VISITOR_PAYING)
        state = v->is_confirming ? VISITOR_HELD : VISITOR_AT_CASH;
    journey_pause(c, v, state, pause_us);
}

static void on_not_open(struct crowd *c, struct visitor *v, json_t *message)
{
    const char *phase = json_string_value(json_object_get(message, "phase"));
    bool is_over = phase && (strcmp(phase, "sold_out") == 0 || strcmp(phase, "closed") == 0);
    if (is_over)
        journey_finish(c, v, VISITOR_SOLD_OUT);
    else
        journey_pause(c, v, (enum visitor_state)v->state, NOT_OPEN_PAUSE_US);
}

/* The turn seems to be gone: asks where the visitor stands. */
static void find_out(struct crowd *c, struct visitor *v)
{
    if (++v->tries > STAMPEDE_TURN_TRIES_MAX)
        journey_finish(c, v, VISITOR_FAILED);
    else
        journey_pause(c, v, VISITOR_JOINING, STAMPEDE_RETRY_US_MIN * 3);
}

void journey_on_error(struct crowd *c, struct visitor *v, json_t *message, bool is_answer)
{
    const char *code = json_string_value(json_object_get(message, "code"));
    code = code ? code : "other";
    crowd_count_error(c, code);
    if (v->is_tab) {
        journey_finish(c, v, VISITOR_LEFT);
        return;
    }
    if (!is_answer)
        return;
    if (journey_is_one_of(code, again_codes))
        try_again(c, v, message);
    else if (strcmp(code, "not_open") == 0)
        on_not_open(c, v, message);
    else if (strcmp(code, "receipt_gone") == 0)
        on_receipt_gone(c, v);
    else if (journey_is_one_of(code, receipt_codes)) {
        free(v->receipt);
        v->receipt = NULL;
        find_out(c, v);
    } else if (journey_is_one_of(code, pass_codes))
        find_out(c, v);
    else if (strcmp(code, "already_served") == 0)
        journey_pause(c, v, VISITOR_LOOKING_UP, 0);
    else if (strcmp(code, "no_place") == 0)
        journey_finish(c, v, v->is_leaving ? (enum visitor_state)v->leaves_as : VISITOR_FAILED);
    else if (journey_is_one_of(code, fault_codes))
        journey_finish(c, v, VISITOR_FAILED);
    else
        sales_on_error(c, v, code, message);
}
