/* See the header. */
#include "queue/line_scripts.h"

#include <assert.h>
#include <stdio.h>

#include "queue_files.h"

#define LINE_EVENT_KEYS_COUNT (LINE_KEYS_COUNT - 3)

/* In the order of prelude.lua; `epoch` before them, the ledger's two after them. */
static const char *const key_names[LINE_EVENT_KEYS_COUNT] = {
    "cfg",   "line",   "waiting", "gone",      "gone:new", "active",      "pass",          "counts",
    "holds", "bought", "history", "draw:left", "before",   "before:gone", "before:inside", "pace"};

void line_keys_init(struct line_keys *keys, const char *event)
{
    (void)snprintf(keys->text[0], LINE_KEY_BYTES, "epoch");
    for (size_t i = 0; i < LINE_EVENT_KEYS_COUNT; i++) {
        int bytes = snprintf(keys->text[1 + i], LINE_KEY_BYTES, "ev:%s:%s", event, key_names[i]);
        assert(bytes > 0 && bytes < LINE_KEY_BYTES);
    }
    (void)snprintf(keys->text[LINE_KEYS_COUNT - 2], LINE_KEY_BYTES, "outbox");
    (void)snprintf(keys->text[LINE_KEYS_COUNT - 1], LINE_KEY_BYTES, "ledger:beat");
}

const char *line_script_text(const unsigned char *script, char *out)
{
    int bytes = snprintf(out, LINE_SCRIPT_BYTES_MAX, "%s\n%s", (const char *)queue_prelude_lua,
                         (const char *)script);
    assert(bytes > 0 && bytes < LINE_SCRIPT_BYTES_MAX);
    return out;
}

const char *line_draw_move_script(void)
{
    static char text[LINE_SCRIPT_BYTES_MAX];
    return text[0] ? text : line_script_text(queue_draw_move_lua, text);
}

const char *line_draw_end_script(void)
{
    static char text[LINE_SCRIPT_BYTES_MAX];
    return text[0] ? text : line_script_text(queue_draw_end_lua, text);
}

const char *line_draw_proof_script(void)
{
    return (const char *)queue_draw_proof_lua;
}
