/* See the header. Each sequence has a state byte; `low` walks up over those that do not wait, so a
 * whole history is read in linear time. */
#include "queue/line_replay.h"

#include <stdlib.h>
#include <string.h>

#define STATES_MAX 20000000 /* sequences; beyond: REPLAY_NO_MEMORY */
#define WORD_BYTES_MAX 16

enum { STATE_UNKNOWN, STATE_WAITING, STATE_GONE, STATE_ADMITTED };

/* What is left of a note. */
struct words {
    const char *at, *end;
};

bool line_replay_init(struct line_replay *replay)
{
    *replay = (struct line_replay){.is_order_known = true, .low = 1, .inside = json_object()};
    return replay->inside != NULL;
}

void line_replay_release(struct line_replay *replay)
{
    free(replay->states);
    json_decref(replay->inside);
    *replay = (struct line_replay){0};
}

static bool next_word(struct words *words, const char **word, size_t *bytes)
{
    if (words->at >= words->end)
        return false;
    const char *space = memchr(words->at, ' ', (size_t)(words->end - words->at));
    const char *end = space ? space : words->end;
    *word = words->at;
    *bytes = (size_t)(end - words->at);
    words->at = space ? space + 1 : words->end;
    return *bytes > 0;
}

static bool to_number(const char *text, size_t bytes, int64_t *out)
{
    if (bytes == 0 || bytes > 18)
        return false;
    *out = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

static bool next_number(struct words *words, int64_t *out)
{
    const char *word = NULL;
    size_t bytes = 0;
    return next_word(words, &word, &bytes) && to_number(word, bytes, out);
}

bool line_replay_source(const char *text, size_t bytes, int64_t *epoch, int64_t *number)
{
    const char *dash = memchr(text, '-', bytes);
    const char *space = memchr(text, ' ', bytes);
    return dash && space && dash < space && to_number(text, (size_t)(dash - text), epoch) &&
           to_number(dash + 1, (size_t)(space - dash - 1), number);
}

/* --- states --- */

static bool make_room(struct line_replay *replay, int64_t seq)
{
    if (seq < 1 || seq > STATES_MAX)
        return false;
    if ((size_t)seq < replay->states_room)
        return true;
    size_t room = replay->states_room ? replay->states_room : 4096;
    while (room <= (size_t)seq)
        room *= 2;
    unsigned char *grown = realloc(replay->states, room);
    if (!grown)
        return false;
    memset(grown + replay->states_room, STATE_UNKNOWN, room - replay->states_room);
    replay->states = grown;
    replay->states_room = room;
    return true;
}

static enum replay_status set_state(struct line_replay *replay, int64_t seq, unsigned char state)
{
    if (!make_room(replay, seq))
        return REPLAY_NO_MEMORY;
    replay->states[seq] = state;
    if (state == STATE_WAITING && seq < replay->low)
        replay->low = seq;
    if (seq > replay->seq)
        replay->seq = seq;
    return REPLAY_OK;
}

bool line_replay_is_gone(const struct line_replay *replay, int64_t seq)
{
    return seq > 0 && (size_t)seq < replay->states_room && replay->states[seq] == STATE_GONE;
}

/* --- notes --- */

static enum replay_status take_join(struct line_replay *replay, struct words *words)
{
    int64_t seq;
    const char *visitor = NULL;
    size_t bytes = 0;
    enum replay_status status = REPLAY_OK;
    if (!next_number(words, &seq))
        return REPLAY_BAD_NOTE;
    while (status == REPLAY_OK && next_word(words, &visitor, &bytes)) {
        status = set_state(replay, seq++, STATE_WAITING);
        replay->joins++;
    }
    return status;
}

static enum replay_status take_leave(struct line_replay *replay, struct words *words)
{
    const char *visitor = NULL, *from = NULL;
    size_t visitor_bytes = 0, from_bytes = 0;
    int64_t seq;
    if (!next_word(words, &visitor, &visitor_bytes) || !next_number(words, &seq) ||
        !next_word(words, &from, &from_bytes))
        return REPLAY_BAD_NOTE;
    replay->leaves++;
    if (from_bytes == strlen("waiting") && memcmp(from, "waiting", from_bytes) == 0)
        return set_state(replay, seq, STATE_GONE);
    char id[VISITOR_ID_BYTES + 1];
    if (visitor_bytes > VISITOR_ID_BYTES)
        return REPLAY_BAD_NOTE;
    memcpy(id, visitor, visitor_bytes);
    id[visitor_bytes] = '\0';
    (void)json_object_del(replay->inside, id);
    return REPLAY_OK;
}

static enum replay_status take_gone(struct line_replay *replay, struct words *words)
{
    int64_t seq;
    enum replay_status status = REPLAY_OK;
    while (status == REPLAY_OK && words->at < words->end)
        status = next_number(words, &seq) ? set_state(replay, seq, STATE_GONE) : REPLAY_BAD_NOTE;
    return status;
}

/* "sequence:visitor ..." */
static enum replay_status take_back(struct line_replay *replay, struct words *words)
{
    const char *word = NULL;
    size_t bytes = 0;
    int64_t seq;
    while (next_word(words, &word, &bytes)) {
        char id[VISITOR_ID_BYTES + 1];
        const char *colon = memchr(word, ':', bytes);
        size_t id_bytes = colon ? bytes - (size_t)(colon + 1 - word) : 0;
        if (!colon || id_bytes > VISITOR_ID_BYTES || !to_number(word, (size_t)(colon - word), &seq))
            return REPLAY_BAD_NOTE;
        memcpy(id, colon + 1, id_bytes);
        id[id_bytes] = '\0';
        (void)json_object_del(replay->inside, id);
        enum replay_status status = set_state(replay, seq, STATE_WAITING);
        if (status != REPLAY_OK)
            return status;
    }
    return REPLAY_OK;
}

/* Nobody with a smaller sequence may be waiting. */
static enum replay_status check_order(struct line_replay *replay, int64_t seq)
{
    if (replay->is_resync)
        replay->low = seq;
    replay->is_resync = false;
    while (replay->low < seq && (size_t)replay->low < replay->states_room &&
           replay->states[replay->low] != STATE_WAITING)
        replay->low++;
    if (replay->low >= seq || !replay->is_order_known)
        return REPLAY_OK;
    replay->overtaken_seq = replay->low;
    replay->overtaken_by_seq = seq;
    return REPLAY_OVERTAKEN;
}

static enum replay_status admit(struct line_replay *replay, const char *visitor, int64_t seq)
{
    if (!make_room(replay, seq))
        return REPLAY_NO_MEMORY;
    enum replay_status status = check_order(replay, seq);
    replay->states[seq] = STATE_ADMITTED;
    replay->admissions++;
    return json_object_set_new(replay->inside, visitor, json_integer(seq)) == 0 ? status
                                                                                : REPLAY_BAD_NOTE;
}

static void expire(struct line_replay *replay, const char *visitor)
{
    (void)json_object_del(replay->inside, visitor);
    replay->expiries++;
}

static bool next_visitor(struct words *words, char id[VISITOR_ID_BYTES + 1])
{
    const char *word = NULL;
    size_t bytes = 0;
    if (!next_word(words, &word, &bytes) || bytes > VISITOR_ID_BYTES)
        return false;
    memcpy(id, word, bytes);
    id[bytes] = '\0';
    return true;
}

/* "<first admission> <deadline> visitor sequence ... out visitor reason ..." */
static enum replay_status take_turns(struct line_replay *replay, struct words *words)
{
    int64_t first, deadline_ms, seq;
    char visitor[VISITOR_ID_BYTES + 1];
    enum replay_status status = REPLAY_OK;
    const char *reason = NULL;
    size_t bytes = 0;
    bool is_whole = next_number(words, &first) && next_number(words, &deadline_ms);
    while (is_whole && (is_whole = next_visitor(words, visitor)) && strcmp(visitor, "out") != 0) {
        is_whole = next_number(words, &seq);
        enum replay_status one = is_whole ? admit(replay, visitor, seq) : REPLAY_BAD_NOTE;
        if (one != REPLAY_OK && one != REPLAY_OVERTAKEN)
            return one;
        status = one == REPLAY_OVERTAKEN ? one : status;
    }
    while (is_whole && words->at < words->end) {
        is_whole = next_visitor(words, visitor) && next_word(words, &reason, &bytes);
        if (is_whole)
            expire(replay, visitor);
    }
    return is_whole ? status : REPLAY_BAD_NOTE;
}

static enum replay_status take_admitted_list(struct line_replay *replay, const json_t *list)
{
    enum replay_status status = REPLAY_OK;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *visitor = json_string_value(json_array_get(item, 0));
        if (!visitor)
            return REPLAY_BAD_NOTE;
        enum replay_status one =
            admit(replay, visitor, json_integer_value(json_array_get(item, 1)));
        if (one != REPLAY_OK && one != REPLAY_OVERTAKEN)
            return one;
        status = one == REPLAY_OVERTAKEN ? one : status;
    }
    return status;
}

/* "[...] out [...]": the same in JSON, as histories of earlier versions have it. */
static enum replay_status take_turn_lists(struct line_replay *replay, const struct words *words)
{
    static const char middle[] = " out ";
    const char *split =
        memmem(words->at, (size_t)(words->end - words->at), middle, sizeof middle - 1);
    if (!split)
        return REPLAY_BAD_NOTE;
    const char *out_text = split + sizeof middle - 1;
    json_t *in = json_loadb(words->at, (size_t)(split - words->at), 0, NULL);
    json_t *out = json_loadb(out_text, (size_t)(words->end - out_text), 0, NULL);
    enum replay_status status =
        json_is_array(in) && json_is_array(out) ? REPLAY_OK : REPLAY_BAD_NOTE;
    for (size_t i = 0; status == REPLAY_OK && i < json_array_size(out); i++) {
        const char *visitor = json_string_value(json_array_get(json_array_get(out, i), 0));
        expire(replay, visitor ? visitor : "");
    }
    if (status == REPLAY_OK)
        status = take_admitted_list(replay, in);
    json_decref(in);
    json_decref(out);
    return status;
}

/* "<number> <phase> <head> in ...": who came in and whose turn ended. */
static enum replay_status take_tick(struct line_replay *replay, struct words *words)
{
    int64_t number, head;
    const char *phase = NULL, *in = NULL;
    size_t bytes = 0, in_bytes = 0;
    if (!next_number(words, &number) || !next_word(words, &phase, &bytes) ||
        !next_number(words, &head) || !next_word(words, &in, &in_bytes) || in_bytes != 2 ||
        memcmp(in, "in", 2) != 0 || words->at >= words->end)
        return REPLAY_BAD_NOTE;
    enum replay_status status =
        *words->at == '[' ? take_turn_lists(replay, words) : take_turns(replay, words);
    if (head > replay->head)
        replay->head = head;
    return status;
}

/* From here on the data of Redis is another one: those who did not come back are noted as gone or
 * passed over by the head. */
static enum replay_status take_epoch(struct line_replay *replay, struct words *words)
{
    replay->is_resync = true;
    return next_number(words, &replay->epoch) ? REPLAY_OK : REPLAY_BAD_NOTE;
}

static enum replay_status take_gap(struct line_replay *replay, struct words *words)
{
    (void)words;
    replay->gaps++;
    replay->is_order_known = false;
    return REPLAY_OK;
}

static enum replay_status take_set(struct line_replay *replay, struct words *words)
{
    (void)words;
    replay->settings++;
    return REPLAY_OK;
}

static enum replay_status take_nothing(struct line_replay *replay, struct words *words)
{
    (void)replay, (void)words;
    return REPLAY_OK;
}

static const struct {
    const char *word;
    enum replay_status (*take)(struct line_replay *replay, struct words *words);
} kinds[] = {{"join", take_join}, {"tick", take_tick}, {"leave", take_leave},
             {"gone", take_gone}, {"back", take_back}, {"draw", take_nothing},
             {"set", take_set},   {"gap", take_gap},   {"epoch", take_epoch}};

enum replay_status line_replay_take(struct line_replay *replay, const char *text, size_t bytes)
{
    struct words words = {text, text + bytes};
    const char *source = NULL, *kind = NULL;
    size_t source_bytes = 0, kind_bytes = 0;
    int64_t ms;
    if (!next_word(&words, &source, &source_bytes) || !next_number(&words, &ms) ||
        !next_word(&words, &kind, &kind_bytes))
        return REPLAY_BAD_NOTE;
    replay->first_ms = replay->first_ms ? replay->first_ms : ms;
    replay->last_ms = ms;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].word) == kind_bytes && memcmp(kinds[i].word, kind, kind_bytes) == 0)
            return kinds[i].take(replay, &words);
    return REPLAY_BAD_NOTE;
}
