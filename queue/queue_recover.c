/* See the header. */
#include "queue/queue_recover.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "queue_files.h"

enum { AT_KEYS = 3, AT_ARGS = AT_KEYS + LINE_KEYS_COUNT, NUMBERS = 5 };

const char *queue_marks_script(void)
{
    return (const char *)queue_marks_lua;
}

void queue_recover_init(struct queue_recover *recover, const char *event, const char *epoch,
                        enum queue_data data, const struct queue_mark *mark)
{
    static const char *const words[QUEUE_DATA_COUNT] = {
        [QUEUE_DATA_KEPT] = "kept", [QUEUE_DATA_LOST] = "lost", [QUEUE_DATA_FIRST] = "first"};
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
    recover->argv[AT_ARGS + 1] = words[data];
    for (int i = 1; i < NUMBERS; i++)
        recover->argv[AT_ARGS + 1 + i] = recover->numbers[i];
}
