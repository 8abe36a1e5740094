/* Taking a line over into a new epoch (queue/lua/recover.lua): one command for whoever rebuilds
 * Redis, which is the ledger on its blocking connection, and for tests.
 *
 * When Redis has lost its data, or some of it, places are put back by the receipts of those who
 * held them (queue_store.restore). What makes that safe is set here: until when it lasts, from
 * which sequence on places can have been lost, and that nobody is admitted meanwhile.
 */
#ifndef STANCHION_QUEUE_RECOVER_H
#define STANCHION_QUEUE_RECOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "queue/line_scripts.h"

/* The window after a restart of Redis that seems to have lost nothing: gateways and browsers that
 * are there speak up within it. Should one of them prove a loss, it becomes the event's
 * recovery_ms. */
#define RESTART_WINDOW_MS 3000

/* What has become of the data of Redis. */
enum queue_data {
    QUEUE_DATA_KEPT,  /* restarted with it: perhaps without the end of its log */
    QUEUE_DATA_LOST,  /* empty, or not ours: whatever is there is removed */
    QUEUE_DATA_FIRST, /* likewise, but there never was any: nobody is waited for */
    QUEUE_DATA_COUNT
};

/* What was noted of a line outside of Redis, at most a second ago when the data was lost. */
struct queue_mark {
    int64_t seq, admissions, head;
};

#define QUEUE_RECOVER_ARGC (3 + LINE_KEYS_COUNT + 6)

/* An EVAL. Lifetime: the caller's; argv points into it and at what was
 * given, so it is not copied. */
struct queue_recover {
    const char *argv[QUEUE_RECOVER_ARGC];
    struct line_keys keys;
    char numbers[5][24];
};

/* epoch: what the key `epoch` is now, "" when it is absent. Both strings must outlive `recover`.
 * The answer is an array: until when the line recovers in ms of Redis' clock (0 = it does not), and
 * 1 when something was lost. */
void queue_recover_init(struct queue_recover *recover, const char *event, const char *epoch,
                        enum queue_data data, const struct queue_mark *mark);

/* queue/lua/marks.lua: what a struct queue_mark is noted from. Static. */
const char *queue_marks_script(void);

#endif
