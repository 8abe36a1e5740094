/* See the header. Notes leave Redis only after they were synced; a note taken twice is recognised
 * by its source. */
#include "server/registrar/history.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "queue/line_scripts.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/registrar/before.h"

#define NUMBER_BYTES 24
#define SOURCE_BYTES (2 * NUMBER_BYTES)
#define NOTE_BYTES_MAX (CHAIN_LINE_BYTES_MAX - CHAIN_OVERHEAD_BYTES)

static void key_of(const struct history *history, const char *name, char out[LINE_KEY_BYTES])
{
    int bytes = snprintf(out, LINE_KEY_BYTES, "ev:%s:%s", history->event, name);
    assert(bytes > 0 && bytes < LINE_KEY_BYTES);
}

static enum step failed(const struct history *history)
{
    log_error("the file line/%s: %s", history->file.name, strerror(errno));
    return STEP_FAILED;
}

bool history_init(struct history *history, const char *event, const struct line_dir *dir,
                  struct redis_pipe *redis, const struct signer *signer)
{
    *history = (struct history){.event = event, .redis = redis, .signer = signer};
    history->synced_ms = history->headed_ms = clock_monotonic_ms();
    if (history_file_open(&history->file, dir, event))
        return true;
    (void)failed(history);
    return false;
}

void history_release(struct history *history)
{
    history_file_close(&history->file);
}

static enum step append(struct history *history, const char *text, size_t bytes)
{
    if (bytes == 0 || bytes > NOTE_BYTES_MAX || memchr(text, '\n', bytes) ||
        memchr(text, '\0', bytes)) {
        log_warning("event %s: a note of %zu bytes is not one: left out", history->event, bytes);
        return STEP_OK;
    }
    bool is_good = history_file_append(&history->file, history->event, text, bytes);
    return is_good ? STEP_OK : failed(history);
}

enum step history_note(struct history *history, const char *text)
{
    char note[1024];
    int bytes = snprintf(note, sizeof note, "- %" PRId64 " %s", clock_wall_ms(), text);
    assert(bytes > 0 && (size_t)bytes < sizeof note);
    return append(history, note, (size_t)bytes);
}

static enum step note_epoch(struct history *history, int64_t epoch)
{
    char text[64];
    (void)snprintf(text, sizeof text, "epoch %" PRId64, epoch);
    return epoch > history->file.noted_epoch ? history_note(history, text) : STEP_OK;
}

/* --- taking --- */

/* What should come next but did not: Redis has dropped it, or lost it. */
static enum step note_gap(struct history *history, int64_t epoch, int64_t number)
{
    const struct history_file *file = &history->file;
    char text[128];
    int64_t expected = epoch == file->epoch ? file->number + 1 : 0;
    if (number <= expected)
        return STEP_OK;
    (void)snprintf(text, sizeof text, "gap %" PRId64 "-%" PRId64 " %" PRId64 "-%" PRId64, epoch,
                   expected, epoch, number - 1);
    log_warning("event %s: the history lacks the notes %s", history->event, text + 4);
    return history_note(history, text);
}

static bool is_end_note(const char *text)
{
    const char *tick = strstr(text, " tick ");
    const char *phase = tick ? strchr(tick + 6, ' ') : NULL;
    return phase && (strncmp(phase, " closed ", 8) == 0 || strncmp(phase, " sold_out ", 10) == 0);
}

/* One entry of the stream: [id, ["h", text]]. */
static enum step take_entry(struct history *history, const redisReply *entry)
{
    int64_t epoch, number;
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
        entry->element[1]->type != REDIS_REPLY_ARRAY || entry->element[1]->elements < 2)
        return STEP_OK;
    const redisReply *id = entry->element[0], *text = entry->element[1]->element[1];
    size_t room = (size_t)id->len + (size_t)text->len + 2;
    char *note = malloc(room);
    assert(note != NULL);
    int bytes = snprintf(note, room, "%s %s", id->str, text->str);
    enum step step = STEP_OK;
    if (line_replay_source(note, (size_t)bytes, &epoch, &number)) {
        step = note_epoch(history, epoch);
        if (step == STEP_OK)
            step = note_gap(history, epoch, number);
        if (step == STEP_OK)
            step = append(history, note, (size_t)bytes);
        history->is_end = history->is_end || is_end_note(text->str);
        if (history->oldest_ms == 0)
            history->oldest_ms = strtoll(text->str, NULL, 10);
    }
    free(note);
    return step;
}

/* One reading; *count tells how many there were. */
static enum step take_some(struct history *history, size_t *count)
{
    char key[LINE_KEY_BYTES], from[SOURCE_BYTES] = "-", most[NUMBER_BYTES];
    const struct history_file *file = &history->file;
    key_of(history, "history", key);
    if (file->number >= 0)
        (void)snprintf(from, sizeof from, "(%" PRId64 "-%" PRId64, file->epoch, file->number);
    (void)snprintf(most, sizeof most, "%d", HISTORY_READ_MAX);
    redisReply *reply =
        redis_pipe_ask(history->redis, "XRANGE", key, from, "+", "COUNT", most, NULL);
    enum step step = reply != NULL && reply->type == REDIS_REPLY_ARRAY ? STEP_OK : STEP_REDIS;
    *count = step == STEP_OK ? reply->elements : 0;
    for (size_t i = 0; step == STEP_OK && i < reply->elements; i++)
        step = take_entry(history, reply->element[i]);
    if (reply != NULL)
        freeReplyObject(reply);
    return step;
}

static enum step take_all(struct history *history)
{
    size_t count = HISTORY_READ_MAX;
    enum step step = STEP_OK;
    for (int i = 0; i < HISTORY_ROUNDS_MAX && step == STEP_OK && count == HISTORY_READ_MAX; i++)
        step = take_some(history, &count);
    return step;
}

/* --- syncing and signing --- */

static enum step sync_and_trim(struct history *history)
{
    char key[LINE_KEY_BYTES], from[SOURCE_BYTES];
    const struct history_file *file = &history->file;
    if (!history->file.is_dirty)
        return STEP_OK;
    if (!history_file_sync(&history->file))
        return failed(history);
    if (file->number < 0)
        return STEP_OK;
    key_of(history, "history", key);
    (void)snprintf(from, sizeof from, "%" PRId64 "-%" PRId64, file->epoch, file->number + 1);
    redis_pipe_add(history->redis, "XTRIM", key, "MINID", from, NULL);
    return redis_pipe_flush(history->redis) ? STEP_OK : STEP_REDIS;
}

static bool write_head(const void *ctx, FILE *out)
{
    return fprintf(out, "%s\n", (const char *)ctx) > 0;
}

/* Signs what is synced, keeps it beside the history, and shows it. */
static enum step sign(struct history *history)
{
    char text[CHAIN_HEAD_BYTES_MAX], key[LINE_KEY_BYTES], name[LINE_FILE_NAME_BYTES];
    if (history->file.fd < 0 || history->file.chain.nr == history->head_nr)
        return STEP_OK;
    chain_head_sign(&history->file.chain, clock_wall_ms(), history->signer->key, text);
    line_dir_name(history->event, "head", name);
    if (!line_dir_write(history->file.dir, name, write_head, text))
        return failed(history);
    history->head_nr = history->file.chain.nr;
    key_of(history, "head", key);
    redis_pipe_add(history->redis, "SET", key, text, NULL);
    redis_pipe_add(history->redis, "SET", "line:key", history->signer->public_hex, NULL);
    return redis_pipe_flush(history->redis) ? STEP_OK : STEP_REDIS;
}

static enum step sync_when_due(struct history *history, int64_t now_ms)
{
    bool is_first_head = history->head_nr == 0 && history->file.chain.nr > 0;
    bool is_head_due =
        history->is_end || is_first_head || now_ms - history->headed_ms >= HISTORY_HEAD_EVERY_MS;
    if (!is_head_due && now_ms - history->synced_ms < HISTORY_SYNC_MS)
        return STEP_OK;
    history->synced_ms = now_ms;
    enum step step = sync_and_trim(history);
    if (step != STEP_OK || !is_head_due)
        return step;
    history->headed_ms = now_ms;
    history->is_end = false;
    return sign(history);
}

/* --- a turn --- */

/* A new epoch: what is known of the data before is told first, so that receipts can be judged. */
static enum step tell_before(struct history *history, int64_t epoch)
{
    if (history->told_epoch == epoch)
        return STEP_OK;
    enum step step = history->file.fd < 0 ? STEP_OK : note_epoch(history, epoch);
    if (step == STEP_OK)
        step = before_tell(history->redis, history->event, &history->file);
    if (step == STEP_OK)
        history->told_epoch = epoch;
    if (step == STEP_OK && history->head_nr > 0)
        history->head_nr = 0; /* this Redis has not been shown any */
    return step;
}

/* Most events sleep most of the time: they are asked less and less often, up to a second. */
static enum step take_when_due(struct history *history, int64_t now_ms)
{
    int64_t nr = history->file.chain.nr;
    if (now_ms < history->next_ms)
        return STEP_OK;
    enum step step = take_all(history);
    bool is_idle = history->file.chain.nr == nr;
    history->pause_ms = is_idle ? 2 * history->pause_ms + 1 : 0;
    if (history->pause_ms > HISTORY_IDLE_MS)
        history->pause_ms = HISTORY_IDLE_MS;
    history->next_ms = now_ms + history->pause_ms;
    return step;
}

enum step history_turn(struct history *history, int64_t epoch, int64_t now_ms)
{
    if (history->told_epoch != epoch)
        history->next_ms = 0; /* before an epoch is told about, all of the one before is read */
    enum step step = take_when_due(history, now_ms);
    if (step == STEP_OK)
        step = tell_before(history, epoch);
    return step == STEP_OK ? sync_when_due(history, now_ms) : step;
}

int64_t history_lag_ms(struct history *history, int64_t now_ms)
{
    int64_t since_ms = history->oldest_ms;
    if (!history->file.is_dirty)
        history->oldest_ms = 0;
    return since_ms == 0 || since_ms > now_ms ? 0 : now_ms - since_ms;
}

enum step history_end(struct history *history)
{
    enum step step = take_all(history);
    if (step == STEP_OK)
        step = sync_and_trim(history);
    return step == STEP_OK ? sign(history) : step;
}
