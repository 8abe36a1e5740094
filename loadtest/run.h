/* What the processes of one run share: made before they part, in anonymous shared memory, so that
 * what a process recorded stays even when it dies.
 *
 * Every array has exactly one writer per element (the process that owns the visitor), except
 * `seat_owners`, which is changed by compare-and-swap. The main process reads the atomic counters
 * while the run goes on and the rest after the others have ended.
 */
#ifndef STAMPEDE_RUN_H
#define STAMPEDE_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "loadtest/histogram.h"
#include "loadtest/history.h"
#include "loadtest/options.h"
#include "loadtest/track.h"

/* Where a visitor stands. VISITOR_BOUGHT and all behind it are ends. */
enum visitor_state {
    VISITOR_AWAY, /* has not come yet, or lost the connection and comes back */
    VISITOR_CONNECTING,
    VISITOR_JOINING, /* asks for a place, or resumes it */
    VISITOR_WAITING,
    VISITOR_ENTERING,
    VISITOR_CHOOSING,
    VISITOR_HOLDING, /* has asked for seats */
    VISITOR_HELD,
    VISITOR_CHECKING_OUT,
    VISITOR_AT_CASH, /* the payment page is shown */
    VISITOR_PAYING,
    VISITOR_LOOKING_UP, /* asks the tickets what became of a payment */
    VISITOR_VERIFYING,  /* was told confirmed; compares with the tickets */
    VISITOR_LEAVING,
    VISITOR_READY,     /* modes hold and buy: inside, until all are */
    VISITOR_RELEASING, /* mode hold */
    VISITOR_BOUGHT,
    VISITOR_LEFT,
    VISITOR_EXPIRED,
    VISITOR_ABANDONED, /* walked away with a hold */
    VISITOR_SOLD_OUT,
    VISITOR_SENT_HOME, /* the run ended first */
    VISITOR_FAILED,    /* an answer that should not be */
    VISITOR_STATE_COUNT
};

/* Errors by code: those of docs/protocol.md, then what the tester notices itself. */
extern const char *const run_error_names[];
extern const uint32_t run_error_count;
#define RUN_ERRORS_MAX 64
/* Index of a code; the last index ("other") when it is unknown. */
uint32_t run_error_index(const char *code);

enum latency_kind {
    LATENCY_CONNECT,
    LATENCY_JOIN,
    LATENCY_RETURN, /* from the loss of the connection to the place told again */
    LATENCY_TOLD,   /* from the tick that admits to the visitor's hearing of it */
    LATENCY_HOLD,
    LATENCY_PAY,
    LATENCY_TICK, /* between ticks that admit somebody; worked out at the end */
    LATENCY_COUNT
};
#define RUN_PARTS 2 /* what was due before --split-at-s, and after */

/* Of one process. */
struct run_stats {
    _Atomic int64_t by_state[VISITOR_STATE_COUNT];
    _Atomic int64_t connected;
    _Atomic uint64_t errors[RUN_ERRORS_MAX];
    _Atomic uint64_t arrived, joined, admitted; /* visitors */
    _Atomic uint64_t holds, confirmed, seats_sold, declined, unsold, reconnects, pushes,
        tabs_compared, tickets_compared, second_clicks, instead_taken;
    _Atomic uint64_t loop_late_us_max; /* how late the tester itself was with a timer */
    _Atomic uint64_t late_us_lately;   /* likewise, since the last point of the timeline */
    struct histogram late;             /* likewise, every timer */
    struct histogram latency[RUN_PARTS][LATENCY_COUNT];
};

enum run_command {
    RUN_GO,
    RUN_ROLL_CALL, /* everyone who waits asks once more; nobody starts anything new */
    RUN_SEND_HOME, /* everyone leaves */
    RUN_QUIT
};

struct run_shared {
    _Atomic int command;          /* enum run_command */
    _Atomic int64_t hold_from_us; /* modes hold, buy: when holding begins; 0 = not yet */
    _Atomic bool has_draw;        /* places are drawn at the opening; known some time before it */
    _Atomic uint64_t clashes_count;
    struct history_clash clashes[HISTORY_CLASHES_MAX];
};

/* The visitors' own network, for all crowds of a scenario: changed by its faults. */
struct run_network {
    _Atomic uint32_t drops;     /* counts: each time connections are lost */
    _Atomic uint32_t share_ppm; /* of the last time: how many, in millionths */
    _Atomic int64_t lost_ms; /* wall clock: when Redis was made to forget everything; 0 = never */
};

struct live;

/* Lifetime: the run. Set up once, then read-only but for what the pointers lead to. */
struct run {
    const struct stampede_options *options;
    struct stampede_target target;
    char event[64], ws_path[160];
    int64_t start_us;        /* monotonic; 0 = when the processes start */
    int64_t split_us;        /* monotonic; latencies of what is due from then on count apart */
    int64_t opens_at_ms;     /* of the event; 0 = by hand */
    int64_t server_ahead_ms; /* server's clock minus ours */
    uint32_t seats_each_max; /* the event's limit */
    uint32_t seats_count, processes;
    struct run_shared *shared;
    struct run_network *network; /* NULL = nothing happens to it */
    struct live *live;           /* figures for the process that draws them; NULL = there is none */
    struct run_stats *stats;     /* per process */
    struct history_visitor *visitors; /* per visitor */
    struct history_order
        *orders; /* STAMPEDE_ORDERS_PER_VISITOR each; state of an unused one: empty id */
    struct history_hold *holds;    /* STAMPEDE_HOLDS_PER_VISITOR each; unused: seats_count 0 */
    _Atomic uint64_t *seat_owners; /* per seat */
    struct track *tracks;          /* STAMPEDE_TRACKS_MAX */
};

/* Maps everything that is shared. False when memory is not to be had. */
bool run_map(struct run *r);
void run_unmap(struct run *r);
/* The server's clock as far as we know it. */
int64_t run_server_ms(const struct run *r);
/* When Redis was made to forget everything; 0 = it was not. */
int64_t run_lost_ms(const struct run *r);

/* Seat ownership over all processes: who certainly holds a seat, and until
 * when (server's clock). */
/* Notes that the visitor was told to hold it. Records a clash when it was certainly somebody
 * else's. */
void run_seat_take(struct run *r, uint32_t seat, uint32_t visitor, int64_t until_ms);
/* No longer certain: called before anything is sent that may free it. Others'
 * seats are left alone. */
void run_seat_give(struct run *r, uint32_t seat, uint32_t visitor);
/* Nobody is certain of a seat any more that is not sold. */
void run_seats_forget(struct run *r);
#define RUN_SEAT_FOR_EVER INT64_MAX

#endif
