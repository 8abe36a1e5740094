/* The history of one event's line: taken from Redis note by note, chained and synced, with signed
 * heads; and what it says to a new epoch. docs/history.md. */
#ifndef STANCHION_HISTORY_H
#define STANCHION_HISTORY_H

#include "server/ledger/redis_pipe.h"
#include "server/registrar/history_file.h"
#include "server/registrar/signer.h"
#include "server/registrar/step.h"

#define HISTORY_READ_MAX 200        /* notes in one reading */
#define HISTORY_ROUNDS_MAX 50       /* readings in a turn: the rest waits for the next */
#define HISTORY_IDLE_MS 1000        /* a line with no news is looked at that often */
#define HISTORY_SYNC_MS 1000        /* at most that much is lost with this machine */
#define HISTORY_HEAD_EVERY_MS 60000 /* a signed head, if there is news */

/* Lifetime: that of the event in the registrar. */
struct history {
    const char *event;
    struct redis_pipe *redis;
    const struct signer *signer;
    struct history_file file;
    int64_t told_epoch;           /* whose `before` is written */
    int64_t synced_ms, headed_ms; /* monotonic */
    int64_t next_ms, pause_ms;    /* when it is read again; the pause grows while nothing comes */
    int64_t head_nr;              /* the last that was signed */
    int64_t oldest_ms; /* Redis time of the first note not synced, or just so; 0 = none */
    bool is_end;       /* the sale has ended: sign at once */
};

/* Opens the file; the first five members are set by this. False: logged. */
bool history_init(struct history *history, const char *event, const struct line_dir *dir,
                  struct redis_pipe *redis, const struct signer *signer);
void history_release(struct history *history);
/* Adds a note of the registrar's own. */
enum step history_note(struct history *history, const char *text);
/* Takes what is new, and does what is due. */
enum step history_turn(struct history *history, int64_t epoch, int64_t now_ms);
/* How old the oldest note is that was not synced since this was last asked; 0 = there was none.
 * now_ms is Redis time. */
int64_t history_lag_ms(struct history *history, int64_t now_ms);
/* Before the process ends: everything taken is synced, and signed. */
enum step history_end(struct history *history);

#endif
