/* See the header. */
#include "queue/queue_recover.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "queue_files.h"

enum { AT_KEYS = 3, AT_ARGS = AT_KEYS + LINE_KEYS_COUNT, NUMBERS = 5 };

void queue_recover_init(struct queue_recover *recover, const char *event, const char *epoch,
                        bool is_kept, const struct queue_mark *mark)
{
    const int64_t numbers[NUMBERS] = {LINE_KEYS_COUNT, mark->seq, mark->admissions, mark->head,
                                      RESTART_WINDOW_MS};
    for (int i = 0; i < NUMBERS; i++) {
        int bytes =
            snprintf(recover->numbers[i], sizeof(recover->numbers[i]), "%" PRId64, numbers[i]);
        assert(bytes > 0 && (size_t)bytes < sizeof(recover->numbers[i]));
    }
    recover->argv[0] = "EVAL";
    recover->argv[1] = (const char *)queue_recover_lua;
    recover->argv[2] = recover->numbers[0];
    line_keys_init(&recover->keys, event);
    for (int i = 0; i < LINE_KEYS_COUNT; i++)
        recover->argv[AT_KEYS + i] = recover->keys.text[i];
    recover->argv[AT_ARGS] = epoch;
    recover->argv[AT_ARGS + 1] = is_kept ? "kept" : "empty";
    for (int i = 1; i < NUMBERS; i++)
        recover->argv[AT_ARGS + 1 + i] = recover->numbers[i];
}
