/* What a visitor does: the steps of the journey as a state machine (enum visitor_state).
 *
 *   AWAY -> CONNECTING -> JOINING -> WAITING -> ENTERING -> CHOOSING -> HOLDING -> HELD ->
 * CHECKING_OUT
 *        -> AT_CASH -> PAYING -> (VERIFYING) -> BOUGHT
 *
 * journey_step() acts when the state's timer is due; an answer or push moves the state
 * (journey_messages.c; seats in journey_choice.c and journey_refused.c, money in journey_sales.c).
 * A lost connection leads from any state back to AWAY, and JOINING (with the receipt) finds out
 * where the visitor stands; so every step may be repeated.
 */
#ifndef STAMPEDE_JOURNEY_H
#define STAMPEDE_JOURNEY_H

#include <jansson.h>
#include "loadtest/crowd.h"

/* crowd.c calls these. */
void journey_plan(struct crowd *c, struct visitor *v);
void journey_on_open(struct crowd *c, struct visitor *v, const struct ws_answer *answer);
void journey_on_text(struct crowd *c, struct visitor *v, const char *text, size_t bytes);
void journey_on_lost(struct crowd *c, struct visitor *v, enum connection_loss loss,
                     const struct ws_answer *answer);
void journey_on_timer(struct crowd *c, struct visitor *v, int64_t due_us);
/* A fault of the scenario took the connection away; it comes back by itself. */
void journey_on_network_lost(struct crowd *c, struct visitor *v);
/* The run's command changed: roll call or going home. */
void journey_on_command(struct crowd *c, struct visitor *v);
/* Modes hold and buy: holding begins. */
void journey_begin(struct crowd *c);
void visitor_release(struct visitor *v);

/* Between journey*.c. */
bool visitor_is_over(const struct visitor *v);
struct history_visitor *journey_record(struct crowd *c, const struct visitor *v);
/* Sends one request of that type with more fields (", ..." or ""), now; its answer is awaited. */
void journey_ask(struct crowd *c, struct visitor *v, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Goes on in `state` after a pause for thought. */
void journey_think(struct crowd *c, struct visitor *v, enum visitor_state state);
/* Goes on in `state` after pause_us. */
void journey_pause(struct crowd *c, struct visitor *v, enum visitor_state state, int64_t pause_us);
/* Waits in line; after pause_us (0 = never), or when patience is over, something is to be done. */
void journey_wait(struct crowd *c, struct visitor *v, int64_t pause_us);
/* It is over. */
void journey_finish(struct crowd *c, struct visitor *v, enum visitor_state state);
void journey_leave(struct crowd *c, struct visitor *v);
void journey_join(struct crowd *c, struct visitor *v);
/* Bounds the time in which the visitor is certainly inside. */
void journey_inside_until(struct crowd *c, const struct visitor *v, int64_t until_ms);
void journey_inside_at_most(struct crowd *c, const struct visitor *v, int64_t until_ms);

/* A whole number of a message; `otherwise` when it has none of that name. */
static inline int64_t journey_number(json_t *message, const char *name, int64_t otherwise)
{
    json_t *value = json_object_get(message, name);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

/* Choosing seats, and being refused. */
/* Not a person but a measurement: it does not think. */
bool choice_is_measuring(const struct crowd *c);
/* Nothing looks free. */
void choice_find_nothing(struct crowd *c, struct visitor *v);
void choice_go_without(struct crowd *c, struct visitor *v);
/* Puts seats of a message into the picture. */
void choice_take_changes(struct crowd *c, json_t *seats, enum picture_state state);
void sales_choose(struct crowd *c, struct visitor *v);
/* Inside: opens the map, as the page does, or what others of this process see will do; a thought
 * later it chooses. */
void choice_look_round(struct crowd *c, struct visitor *v);
/* How long a visitor takes that was refused so many times in a row: a thought (`think` NULL = none)
 * or least_us, whichever is longer, doubled with each refusal, within limits.h. */
int64_t choice_pause_us(struct dice *dice, const struct pause *think, int64_t least_us,
                        uint32_t refusals);
/* Nothing will be had any more: `phase` said so. */
void choice_on_end(struct crowd *c, struct visitor *v);
/* An answer to a choice that is no. False when the code is about something else. */
bool choice_on_error(struct crowd *c, struct visitor *v, const char *code, json_t *message);

/* Holding and paying. */
/* Seats of a message, at most STAMPEDE_SEATS_MAX kept; returns how many there were (up to 255). */
uint8_t sales_read_seats(json_t *array, uint32_t *seats);
void sales_after_holding(struct crowd *c, struct visitor *v);
void sales_pay(struct crowd *c, struct visitor *v);
void sales_on_entered(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_map(struct crowd *c, struct visitor *v, json_t *message, bool is_answer);
void sales_on_seats(struct crowd *c, json_t *message);
void sales_on_held(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_released(struct crowd *c, struct visitor *v);
void sales_on_payment(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_paying(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_declined(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_confirmed(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_unsold(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_tickets(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_error(struct crowd *c, struct visitor *v, const char *code, json_t *message);
enum hold_ending { HOLD_PAID, HOLD_RELEASED, HOLD_EXPIRED, HOLD_LOST };
/* Ends the running hold, if any, in the record and in the seat owners. */
void sales_end_hold(struct crowd *c, struct visitor *v, enum hold_ending ending);
/* Before something is sent that may free the seats. */
void sales_let_go(struct crowd *c, struct visitor *v);

#endif
