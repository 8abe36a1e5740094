/* See the header. */
#include "server/rehearsal/notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/queue_store.h"
#include "server/supervisor/redis_sync.h"

#define ASK_MS_MAX 2000
#define KEY_BYTES_MAX (EVENT_ID_BYTES_MAX + 32)

void notes_init(struct rehearsal_notes *notes, const char *url)
{
    *notes = (struct rehearsal_notes){.url = url};
}

void notes_release(struct rehearsal_notes *notes)
{
    if (notes->redis != NULL)
        redisFree(notes->redis);
    notes->redis = NULL;
}

/* NULL = Redis is away; otherwise the answer, an error answer too, which the caller frees. */
static redisReply *ask(struct rehearsal_notes *notes, int argc, const char *const *argv,
                       const size_t *bytes)
{
    if (notes->redis == NULL)
        notes->redis = redis_sync_connect(notes->url, ASK_MS_MAX);
    redisReply *reply =
        notes->redis->err == 0
            ? redisCommandArgv(notes->redis, argc, (const char **)(uintptr_t)argv, bytes)
            : NULL;
    if (notes->redis->err != 0)
        notes_release(notes);
    return reply;
}

static void tell(struct rehearsal_notes *notes, int argc, const char *const *argv)
{
    redisReply *reply = ask(notes, argc, argv, NULL);
    if (reply != NULL)
        freeReplyObject(reply);
}

/* The text under a key, the caller's; NULL = none. */
static char *text_of(struct rehearsal_notes *notes, const char *key)
{
    const char *const argv[] = {"GET", key};
    redisReply *reply = ask(notes, 2, argv, NULL);
    char *text =
        reply != NULL && reply->type == REDIS_REPLY_STRING ? strndup(reply->str, reply->len) : NULL;
    if (reply != NULL)
        freeReplyObject(reply);
    return text;
}

static void set_for(struct rehearsal_notes *notes, const char *key, const char *text, int seconds)
{
    char life[16];
    (void)snprintf(life, sizeof life, "%d", seconds);
    const char *const argv[] = {"SET", key, text, "EX", life};
    tell(notes, 5, argv);
}

static void drop(struct rehearsal_notes *notes, const char *key)
{
    const char *const argv[] = {"DEL", key};
    tell(notes, 2, argv);
}

void notes_ready(struct rehearsal_notes *notes, uint32_t visitors)
{
    char count[16];
    (void)snprintf(count, sizeof count, "%" PRIu32, visitors);
    set_for(notes, REHEARSAL_KEY_READY, count, REHEARSAL_READY_S);
}

json_t *notes_take_request(struct rehearsal_notes *notes)
{
    char *text = text_of(notes, REHEARSAL_KEY_ASKED);
    if (text == NULL)
        return NULL;
    drop(notes, REHEARSAL_KEY_ASKED);
    json_t *request = json_loads(text, 0, NULL);
    free(text);
    return request;
}

bool notes_is_to_stop(struct rehearsal_notes *notes, char word[REHEARSAL_WORD_BYTES_MAX])
{
    char *text = text_of(notes, REHEARSAL_KEY_STOP);
    if (text == NULL)
        return false;
    (void)snprintf(word, REHEARSAL_WORD_BYTES_MAX, "%s", text);
    drop(notes, REHEARSAL_KEY_STOP);
    free(text);
    return true;
}

static void state_key(const char *event, char key[KEY_BYTES_MAX])
{
    (void)snprintf(key, KEY_BYTES_MAX, "ev:%s:rehearsal", event);
}

void notes_tell(struct rehearsal_notes *notes, const char *event, const json_t *state, bool is_over)
{
    char key[KEY_BYTES_MAX], *text = json_dumps(state, JSON_COMPACT);
    state_key(event, key);
    if (text != NULL)
        set_for(notes, key, text, REHEARSAL_KEPT_S);
    free(text);
    if (is_over)
        drop(notes, REHEARSAL_KEY_RUNNING);
    else
        set_for(notes, REHEARSAL_KEY_RUNNING, event, REHEARSAL_RUNNING_S);
}

void notes_page(struct rehearsal_notes *notes, const char *event, const char *page, size_t bytes)
{
    char key[KEY_BYTES_MAX], life[16];
    int key_bytes = snprintf(key, sizeof key, "ev:%s:rehearsal:report", event);
    int life_bytes = snprintf(life, sizeof life, "%d", REHEARSAL_KEPT_S);
    const char *const argv[] = {"SET", key, page, "EX", life};
    const size_t lengths[] = {3, (size_t)key_bytes, bytes, 2, (size_t)life_bytes};
    redisReply *reply = ask(notes, 5, argv, lengths);
    if (reply != NULL)
        freeReplyObject(reply);
}

bool notes_left_over(struct rehearsal_notes *notes, char *event, size_t event_bytes_max,
                     json_t **state)
{
    char key[KEY_BYTES_MAX], *id = text_of(notes, REHEARSAL_KEY_RUNNING);
    if (id == NULL || strlen(id) >= event_bytes_max) {
        free(id);
        return false;
    }
    memcpy(event, id, strlen(id) + 1);
    free(id);
    state_key(event, key);
    char *text = text_of(notes, key);
    *state = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (*state == NULL)
        *state = json_object();
    free(text);
    return true;
}
