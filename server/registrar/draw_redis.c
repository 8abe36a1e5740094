/* See the header. Redis' answers are checked for their shape: a foreign key there must not end the
 * process. */
#include "server/registrar/draw_redis.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "queue/hex.h"
#include "queue/line_scripts.h"
#include "server/base/clock.h"
#include "server/base/log.h"

#define NUMBER_BYTES 24
#define TABLE_CHUNK_BYTES (256u << 10) /* of a table, in one SETRANGE */
#define FIELDS_MAX 16
#define ARGC_MAX (3 + LINE_KEYS_COUNT + 1 + 1 + 2 * DRAW_MOVE_MAX)
#define LEFT_MAX DRAW_MOVE_MAX

static void key_of(const struct draw_run *run, const char *name, char out[LINE_KEY_BYTES])
{
    int bytes = snprintf(out, LINE_KEY_BYTES, "ev:%s:%s", run->event, name);
    assert(bytes > 0 && bytes < LINE_KEY_BYTES);
}

static const char *number_text(int64_t number, char out[NUMBER_BYTES])
{
    (void)snprintf(out, NUMBER_BYTES, "%" PRId64, number);
    return out;
}

/* --- reading --- */

static int64_t number_at(const redisReply *array, size_t i)
{
    const redisReply *item = array->element[i];
    return item->type == REDIS_REPLY_STRING ? strtoll(item->str, NULL, 10) : 0;
}

bool draw_redis_line(struct draw_run *run, struct draw_line *line)
{
    char key[LINE_KEY_BYTES];
    key_of(run, "line", key);
    redisReply *reply = redis_pipe_ask(run->redis, "HMGET", key, "draw", "draw_committed",
                                       "draw_cut", "head", "recovers_at_ms", "kept_seq", NULL);
    bool is_good = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 6;
    if (is_good)
        *line = (struct draw_line){.draw = (enum line_draw)number_at(reply, 0),
                                   .is_committed = number_at(reply, 1) == 1,
                                   .cut = number_at(reply, 2),
                                   .head = number_at(reply, 3),
                                   .recovers_at_ms = number_at(reply, 4),
                                   .kept_seq = number_at(reply, 5)};
    if (reply != NULL)
        freeReplyObject(reply);
    return is_good;
}

/* Appends "visitor, score, visitor, score, ..."; false for anything else. */
static bool take_places(const redisReply *reply, struct draw_file *file, size_t *room)
{
    if (reply->type != REDIS_REPLY_ARRAY)
        return false;
    if (file->places_count + reply->elements / 2 > *room) {
        *room = *room ? *room * 2 : 16 * DRAW_READ_MAX;
        struct draw_place *grown = realloc(file->places, *room * sizeof *grown);
        assert(grown != NULL);
        file->places = grown;
    }
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        const redisReply *id = reply->element[i];
        struct draw_place *place = &file->places[file->places_count];
        if (id->type != REDIS_REPLY_STRING || id->len == 0 || id->len > VISITOR_ID_BYTES)
            return false;
        *place = (struct draw_place){.seq = number_at(reply, i + 1)};
        memcpy(place->visitor.id, id->str, (size_t)id->len);
        file->places_count++;
    }
    return true;
}

enum step draw_redis_collect(struct draw_run *run, int64_t cut, struct draw_file *file)
{
    char key[LINE_KEY_BYTES], from[NUMBER_BYTES + 1] = "-inf", to[NUMBER_BYTES],
                                                  chunk[NUMBER_BYTES];
    size_t room = 0, got;
    key_of(run, "waiting", key);
    (void)number_text(cut, to);
    (void)number_text(DRAW_READ_MAX, chunk);
    do {
        redisReply *reply = redis_pipe_ask(run->redis, "ZRANGE", key, from, to, "BYSCORE", "LIMIT",
                                           "0", chunk, "WITHSCORES", NULL);
        bool is_good = reply != NULL && take_places(reply, file, &room);
        got = is_good ? reply->elements / 2 : 0;
        if (reply != NULL)
            freeReplyObject(reply);
        if (!is_good)
            return STEP_REDIS;
        if (got > 0)
            (void)snprintf(from, sizeof from, "(%" PRId64,
                           file->places[file->places_count - 1].seq);
    } while (got == DRAW_READ_MAX && file->places_count < DRAW_PLACES_MAX);
    return STEP_OK;
}

/* --- telling --- */

struct fields {
    const char *argv[2 + 2 * FIELDS_MAX];
    size_t argc;
    char numbers[6][NUMBER_BYTES];
    size_t numbers_count;
    char hashes[4][2 * sizeof(struct merkle_hash) + 1];
    size_t hashes_count;
};

static void add_text(struct fields *fields, const char *name, const char *value)
{
    assert(fields->argc + 2 <= sizeof fields->argv / sizeof fields->argv[0]);
    fields->argv[fields->argc++] = name;
    fields->argv[fields->argc++] = value;
}

static void add_number(struct fields *fields, const char *name, int64_t value)
{
    assert(fields->numbers_count < 6);
    add_text(fields, name, number_text(value, fields->numbers[fields->numbers_count++]));
}

static void add_hash(struct fields *fields, const char *name, const unsigned char *bytes)
{
    assert(fields->hashes_count < 4);
    char *text = fields->hashes[fields->hashes_count++];
    hex_write(bytes, sizeof(struct merkle_hash), text);
    add_text(fields, name, text);
}

bool draw_redis_announce(struct draw_run *run, const struct draw_file *file, const char *state)
{
    char key[LINE_KEY_BYTES];
    key_of(run, "draw", key);
    struct fields fields = {.argv = {"HSET", key}, .argc = 2};
    add_text(&fields, "state", state);
    add_number(&fields, "committed_at_ms", file->committed_at_ms);
    add_hash(&fields, "commitment", file->commitment.bytes);
    if (file->rooted_at_ms != 0) {
        add_number(&fields, "cut", file->cut);
        add_number(&fields, "places", (int64_t)file->places_count);
        add_number(&fields, "rooted_at_ms", file->rooted_at_ms);
        add_hash(&fields, "root", file->root.bytes);
    }
    if (file->is_drawn) {
        add_number(&fields, "drawn_at_ms", file->drawn_at_ms);
        add_hash(&fields, "secret", file->secret);
        add_text(&fields, "beacon", file->beacon);
        add_hash(&fields, "seed", file->seed.bytes);
    }
    redis_pipe_add_argv(run->redis, fields.argc, fields.argv, NULL);
    redis_pipe_add(run->redis, "PUBLISH", "events", run->event, NULL);
    return redis_pipe_flush(run->redis);
}

bool draw_redis_set_line(struct draw_run *run, ...)
{
    char key[LINE_KEY_BYTES];
    const char *argv[2 + 2 * FIELDS_MAX] = {"HSET", key};
    size_t argc = 2;
    va_list values;
    key_of(run, "line", key);
    va_start(values, run);
    for (const char *arg = va_arg(values, const char *); arg; arg = va_arg(values, const char *)) {
        assert(argc < 2 + 2 * FIELDS_MAX);
        argv[argc++] = arg;
    }
    va_end(values);
    redis_pipe_add_argv(run->redis, argc, argv, NULL);
    return redis_pipe_flush(run->redis);
}

/* Writes a table under another name, then puts it in place. An empty one is removed. */
static bool put_table(struct draw_run *run, const char *name, const unsigned char *bytes,
                      size_t count)
{
    char key[LINE_KEY_BYTES], beside[LINE_KEY_BYTES], offset[NUMBER_BYTES];
    key_of(run, name, key);
    int length = snprintf(beside, sizeof beside, "%s:new", key);
    assert(length > 0 && (size_t)length < sizeof beside);
    redis_pipe_add(run->redis, "DEL", count ? beside : key, NULL);
    for (size_t at = 0; at < count; at += TABLE_CHUNK_BYTES) {
        size_t left = count - at;
        const char *argv[] = {"SETRANGE", beside, number_text((int64_t)at, offset),
                              (const char *)bytes + at};
        const size_t argv_bytes[] = {8, strlen(beside), strlen(offset),
                                     left < TABLE_CHUNK_BYTES ? left : TABLE_CHUNK_BYTES};
        redis_pipe_add_argv(run->redis, 4, argv, argv_bytes);
        if (!redis_pipe_flush(run->redis))
            return false;
    }
    if (count > 0)
        redis_pipe_add(run->redis, "RENAME", beside, key, NULL);
    return redis_pipe_flush(run->redis);
}

static void put_number(unsigned char *out, uint32_t value)
{
    out[0] = (unsigned char)(value >> 24);
    out[1] = (unsigned char)(value >> 16);
    out[2] = (unsigned char)(value >> 8);
    out[3] = (unsigned char)value;
}

bool draw_redis_map(struct draw_run *run, const struct draw_file *file)
{
    size_t cut = (size_t)file->cut;
    unsigned char *map = calloc(cut + 1, 4);
    assert(map != NULL);
    for (size_t i = 0; i < file->places_count; i++)
        put_number(map + 4 * (file->places[i].seq - 1), (uint32_t)file->places[i].new_seq);
    bool is_good = put_table(run, "draw:map", map, 4 * cut);
    free(map);
    return is_good;
}

/* The table goes by itself at that moment (wall clock). */
static bool put_table_until(struct draw_run *run, const char *name, const unsigned char *bytes,
                            size_t count, int64_t ends_ms)
{
    char key[LINE_KEY_BYTES], ends[NUMBER_BYTES];
    key_of(run, name, key);
    if (!put_table(run, name, bytes, count))
        return false;
    redis_pipe_add(run->redis, "PEXPIREAT", key, number_text(ends_ms, ends), NULL);
    return redis_pipe_flush(run->redis);
}

bool draw_redis_proofs(struct draw_run *run, const struct draw_file *file,
                       const struct merkle_hash *tree)
{
    int64_t ends_ms = file->drawn_at_ms + DRAW_PROOFS_KEPT_MS;
    if (ends_ms <= clock_wall_ms())
        return put_table(run, "draw:index", NULL, 0) && put_table(run, "draw:tree", NULL, 0);
    size_t cut = (size_t)file->cut;
    unsigned char *index = calloc(cut + 1, 8);
    assert(index != NULL);
    for (size_t i = 0; i < file->places_count; i++) {
        const struct draw_place *place = &file->places[i];
        put_number(index + 8 * (place->seq - 1), (uint32_t)i + 1);
        put_number(index + 8 * (place->new_seq - 1) + 4, (uint32_t)place->seq);
    }
    bool is_good = put_table_until(run, "draw:index", index, 8 * cut, ends_ms) &&
                   put_table_until(run, "draw:tree", tree[0].bytes,
                                   merkle_nodes_count(file->places_count) * sizeof *tree, ends_ms);
    free(index);
    return is_good;
}

/* --- moving --- */

/* A call of one of the registrar's scripts being put together. */
struct call {
    struct line_keys keys;
    char epoch[NUMBER_BYTES], keys_count[NUMBER_BYTES];
    const char *argv[ARGC_MAX];
    size_t argc;
    char numbers[DRAW_MOVE_MAX + 1][NUMBER_BYTES];
    size_t numbers_count;
};

static void call_text(struct call *call, const char *text)
{
    assert(call->argc < ARGC_MAX);
    call->argv[call->argc++] = text;
}

static void call_number(struct call *call, int64_t number)
{
    assert(call->numbers_count <= DRAW_MOVE_MAX);
    call_text(call, number_text(number, call->numbers[call->numbers_count++]));
}

static void call_begin(struct call *call, const struct draw_run *run, const char *sha)
{
    call->argc = call->numbers_count = 0;
    line_keys_init(&call->keys, run->event);
    call_text(call, "EVALSHA");
    call_text(call, sha);
    call_text(call, number_text(LINE_KEYS_COUNT, call->keys_count));
    for (size_t i = 0; i < LINE_KEYS_COUNT; i++)
        call_text(call, call->keys.text[i]);
    call_text(call, number_text(run->epoch, call->epoch));
}

/* The script's number; false when Redis is lost or of another epoch. */
static bool call_run(const struct call *call, struct draw_run *run, int64_t *out)
{
    redisReply *reply = redis_pipe_ask_argv(run->redis, call->argc, call->argv, NULL);
    bool is_good = reply != NULL && reply->type == REDIS_REPLY_INTEGER;
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR)
        log_warning("event %s: the draw: %s", run->event, reply->str);
    if (is_good)
        *out = reply->integer;
    if (reply != NULL)
        freeReplyObject(reply);
    return is_good;
}

static bool move_all(struct draw_run *run, struct call *call, const struct draw_file *file)
{
    int64_t moved = 0;
    for (size_t i = 0; i < file->places_count && moved >= 0;) {
        call_begin(call, run, run->scripts->move);
        for (size_t k = 0; k < DRAW_MOVE_MAX && i < file->places_count; k++, i++) {
            call_text(call, file->places[i].visitor.id);
            call_number(call, file->places[i].new_seq);
        }
        if (!call_run(call, run, &moved))
            return false;
    }
    return moved >= 0;
}

/* Sequences up to the cut that nobody has held when it was drawn: nearly always known as gone
 * already; after a loss of Redis they may not be. */
static bool end_holes(struct draw_run *run, struct call *call, const struct draw_file *file,
                      int64_t head)
{
    size_t next = 0;
    int64_t result = 0;
    for (int64_t seq = 1; seq <= file->cut && result >= 0;) {
        call_begin(call, run, run->scripts->end);
        call_text(call, "holes");
        size_t count = 0;
        for (; seq <= file->cut && count < DRAW_MOVE_MAX; seq++) {
            while (next < file->places_count && file->places[next].seq < seq)
                next++;
            bool is_held = next < file->places_count && file->places[next].seq == seq;
            if (!is_held && seq > head) {
                call_number(call, seq);
                count++;
            }
        }
        if (count > 0 && !call_run(call, run, &result))
            return false;
    }
    return result >= 0;
}

/* The new sequence of somebody who left: by visitor, since they may have left before or after their
 * move. */
struct by_visitor {
    const struct draw_place **sorted;
    size_t count;
};

static int compare_visitors(const void *a, const void *b)
{
    const struct draw_place *const *left = a, *const *right = b;
    return strcmp((*left)->visitor.id, (*right)->visitor.id);
}

static void by_visitor_init(struct by_visitor *index, const struct draw_file *file)
{
    index->count = file->places_count;
    index->sorted = calloc(index->count + 1, sizeof(struct draw_place *));
    assert(index->sorted != NULL);
    for (size_t i = 0; i < index->count; i++)
        index->sorted[i] = &file->places[i];
    qsort(index->sorted, index->count, sizeof(struct draw_place *), compare_visitors);
}

/* An entry "visitor sequence" of draw:left. Who took no part left the sequence that they had. */
static int64_t emptied_by(const struct by_visitor *index, const char *entry)
{
    struct draw_place key = {0};
    const struct draw_place *key_at = &key;
    const char *space = strchr(entry, ' ');
    if (space == NULL || space - entry > VISITOR_ID_BYTES)
        return 0;
    memcpy(key.visitor.id, entry, (size_t)(space - entry));
    const struct draw_place *const *found = bsearch(&key_at, index->sorted, index->count,
                                                    sizeof(struct draw_place *), compare_visitors);
    return found ? (*found)->new_seq : strtoll(space + 1, NULL, 10);
}

/* Deals with up to LEFT_MAX of those who left; *result as draw_end.lua answers. */
static bool end_some(struct draw_run *run, struct call *call, const struct by_visitor *index,
                     int64_t *result)
{
    char key[LINE_KEY_BYTES], last[NUMBER_BYTES], count[NUMBER_BYTES];
    key_of(run, "draw:left", key);
    redisReply *left =
        redis_pipe_ask(run->redis, "LRANGE", key, "0", number_text(LEFT_MAX - 1, last), NULL);
    bool is_good = left != NULL && left->type == REDIS_REPLY_ARRAY;
    if (is_good) {
        call_begin(call, run, run->scripts->end);
        call_text(call, number_text((int64_t)left->elements, count));
        for (size_t i = 0; i < left->elements; i++) {
            int64_t seq = emptied_by(index, left->element[i]->str ? left->element[i]->str : "");
            if (seq > 0)
                call_number(call, seq);
        }
        is_good = call_run(call, run, result);
    }
    if (left != NULL)
        freeReplyObject(left);
    return is_good;
}

enum step draw_redis_move(struct draw_run *run, const struct draw_file *file, int64_t head)
{
    struct call *call = malloc(sizeof *call);
    struct by_visitor index;
    int64_t result = 0;
    assert(call != NULL);
    by_visitor_init(&index, file);
    bool is_good = move_all(run, call, file) && end_holes(run, call, file, head);
    while (is_good && result == 0)
        is_good = end_some(run, call, &index, &result);
    free(index.sorted);
    free(call);
    return is_good && result == 1 ? STEP_OK : STEP_REDIS;
}
