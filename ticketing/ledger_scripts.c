/* See the header. */
#include "ticketing/ledger_scripts.h"

#include <assert.h>
#include <stdio.h>
#include "ticketing_files.h"

#define SCRIPT_BYTES_MAX 32768

void seat_keys_init(struct seat_keys *keys, const char *event)
{
    static const char *const names[SEAT_KEYS_COUNT] = {
        "epoch",         "ev:%s:cfg",   "ev:%s:active", "ev:%s:pass",  "ev:%s:seats",
        "ev:%s:counts",  "ev:%s:holds", "ev:%s:held",   "ev:%s:fence", "ev:%s:bought",
        "ev:%s:settled", "outbox",      "ledger:beat",
    };
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++) {
        const char *name = names[i];
        int bytes = name[0] == 'e' && name[2] == ':'
                        ? snprintf(keys->text[i], SEAT_KEY_BYTES, "ev:%s%s", event, name + 5)
                        : snprintf(keys->text[i], SEAT_KEY_BYTES, "%s", name);
        assert(bytes > 0 && bytes < SEAT_KEY_BYTES);
    }
}

static const char *compose(char *out, const unsigned char *const *parts, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        int bytes = snprintf(out + used, SCRIPT_BYTES_MAX - used, "%s\n", (const char *)parts[i]);
        assert(bytes > 0 && (size_t)bytes < SCRIPT_BYTES_MAX - used);
        used += (size_t)bytes;
    }
    return out;
}

static const char *of_epoch(char *text, const unsigned char *script)
{
    const unsigned char *const parts[] = {ticketing_epoch_lua, ticketing_prelude_lua,
                                          ticketing_ledger_lua, script};
    return text[0] != '\0' ? text : compose(text, parts, 4);
}

const char *ledger_restore_script(void)
{
    static char text[SCRIPT_BYTES_MAX];
    const unsigned char *const parts[] = {ticketing_prelude_lua, ticketing_ledger_lua,
                                          ticketing_restore_lua};
    return text[0] != '\0' ? text : compose(text, parts, 3);
}

const char *ledger_unsell_script(void)
{
    static char text[SCRIPT_BYTES_MAX];
    return of_epoch(text, ticketing_unsell_lua);
}

const char *ledger_stock_script(void)
{
    static char text[SCRIPT_BYTES_MAX];
    return of_epoch(text, ticketing_stock_lua);
}

const char *ledger_replay_script(void)
{
    static char text[SCRIPT_BYTES_MAX];
    return of_epoch(text, ticketing_replay_lua);
}

const char *ledger_thaw_script(void)
{
    static char text[SCRIPT_BYTES_MAX];
    return of_epoch(text, ticketing_thaw_lua);
}

const char *ledger_beat_script(void)
{
    return (const char *)ticketing_beat_lua;
}

const char *ledger_replan_script(void)
{
    static char text[SCRIPT_BYTES_MAX];
    return of_epoch(text, ticketing_replan_lua);
}
