/* What a visitor does: the steps of the journey as a state machine (enum visitor_state).
 *
 *   AWAY -> CONNECTING -> JOINING -> WAITING -> ENTERING -> CHOOSING -> HOLDING -> HELD
 *        -> CHECKING_OUT -> AT_CASH -> PAYING -> (VERIFYING) -> BOUGHT
 *
 * A step is taken when the state's timer is due (journey.c); an answer or push moves the state
 * (journey_messages.c). A lost connection leads from any state back to AWAY (journey_connection.c),
 * and JOINING (with the receipt) finds out where the visitor stands; so every step may be repeated.
 * The rest in the order of the journey: journey_line.c, journey_turn.c, journey_choice.c,
 * journey_refused.c, journey_holds.c, journey_sales.c; journey_errors.c is for all of it.
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
static inline void journey_count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}
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

/* True when `re` answers the awaited request: then nothing is awaited any more. */
bool journey_take_answer(struct crowd *c, struct visitor *v, int64_t re);
/* codes: ended by NULL. */
bool journey_is_one_of(const char *code, const char *const *codes);
void journey_on_error(struct crowd *c, struct visitor *v, json_t *message, bool is_answer);

/* Connecting. */
void journey_on_no_connection(struct crowd *c, struct visitor *v);
void journey_on_reconnect(struct crowd *c, struct visitor *v, json_t *message);
void journey_reload(struct crowd *c, struct visitor *v);

/* The line. */
/* True when it was a `place` that could be read without a tree. */
bool line_take_place(struct crowd *c, struct visitor *v, const char *text, size_t bytes);
void line_on_place(struct crowd *c, struct visitor *v, json_t *message);
/* Keeps a copy; NULL is none. */
void line_keep_token(struct crowd *c, char **kept, const char *text, size_t bytes);
/* The first number told counts; a different one is kept as evidence. Negative: none was told. */
void line_note_once(int64_t *first, int64_t *other, int64_t told);
void line_note_seq(struct crowd *c, const struct visitor *v, int64_t seq);
/* An answer told the visitor where it stands. */
void line_note_told(struct crowd *c, struct visitor *v);
/* End a tab, if v is one: one whose owner has given the place up meanwhile, or any other. True when
 * it was. */
bool line_end_late_tab(struct crowd *c, struct visitor *v);
bool line_end_tab(struct crowd *c, struct visitor *v);
void turn_on_admitted(struct crowd *c, struct visitor *v, json_t *message, bool is_answer);
void turn_on_left(struct crowd *c, struct visitor *v, json_t *message);
void turn_on_expired(struct crowd *c, struct visitor *v, json_t *message);
void turn_on_phase(struct crowd *c, struct visitor *v, json_t *message);

/* Choosing seats, and being refused. */
/* Nothing looks free. */
void choice_find_nothing(struct crowd *c, struct visitor *v);
/* Whether that long from now is longer than this visitor's patience, which begins with the first no
 * unless it has begun before. */
bool journey_loses_patience(const struct crowd *c, struct visitor *v, int64_t in_us);
void choice_go_without(struct crowd *c, struct visitor *v);
void choice_on_map(struct crowd *c, struct visitor *v, json_t *message, bool is_answer);
void choice_on_seats(struct crowd *c, json_t *message);
/* Puts seats of a message into the picture. */
void choice_take_changes(struct crowd *c, json_t *seats, enum picture_state state);
void choice_ask(struct crowd *c, struct visitor *v);
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

/* Holding. */
enum hold_ending { HOLD_PAID, HOLD_RELEASED, HOLD_EXPIRED, HOLD_LOST };
/* Seats of a message, at most STAMPEDE_SEATS_MAX kept; returns how many there were (up to 255). */
uint8_t holds_read_seats(json_t *array, uint32_t *seats);
/* In whatever order. */
bool holds_are_same_seats(const uint32_t *a, uint8_t a_count, const uint32_t *b, uint8_t b_count);
/* h may be NULL. */
bool holds_is_running(const struct history_hold *h);
/* The visitor is certain of its seats until then, in ms. */
void holds_own_seats(struct crowd *c, const struct visitor *v, int64_t deadline_ms);
/* Before something is sent that may free the seats. */
void holds_let_go(struct crowd *c, struct visitor *v);
/* Ends the running hold, if any, in the record and in the seat owners. */
void holds_end(struct crowd *c, struct visitor *v, enum hold_ending ending);
void holds_on_entered(struct crowd *c, struct visitor *v, json_t *message);
void holds_on_held(struct crowd *c, struct visitor *v, json_t *message);
void holds_on_released(struct crowd *c, struct visitor *v);

/* Paying. */
void sales_after_holding(struct crowd *c, struct visitor *v);
void sales_pay(struct crowd *c, struct visitor *v);
/* `entered` told of a hold that is being paid. */
void sales_return_to_payment(struct crowd *c, struct visitor *v, json_t *hold);
void sales_on_payment(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_paying(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_declined(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_confirmed(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_unsold(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_tickets(struct crowd *c, struct visitor *v, json_t *message);
void sales_on_error(struct crowd *c, struct visitor *v, const char *code, json_t *message);

#endif
