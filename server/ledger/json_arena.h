/* Memory for the JSON of one batch.
 *
 * An entry of the outbox becomes some 40 small objects of jansson, and as many go into what is told
 * of it; all of them end with the batch. Taken from malloc one by one they were a third of the
 * ledger's work. Between begin and end this thread's JSON lies in one region that is given back at
 * once; whatever does not fit, and all other JSON, comes from malloc as ever.
 */
#ifndef STANCHION_JSON_ARENA_H
#define STANCHION_JSON_ARENA_H

/* 1,000 entries of 10 seats; pages that were never touched take no memory. */
#define JSON_ARENA_BYTES (64u << 20)

/* Before the first use of jansson in the process; without it, or without memory, begin and end do
 * nothing. */
void json_arena_init(void);
void json_arena_begin(void);
/* Everything made since begin must have been released: it is gone. */
void json_arena_end(void);

#endif
