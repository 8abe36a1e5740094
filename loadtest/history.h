/* What the visitors were told, kept for the checker: plain arrays without pointers, so that they
 * can lie in memory shared by several processes and be sorted at the end.
 *
 * Times that end in `_ms` are the server's clock. Where only the tester's clock knows a moment
 * (when it sent something), it is translated with the offset measured at the start, on the careful
 * side.
 */
#ifndef STAMPEDE_HISTORY_H
#define STAMPEDE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include "loadtest/limits.h"

#define HISTORY_NONE INT64_C(-1)

enum history_end {
    HISTORY_END_UNKNOWN,
    HISTORY_END_BOUGHT,
    HISTORY_END_LEFT,
    HISTORY_END_EXPIRED,
    HISTORY_END_UNSOLD,
    HISTORY_END_COUNT
};

/* How a turn ended without its visitor. */
enum history_expiry {
    HISTORY_EXPIRY_NONE,
    HISTORY_EXPIRY_NO_SHOW,  /* told: it was not claimed */
    HISTORY_EXPIRY_TIME_OUT, /* told: selection or payment time was over */
    HISTORY_EXPIRY_GONE,     /* found out on return: the receipt is for no place any more */
    HISTORY_EXPIRY_COUNT
};

/* One visitor. HISTORY_NONE where nothing was told. */
struct history_visitor {
    char id[STAMPEDE_VISITOR_BYTES_MAX + 1]; /* as in the ledger; empty when it never connected */
    uint8_t end;                             /* enum history_end */
    uint8_t state;                           /* enum visitor_state; of no concern to the checker */
    bool lost_ticket;   /* told confirmed, but `tickets` did not list the order */
    bool lost_place;    /* waited, and moments later its receipt was for no place */
    bool is_drawn;      /* its place was changed, once, by the draw */
    bool stays_away;    /* does not mean to claim its turn, and hears about it */
    bool has_late_turn; /* came back long after the claim was over and still had the turn */
    uint8_t expiry;     /* enum history_expiry */
    uint32_t returns;   /* lost the connection, came back and was told its place again */
    int64_t seq;        /* first one told; after a draw the one told then */
    int64_t early_seq;  /* is_drawn: the one before the draw */
    int64_t other_seq;  /* a different one told later */
    int64_t asked_ms;   /* when it first asked for a place */
    int64_t told_ms;    /* when it was first told one */
    int64_t admission;
    int64_t other_admission;
    int64_t admitted_ms; /* of the tick when it was pushed; when it was asked, of the answer */
    int64_t tick_ms;     /* of the tick, when it was pushed */
    int64_t again_admission, again_ms; /* Redis forgot its turn: the one it was given instead */
    int64_t inside_until_ms;           /* certainly inside from admitted_ms until then */
    int64_t waiting_ms;                /* when it last asked and was answered that it still waits */
    int64_t claim_until_ms;            /* earliest end told of the time to claim the turn */
    int64_t entered_ms;                /* when it was told that it had claimed it */
    int64_t expired_ms;                /* the server's word */
    int64_t eta_at_ms, eta_low_ms, eta_high_ms; /* the first estimate of the wait, and when */
};

enum history_order_state {
    HISTORY_ORDER_OPEN,      /* a payment was started */
    HISTORY_ORDER_PAY_SENT,  /* we asked to pay and know no outcome */
    HISTORY_ORDER_DECLINED,  /* told that no money was taken */
    HISTORY_ORDER_UNSOLD,    /* likewise */
    HISTORY_ORDER_CONFIRMED, /* told that it is sold */
    HISTORY_ORDER_STATE_COUNT
};

/* One order. `amount_minor` and seats are those of the last word (confirmed over payment). */
struct history_order {
    char id[STAMPEDE_ORDER_BYTES_MAX + 1];
    uint8_t state;       /* enum history_order_state */
    bool was_changed;    /* confirmed with another amount or other seats than the payment was for */
    uint8_t seats_count; /* as told; only the first STAMPEDE_SEATS_MAX are kept */
    uint32_t visitor;
    int64_t amount_minor;
    uint32_t seats[STAMPEDE_SEATS_MAX];
};

/* One hold and how often each end was told. */
struct history_hold {
    uint32_t visitor;
    uint8_t seats_count;
    uint8_t paid, released, expired;
    bool was_lost; /* gone before its deadline although the visitor did nothing */
    int64_t taken_ms, deadline_ms;
    uint32_t seats[STAMPEDE_SEATS_MAX];
};

/* Two visitors who held one seat at the same time, noticed while running. */
struct history_clash {
    uint32_t seat, first, second;
};
#define HISTORY_CLASHES_MAX 64 /* more are counted only */

/* The arrays of a run, for the checker. Nothing here is owned. */
struct history {
    struct history_visitor *visitors;
    struct history_order *orders;
    struct history_hold *holds;
    uint32_t visitors_count, orders_count, holds_count;
    uint64_t not_recorded; /* orders and holds that found no room */
    int64_t lost_ms;       /* when Redis was made to forget everything; 0 = never */
    int64_t recovering_ms; /* the last moment at which the server said that it recovers; 0 = none */
};

/* One look at `inside` of the event. */
struct history_sample {
    int64_t at_ms, inside;
};

/* Ledger rows. */
struct ledger_order {
    char id[STAMPEDE_ORDER_BYTES_MAX + 1];
    char visitor[STAMPEDE_VISITOR_BYTES_MAX + 1];
    char payment[16]; /* state of its payment, empty when it has none */
    int64_t amount_minor;
};
struct ledger_seat {
    uint32_t seat;
    char order[STAMPEDE_ORDER_BYTES_MAX + 1];
    int64_t price_minor;
};
/* All orders and sold seats of one event. */
struct ledger {
    struct ledger_order *orders;
    struct ledger_seat *seats;
    uint32_t orders_count, seats_count;
};

/* Money that the provider's own book says it took, for one order. */
struct provider_capture {
    char order[STAMPEDE_ORDER_BYTES_MAX + 1];
    int64_t amount_minor;
};
/* Everything it took, of all events. */
struct provider {
    struct provider_capture *captures;
    uint32_t captures_count;
};

#endif
