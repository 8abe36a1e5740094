/* What the rehearser is told and what it tells, in the Redis of the real installation
 * (docs/redis.md). All of it may be lost: then a rehearsal goes on unseen, and ends as always. */
#ifndef STANCHION_REHEARSAL_NOTES_H
#define STANCHION_REHEARSAL_NOTES_H

#include <hiredis/hiredis.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REHEARSAL_READY_S 10    /* without a sign of life: there is no rehearser */
#define REHEARSAL_RUNNING_S 60  /* the same for one under way */
#define REHEARSAL_KEPT_S 604800 /* results: a week */
#define REHEARSAL_WORD_BYTES_MAX 32
#define REHEARSAL_PAGE_BYTES_MAX (16u << 20) /* a report of fixed size is about 1 MB */

#define REHEARSAL_KEY_READY "rehearsal:ready"
#define REHEARSAL_KEY_ASKED "rehearsal:asked"
#define REHEARSAL_KEY_RUNNING "rehearsal:running"
#define REHEARSAL_KEY_STOP "rehearsal:stop"

struct rehearsal_notes {
    const char *url;
    redisContext *redis; /* NULL = not connected */
};

/* `url` stays the caller's. Connects when it is first needed, and again after a loss. */
void notes_init(struct rehearsal_notes *notes, const char *url);
void notes_release(struct rehearsal_notes *notes);

/* There is somebody who can rehearse, with so many visitors. */
void notes_ready(struct rehearsal_notes *notes, uint32_t visitors);
/* What is to be rehearsed, once: {event, load, withheld}; the caller's. NULL = nothing. */
json_t *notes_take_request(struct rehearsal_notes *notes);
/* Whether it is to end; `word` says why: "asked" or "sale". */
bool notes_is_to_stop(struct rehearsal_notes *notes, char word[REHEARSAL_WORD_BYTES_MAX]);
/* How it stands; `is_over` makes room for the next. */
void notes_tell(struct rehearsal_notes *notes, const char *event, const json_t *state,
                bool is_over);
/* The visitors' report as a page. */
void notes_page(struct rehearsal_notes *notes, const char *event, const char *page, size_t bytes);
/* The event whose rehearsal an earlier rehearser has not ended, and how it stood; false: none. */
bool notes_left_over(struct rehearsal_notes *notes, char *event, size_t event_bytes_max,
                     json_t **state);

#endif
