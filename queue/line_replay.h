/* A line's history read again: what each note says (docs/history.md), what follows from all of them
 * for receipts, and whether anybody was overtaken. Pure.
 *
 * The text of a line of the chain is "<source> <ms> <what> ...": source is the note's id in Redis
 * ("5-17": epoch and number in it) or "-" for a note of the registrar itself.
 */
#ifndef STANCHION_QUEUE_LINE_REPLAY_H
#define STANCHION_QUEUE_LINE_REPLAY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/queue_store.h"

enum replay_status {
    REPLAY_OK = 0,
    REPLAY_BAD_NOTE,  /* not a note of this version */
    REPLAY_OVERTAKEN, /* somebody was admitted while a smaller sequence waited: `overtaken` */
    REPLAY_NO_MEMORY,
    REPLAY_STATUS_COUNT
};

/* Lifetime: one reading. Release it. */
struct line_replay {
    int64_t epoch;     /* the last one noted */
    int64_t seq, head; /* as far as noted */
    int64_t joins, admissions, expiries, leaves, settings, gaps;
    int64_t first_ms, last_ms;
    int64_t overtaken_seq, overtaken_by_seq;
    bool is_order_known; /* false after a gap: then nobody can tell */
    /* own */
    bool is_resync;
    unsigned char *states; /* by sequence */
    size_t states_room;
    int64_t low;    /* nobody with a smaller sequence waits */
    json_t *inside; /* visitor -> sequence */
};

/* What a note's source says; false for "-". */
bool line_replay_source(const char *text, size_t bytes, int64_t *epoch, int64_t *number);

bool line_replay_init(struct line_replay *replay); /* false without memory */
void line_replay_release(struct line_replay *replay);
/* Takes one note. After REPLAY_OVERTAKEN it may go on with the next. */
enum replay_status line_replay_take(struct line_replay *replay, const char *text, size_t bytes);
/* Whether this sequence was given up, or lost, while it waited. */
bool line_replay_is_gone(const struct line_replay *replay, int64_t seq);

#endif
