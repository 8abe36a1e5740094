/* The phases of an event: their names, and which one is in force.
 *
 * The operator sets a phase; the schedule moves it on by itself, and so does the inventory:
 *
 *   announced --prequeue_at_ms--> prequeue --opens_at_ms--> open --nothing left--> sold_out
 *   every phase but draft --closes_at_ms--> closed
 *
 * An event with a draw does not become prequeue before the server has committed to its secret, and
 * not open before the draw is done.
 *
 * Nothing is stored when that happens: the phase in force is worked out afresh from what is stored
 * and the time, so it is right after any restart, and an extra block of seats turns sold_out back
 * into open. queue/lua/prelude.lua holds the same rule for the scripts;
 * tests/contract/test_queue_rules.c compares them.
 */
#ifndef STANCHION_QUEUE_PHASE_H
#define STANCHION_QUEUE_PHASE_H

#include <stdbool.h>
#include <stdint.h>
#include "queue/queue_store.h"

struct phase_inputs {
    enum queue_phase operator_phase;
    int64_t prequeue_at_ms; /* 0 = no prequeue by itself */
    int64_t opens_at_ms;    /* 0 = opened by hand */
    int64_t closes_at_ms;   /* 0 = closed by hand */
    bool is_stock_known;    /* false until the inventory is in place */
    int64_t free_count;     /* seats nobody holds, pays for or owns */
    int64_t holds_count;    /* holds and payments under way: their seats may come back */
    bool is_draw_wanted;    /* the pre-queue is put in a random order before the sale opens */
    bool is_draw_committed; /* the server's secret for it is fixed */
    enum line_draw draw;    /* how far it is */
};

/* The word of docs/protocol.md ("open"). Static text. */
const char *queue_phase_name(enum queue_phase phase);
/* Sets *phase and returns true when `name` is one of the words. */
bool queue_phase_parse(const char *name, enum queue_phase *phase);
/* The phase in force at now_ms. */
enum queue_phase queue_phase_effective(const struct phase_inputs *inputs, int64_t now_ms);
/* The last moment in (after_ms, until_ms] at which the schedule moved the phase on; 0 when it did
 * not. A tick is due at that moment, whatever the grid of ticks says. */
int64_t queue_phase_moment_ms(const struct phase_inputs *inputs, int64_t after_ms,
                              int64_t until_ms);
/* Whether the draw has to begin: it is wanted, has not begun, and the event would be open. */
bool queue_phase_draw_is_due(const struct phase_inputs *inputs, int64_t now_ms);
/* Whether somebody without a place gets one: prequeue, open, paused; and sold_out when the event
 * keeps a standby line for seats that come back. */
bool queue_phase_takes_joins(enum queue_phase phase, bool is_standby);
/* Whether ticks admit: only open. */
bool queue_phase_admits(enum queue_phase phase);

#endif
