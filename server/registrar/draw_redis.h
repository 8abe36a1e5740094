/* What the registrar says to Redis about a draw: the announcement, the tables for proofs, and the
 * moves. */
#ifndef STANCHION_DRAW_REDIS_H
#define STANCHION_DRAW_REDIS_H

#include "server/registrar/draw_run.h"

/* Afterwards the transcript proves each place (docs/draw.md). */
#define DRAW_PROOFS_KEPT_MS (INT64_C(30) * 24 * 3600 * 1000)

/* The line's fields that a draw hangs on. */
struct draw_line {
    enum line_draw draw;
    bool is_committed;
    int64_t cut, head, recovers_at_ms;
    int64_t kept_seq; /* of a line that recovers: 0 = nothing of it was left in Redis */
};

bool draw_redis_line(struct draw_run *run, struct draw_line *line);
/* ev:{E}:draw in the given state, with all that `file` says so far; everyone re-reads it. The
 * secret is told only when file->is_drawn. false = lost. */
bool draw_redis_announce(struct draw_run *run, const struct draw_file *file, const char *state);
/* Sets fields of the line: "name", "value", ..., NULL. */
bool draw_redis_set_line(struct draw_run *run, ...) __attribute__((sentinel));
/* Those who wait up to the cut, into file->places. */
enum step draw_redis_collect(struct draw_run *run, int64_t cut, struct draw_file *file);
/* draw:map: before anybody is moved. */
bool draw_redis_map(struct draw_run *run, const struct draw_file *file);
/* draw:index and draw:tree: tens of megabytes for a million places, so after everybody was moved,
 * and only until DRAW_PROOFS_KEPT_MS after the draw. */
bool draw_redis_proofs(struct draw_run *run, const struct draw_file *file,
                       const struct merkle_hash *tree);
/* Moves everybody and ends the draw. */
enum step draw_redis_move(struct draw_run *run, const struct draw_file *file, int64_t head);

#endif
