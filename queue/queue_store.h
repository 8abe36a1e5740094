/* The port to the line's storage: what the waiting room asks, one operation per decision.
 *
 * Two adapters: queue_redis.c (Lua, the truth) and queue_fake.c (memory, for tests). One contract
 * suite (tests/contract/test_queue_store.c, _inside.c, _random.c) runs against both. All
 * completions come exactly once, on the loop, never before the call returns. With any status but
 * QUEUE_OK the outcome pointer is NULL. QUEUE_UNKNOWN means it may have happened: every operation
 * here may safely be asked again. A call that itself returns anything but QUEUE_OK was not sent and
 * has no completion.
 */
#ifndef STANCHION_QUEUE_STORE_H
#define STANCHION_QUEUE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/pace.h"
#include "server/base/limits.h"

enum queue_phase {
    PHASE_DRAFT,
    PHASE_ANNOUNCED,
    PHASE_PREQUEUE,
    PHASE_OPEN,
    PHASE_PAUSED,
    PHASE_SOLD_OUT,
    PHASE_CLOSED,
    PHASE_COUNT
};

enum queue_status {
    QUEUE_OK = 0,
    QUEUE_DOWN,    /* storage not reachable: nothing happened */
    QUEUE_UNKNOWN, /* may or may not have happened; ask again */
    QUEUE_EPOCH,   /* storage was replaced: re-read everything */
    QUEUE_STATUS_COUNT
};

/* Where a visitor stands after join, enter or leave. */
enum place_state {
    PLACE_WAITING,    /* seq is valid */
    PLACE_ADMITTED,   /* seq, admission, deadline_ms valid; the turn is not claimed yet */
    PLACE_ENTERED,    /* likewise; the turn is claimed */
    PLACE_NOT_OPEN,   /* phase valid: the event takes nobody now */
    PLACE_FULL,       /* waiting_max reached */
    PLACE_SERVED,     /* has bought all they may */
    PLACE_NONE,       /* no place (look, enter, leave); join never says this */
    PLACE_GONE,       /* restore: no place any more; reason valid */
    PLACE_RECOVERING, /* the line is being put together again until deadline_ms: whoever has no
                         place gets none (join), or nothing was decided yet (restore): ask again */
    PLACE_STATE_COUNT
};

/* Why a receipt is worth nothing any more; docs/protocol.md, receipt_gone. */
enum place_reason {
    GONE_UNKNOWN,
    GONE_SERVED,   /* has bought */
    GONE_LEFT,     /* given up */
    GONE_MISSED,   /* the turn came and is over */
    GONE_TOO_LATE, /* the line was put together again without it */
    GONE_REASON_COUNT
};

struct place {
    enum place_state state;
    enum place_reason reason; /* of PLACE_GONE */
    enum queue_phase phase;
    int64_t seq;
    int64_t admission;
    int64_t deadline_ms;
    int64_t now_ms; /* storage time of the decision */
    bool is_new;    /* this call made the place, or (restore) put it back (of a visitor twice in a
                       batch: the first) */
};

struct queue_visitor {
    char id[VISITOR_ID_BYTES + 1];
};

/* The draw of an event's pre-queue: its places may change while it is pending. */
enum line_draw { DRAW_NONE, DRAW_PENDING, DRAW_DONE, DRAW_COUNT };

/* What a checked receipt claims. */
struct place_claim {
    struct queue_visitor visitor;
    int64_t seq;
    int64_t epoch;
    bool is_drawn; /* the number was given after a draw */
};

/* What a tick did; also what tick:{E} carries to everyone (docs/redis.md). */
struct tick_admitted {
    struct queue_visitor visitor;
    int64_t seq, admission, deadline_ms;
};
struct tick_expired {
    struct queue_visitor visitor;
    bool is_no_show;
};
struct tick_report {
    bool is_refill; /* between two ticks: the grid of ticks has not moved */
    int64_t rest;   /* how many more may come in now: a refill that follows admits them */
    int64_t tick, at_ms, seq, head, waiting, inside, free;
    int64_t holds;          /* holds and payments under way: their seats may come back */
    int64_t recovers_at_ms; /* storage time; 0 = not recovering */
    int64_t rate_micro;     /* rate in force, millionths of a visitor per tick */
    int64_t lag_ms; /* how far the ledger is behind; above ADMISSION_LAG_MS the rate is less */
    enum line_draw draw;
    enum queue_phase phase;
    size_t admitted_count, expired_count, gone_count;
    struct tick_admitted *admitted;
    struct tick_expired *expired;
    int64_t *gone; /* sequences that left from behind the head */
};

/* State to start from (gateway start, missed tick). `gone` is ascending, all behind the head. */
struct line_state {
    int64_t tick, at_ms, seq, head, waiting, inside, free;
    int64_t holds, recovers_at_ms, rate_micro; /* as in struct tick_report */
    enum line_draw draw;
    enum queue_phase phase;
    size_t gone_count;
    int64_t *gone;
};

typedef void queue_join_fn(void *ctx, enum queue_status status, const struct place *places,
                           size_t count);
typedef void queue_place_fn(void *ctx, enum queue_status status, const struct place *place);
/* What a call of tick or refill did. */
enum tick_outcome {
    TICK_NOT_DUE, /* nothing; also with any status but QUEUE_OK */
    TICK_DONE,
    TICK_MORE, /* and more may come in now than one call admits: ask for a refill at once */
    TICK_OUTCOME_COUNT
};
typedef void queue_tick_fn(void *ctx, enum queue_status status, enum tick_outcome outcome);
typedef void queue_present_fn(void *ctx, enum queue_status status, size_t shortened_count);
/* was_decided: this call was the one of its interval that decides; the decision is set then. */
typedef void queue_pace_fn(void *ctx, enum queue_status status, bool was_decided,
                           const struct pace_decision *decision);
typedef void queue_line_fn(void *ctx, enum queue_status status, const struct line_state *line);

struct queue_store {
    /* Gives each visitor a place in array order, or tells the one they have. count <=
     * JOIN_BATCH_MAX. */
    enum queue_status (*join)(struct queue_store *s, const char *event,
                              const struct queue_visitor *visitors, size_t count,
                              queue_join_fn *on_join, void *ctx);
    /* Tells where each visitor stands and changes nothing; PLACE_NONE without a place. count <=
     * JOIN_BATCH_MAX. */
    enum queue_status (*look)(struct queue_store *s, const char *event,
                              const struct queue_visitor *visitors, size_t count,
                              queue_join_fn *on_places, void *ctx);
    /* Tells where the holders of receipts stand: as look, but PLACE_GONE with the reason,
     * PLACE_SERVED for who has bought all they may, and while the line recovers from a loss of the
     * storage's data, a place that was lost is put back under its old sequence. Receipts of the
     * present epoch put nothing back. Repeating it changes nothing. count <= JOIN_BATCH_MAX. */
    enum queue_status (*restore)(struct queue_store *s, const char *event,
                                 const struct place_claim *claims, size_t count,
                                 queue_join_fn *on_places, void *ctx);
    /* Claims an admission: the deadline becomes now + select_ms, once. Repeating it changes
     * nothing. WAITING for somebody in the line, NONE for nobody and when the deadline has passed,
     * NOT_OPEN for an unclaimed turn of an event that is closed. */
    enum queue_status (*enter)(struct queue_store *s, const char *event,
                               const struct queue_visitor *visitor, queue_place_fn *on_place,
                               void *ctx);
    /* Gives up places or admissions and tells which: WAITING, ADMITTED or ENTERED. PLACE_NONE when
     * there was none. Holds are not looked at: release them too. count <= JOIN_BATCH_MAX. */
    enum queue_status (*leave)(struct queue_store *s, const char *event,
                               const struct queue_visitor *visitors, size_t count,
                               queue_join_fn *on_places, void *ctx);
    /* Runs the tick if it is due. Anyone may call it at any time; the report goes to all by
     * pub/sub. One call admits TICK_PIECE_MAX at most; with TICK_MORE whoever called it asks for a
     * refill at once, again and again until it is not TICK_MORE. If that does not happen the next
     * tick goes on, with its own allowance. */
    enum queue_status (*tick)(struct queue_store *s, const char *event, queue_tick_fn *on_tick,
                              void *ctx);
    /* Somebody inside has gone: gives the place to the next in line at once, if the event does so
     * and the tick's allowance is not spent; and, of any event, what a tick has left over. Anyone
     * may call it; the report, if any, goes to all. TICK_DONE: somebody was admitted, or the tick
     * was due and this was it. */
    enum queue_status (*refill)(struct queue_store *s, const char *event, queue_tick_fn *on_tick,
                                void *ctx);
    /* The browsers of these visitors, admitted at at_ms (a report's), are there: their turns must
     * be claimed by at_ms + claim_ms instead of within the longer time of those who are away. count
     * <= JOIN_BATCH_MAX. Claimed turns and nearer deadlines stay; repeating it changes nothing. */
    enum queue_status (*present)(struct queue_store *s, const char *event, int64_t at_ms,
                                 const struct queue_visitor *visitors, size_t count,
                                 queue_present_fn *on_present, void *ctx);
    /* Hands in how long holds took since the last call, for events with `adaptive`; see
     * queue/pace.h. With QUEUE_UNKNOWN the samples may have been counted. */
    enum queue_status (*pace)(struct queue_store *s, const char *event,
                              const struct pace_histogram *holds, queue_pace_fn *on_pace,
                              void *ctx);
    enum queue_status (*line)(struct queue_store *s, const char *event, queue_line_fn *on_line,
                              void *ctx);
    void (*free)(struct queue_store *s);
};

#endif
