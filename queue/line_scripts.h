/* The keys that every script of the line wants (docs/redis.md), and the scripts that only the
 * registrar runs or that only the draw needs. */
#ifndef STANCHION_QUEUE_LINE_SCRIPTS_H
#define STANCHION_QUEUE_LINE_SCRIPTS_H

#include "server/base/limits.h"

#define LINE_KEYS_COUNT 19
#define LINE_KEY_BYTES (EVENT_ID_BYTES_MAX + 24) /* the longest is `ev:{E}:before:inside` */
#define LINE_SCRIPT_BYTES_MAX 32768 /* prelude and script; asserted when they are put together */

struct line_keys {
    char text[LINE_KEYS_COUNT][LINE_KEY_BYTES];
};

/* All keys of an event in the prelude's order. `event` is at most EVENT_ID_BYTES_MAX long
 * (asserted). */
void line_keys_init(struct line_keys *keys, const char *event);
/* Puts the prelude before a script; `out` has LINE_SCRIPT_BYTES_MAX bytes and is returned. */
const char *line_script_text(const unsigned char *script, char *out);

/* Whole texts; static. */
const char *line_draw_move_script(void);
const char *line_draw_end_script(void);
/* Needs neither the keys nor the epoch: its header says what. */
const char *line_draw_proof_script(void);

#endif
