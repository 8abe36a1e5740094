#include "queue/queue_answers.h"

#include <stdlib.h>

#include "queue/phase.h"

#define FIGURES_PER_PLACE 5

bool queue_read_int(const redisReply *array, size_t at, int64_t *out)
{
    if (at >= array->elements || array->element[at]->type != REDIS_REPLY_INTEGER)
        return false;
    *out = array->element[at]->integer;
    return true;
}

/* Every answer but that of a tick begins with phase and time. */
static bool read_phase_and_time(const redisReply *reply, enum queue_phase *phase, int64_t *now_ms)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
        return false;
    const redisReply *word = reply->element[0];
    return word->type == REDIS_REPLY_STRING && queue_phase_parse(word->str, phase) &&
           queue_read_int(reply, 1, now_ms);
}

static bool read_place(const redisReply *reply, size_t at, struct place *place)
{
    int64_t state, is_new;
    if (!queue_read_int(reply, at, &state) || !queue_read_int(reply, at + 1, &place->seq) ||
        !queue_read_int(reply, at + 2, &place->admission) ||
        !queue_read_int(reply, at + 3, &place->deadline_ms) ||
        !queue_read_int(reply, at + 4, &is_new))
        return false;
    if (state < 0 || state >= PLACE_STATE_COUNT)
        return false;
    place->state = (enum place_state)state;
    place->is_new = is_new == 1;
    if (place->state != PLACE_GONE)
        return true;
    place->reason = (enum place_reason)place->admission;
    place->admission = 0;
    return (unsigned)place->reason < GONE_REASON_COUNT;
}

bool queue_read_places(const redisReply *reply, struct place *places, size_t count)
{
    enum queue_phase phase;
    int64_t now_ms;
    if (!read_phase_and_time(reply, &phase, &now_ms))
        return false;
    for (size_t i = 0; i < count; i++) {
        places[i] = (struct place){.phase = phase, .now_ms = now_ms};
        if (!read_place(reply, 2 + i * FIGURES_PER_PLACE, &places[i]))
            return false;
    }
    return true;
}

bool queue_read_joined(const redisReply *reply, struct place *places, size_t count)
{
    enum queue_phase phase;
    int64_t now_ms, seq;
    if (!read_phase_and_time(reply, &phase, &now_ms) || !queue_read_int(reply, 2, &seq) ||
        reply->elements < 4 || reply->element[3]->type != REDIS_REPLY_STRING ||
        (size_t)reply->element[3]->len != count)
        return false;
    const char *letters = reply->element[3]->str;
    for (size_t i = 0, at = 4; i < count; i++) {
        struct place *place = &places[i];
        *place = (struct place){.phase = phase, .now_ms = now_ms};
        if (letters[i] == 'n') {
            place->state = PLACE_WAITING;
            place->seq = ++seq;
            place->is_new = true;
            continue;
        }
        if (letters[i] < '0' || letters[i] - '0' >= PLACE_STATE_COUNT ||
            !queue_read_int(reply, at, &place->seq) ||
            !queue_read_int(reply, at + 1, &place->admission) ||
            !queue_read_int(reply, at + 2, &place->deadline_ms))
            return false;
        place->state = (enum place_state)(letters[i] - '0');
        at += 3;
    }
    return true;
}

/* "3,17,90" -> an array the caller frees; NULL for an empty text. False without memory. */
static bool read_gone(const redisReply *text, int64_t **gone, size_t *count)
{
    *gone = NULL;
    *count = 0;
    if (text->type != REDIS_REPLY_STRING)
        return false;
    if (text->len == 0)
        return true;
    size_t commas = 0;
    for (const char *c = text->str; *c; c++)
        commas += *c == ',';
    *gone = malloc((commas + 1) * sizeof((*gone)[0]));
    if (!*gone)
        return false;
    char *at = text->str;
    while (*count <= commas) {
        (*gone)[(*count)++] = strtoll(at, &at, 10);
        at += *at == ',';
    }
    return true;
}

bool queue_read_line(const redisReply *reply, struct line_state *line)
{
    *line = (struct line_state){0};
    if (!read_phase_and_time(reply, &line->phase, &line->at_ms) || reply->elements < 13)
        return false;
    int64_t draw;
    if (!queue_read_int(reply, 11, &draw) || draw < 0 || draw >= DRAW_COUNT)
        return false;
    line->draw = (enum line_draw)draw;
    return queue_read_int(reply, 2, &line->tick) && queue_read_int(reply, 3, &line->seq) &&
           queue_read_int(reply, 4, &line->head) && queue_read_int(reply, 5, &line->waiting) &&
           queue_read_int(reply, 6, &line->inside) && queue_read_int(reply, 7, &line->free) &&
           queue_read_int(reply, 9, &line->holds) &&
           queue_read_int(reply, 10, &line->recovers_at_ms) &&
           queue_read_int(reply, 12, &line->rate_micro) &&
           read_gone(reply->element[8], &line->gone, &line->gone_count);
}
