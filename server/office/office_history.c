/* See the header. The note goes the way of all notes: through the event's
 * stream to the registrar. */
#include "server/office/office_history.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"

#define NOTES_MAX "50000" /* as in queue/lua/prelude.lua */

static void add_note(struct office *office, const char *event, const char *text)
{
    char key[EVENT_ID_BYTES_MAX + 16], id[32];
    (void)snprintf(key, sizeof key, "ev:%s:history", event);
    (void)snprintf(id, sizeof id, "%" PRId64 "-*", office->batch->epoch);
    redis_pipe_add(office->batch->redis, "XADD", key, "MAXLEN", "~", NOTES_MAX, id, "h", text,
                   NULL);
}

static void note_change(struct office *office, const struct office_request *request,
                        const char *event, const char *name, const json_t *values[2])
{
    char *before = values[0] ? json_dumps(values[0], JSON_ENCODE_ANY) : NULL;
    char *after = json_dumps(values[1], JSON_ENCODE_ANY), text[1200];
    int bytes = snprintf(text, sizeof text, "%" PRId64 " set %s %s: %s -> %s",
                         clock_wall_ms() + office->batch->redis_ahead_ms, request->by, name,
                         before ? before : "null", after ? after : "null");
    if (bytes > 0 && (size_t)bytes < sizeof text)
        add_note(office, event, text);
    free(before);
    free(after);
}

void office_history_settings(struct office *office, const struct office_request *request,
                             const char *event, const json_t *before, const json_t *after)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)after, name, value) {
        const json_t *values[2] = {json_object_get(before, name), value};
        if (!json_equal(values[0], values[1]))
            note_change(office, request, event, name, values);
    }
    if (!redis_pipe_flush(office->batch->redis))
        log_warning("event %s: a change of settings is not in its history: %s", event,
                    redis_pipe_problem(office->batch->redis));
}
