/* One event's draw, step by step, each of them repeatable:
 *
 *   (no file) --make_secret--> .secret --announce--> line.draw_committed, ev:{E}:draw "committed"
 *   line.draw 1 (a join or tick after the opening): collect --> .root --> announced, "pending"
 *     --decide (beacon)--> .transcript --> the map of new places and the secret are published
 *     --move all, end--> line.draw 2 --> the tables for proofs are published, "done"
 *
 * What is decided lies in the files before anybody hears of it, so a crash at any point, of this
 * process or of Redis, leads to the same order. docs/draw.md says what that proves.
 */
#ifndef STANCHION_DRAW_RUN_H
#define STANCHION_DRAW_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/draw_file.h"
#include "server/ledger/redis_pipe.h"
#include "server/registrar/line_dir.h"
#include "server/registrar/step.h"

#define DRAW_READ_MAX 1000 /* places in one reading: under 1 ms of Redis' time */
#define DRAW_MOVE_MAX 400  /* moved by one call: about 1 ms of Redis' time at a million waiting */

/* The loaded scripts of one connection. */
struct draw_scripts {
    char move[41], end[41];
};

/* Lifetime: that of the event in the registrar. Zero at the start, but for the first five. */
struct draw_run {
    const char *event;
    const struct line_dir *dir;
    struct redis_pipe *redis;
    const struct draw_scripts *scripts;
    int64_t epoch; /* set anew, with is_told and is_over false, when it changes */
    char beacon[DRAW_BEACON_BYTES_MAX + 1];
    bool is_beacon_awaited; /* the draw waits until `beacon` is not empty */
    bool has_secret, has_root, has_transcript;
    void (*on_note)(void *ctx, const char *text); /* for the history; NULL = nobody listens */
    void *on_note_ctx;
    bool is_told; /* this epoch's Redis has been told all that the files say so far */
    bool is_over; /* likewise, and the draw is done: nothing is left to do in this epoch */
    int64_t committed_at_ms;
    unsigned char secret[DRAW_SECRET_BYTES];
};

/* Loads the scripts into Redis, for one connection. False = lost. */
bool draw_scripts_load(struct redis_pipe *redis, struct draw_scripts *scripts);
/* Does what can be done now. Called again and again as long as the event wants a draw. */
enum step draw_run_step(struct draw_run *run);

#endif
