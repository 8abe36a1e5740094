/* What the registrar tells a new epoch about the one before: ev:{E}:before and its sets
 * (docs/redis.md). restore.lua judges receipts by it. */
#ifndef STANCHION_BEFORE_H
#define STANCHION_BEFORE_H

#include "server/ledger/redis_pipe.h"
#include "server/registrar/history_file.h"
#include "server/registrar/step.h"

#define BEFORE_CHUNK 500 /* members in one command */

/* Writes it unless it is there already. Who has bought something is done,
 * and not told as inside. */
enum step before_tell(struct redis_pipe *redis, const char *event, struct history_file *file);

#endif
