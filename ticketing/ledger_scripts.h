/* The seat scripts that only the ledger runs, and the keys they want
 * (ticketing/lua/prelude.lua). */
#ifndef STANCHION_LEDGER_SCRIPTS_H
#define STANCHION_LEDGER_SCRIPTS_H

#include "server/base/limits.h"

#define SEAT_KEYS_COUNT 13
#define SEAT_KEY_BYTES (EVENT_ID_BYTES_MAX + 16)

struct seat_keys {
    char text[SEAT_KEYS_COUNT][SEAT_KEY_BYTES];
};

/* All keys of an event in the prelude's order. `event` is at most EVENT_ID_BYTES_MAX long
 * (asserted). */
void seat_keys_init(struct seat_keys *keys, const char *event);
/* Whole texts, prelude included; static. */
const char *ledger_restore_script(void);
const char *ledger_unsell_script(void);
const char *ledger_stock_script(void);
const char *ledger_replay_script(void);
const char *ledger_thaw_script(void);
const char *ledger_replan_script(void);
/* This one stands alone, with keys of its own. */
const char *ledger_beat_script(void);

#endif
