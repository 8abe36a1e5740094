/* What the scripts of the line answer (queue/lua), read from Redis' replies into our structs.
 *
 * All return false when the reply is not what its script says: then nobody knows what was done.
 */
#ifndef STANCHION_QUEUE_ANSWERS_H
#define STANCHION_QUEUE_ANSWERS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/queue_store.h"

/* The whole number at a place of an array. */
bool queue_read_int(const redisReply *array, size_t at, int64_t *out);
/* `count` places, each with all its figures: look, leave, restore, enter. */
bool queue_read_places(const redisReply *reply, struct place *places, size_t count);
/* What join.lua says: new places follow each other, and only the others have figures. */
bool queue_read_joined(const redisReply *reply, struct place *places, size_t count);
/* The state of a line; line->gone is the caller's to free, also on false. */
bool queue_read_line(const redisReply *reply, struct line_state *line);

#endif
