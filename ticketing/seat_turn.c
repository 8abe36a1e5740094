/* See seat_turn.h. All arguments lie in one text that grows; where each begins is noted, because
 * the text moves. */
#include "ticketing/seat_turn.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/seat_script.h"

#define ARGS_MAX 1024
#define OPERATION_ARGS_MAX (12 + 2 * HOLD_SEATS_MAX)
#define TEXT_BYTES_FULL 65536 /* no operation is added to a turn of so many bytes */

struct operation {
    const char *name;
    seats_hold_fn *fn;
    void *ctx;
};

struct seat_turn {
    int64_t epoch;
    char event[EVENT_ID_BYTES_MAX + 1];
    struct operation operations[SEAT_TURN_OPERATIONS_MAX];
    size_t operations_count, args_count, args_due;
    uint32_t args_end[ARGS_MAX]; /* of each in `text` */
    char *text;
    size_t text_bytes, text_room;
};

struct seat_turn *seat_turn_create(const char *event, int64_t epoch)
{
    assert(strlen(event) <= EVENT_ID_BYTES_MAX);
    struct seat_turn *turn = malloc(sizeof(*turn));
    if (turn == NULL)
        return NULL;
    turn->epoch = epoch;
    memcpy(turn->event, event, strlen(event) + 1);
    turn->operations_count = turn->args_count = turn->args_due = 0;
    turn->text_bytes = 0;
    turn->text_room = 1024;
    turn->text = malloc(turn->text_room);
    assert(turn->text != NULL);
    return turn;
}

bool seat_turn_is_for(const struct seat_turn *turn, const char *event, int64_t epoch)
{
    return turn->epoch == epoch && strcmp(turn->event, event) == 0;
}

bool seat_turn_is_full(const struct seat_turn *turn)
{
    return turn->operations_count == SEAT_TURN_OPERATIONS_MAX ||
           turn->args_count + OPERATION_ARGS_MAX > ARGS_MAX || turn->text_bytes >= TEXT_BYTES_FULL;
}

static void add(struct seat_turn *turn, const char *bytes, size_t count)
{
    assert(turn->args_count < ARGS_MAX);
    while (turn->text_room - turn->text_bytes < count) {
        turn->text_room *= 2;
        turn->text = realloc(turn->text, turn->text_room);
        assert(turn->text != NULL);
    }
    memcpy(turn->text + turn->text_bytes, bytes, count);
    turn->text_bytes += count;
    turn->args_end[turn->args_count++] = (uint32_t)turn->text_bytes;
}

static void add_number(struct seat_turn *turn, int64_t number)
{
    char text[24];
    int bytes = snprintf(text, sizeof(text), "%" PRId64, number);
    assert(bytes > 0 && (size_t)bytes < sizeof(text));
    add(turn, text, (size_t)bytes);
}

void seat_turn_begin(struct seat_turn *turn, const char *name, size_t args_count, seats_hold_fn *fn,
                     void *ctx)
{
    assert(!seat_turn_is_full(turn) && turn->args_due == 0);
    turn->operations[turn->operations_count++] = (struct operation){name, fn, ctx};
    add(turn, name, strlen(name));
    add_number(turn, (int64_t)args_count);
    turn->args_due = args_count;
}

void seat_turn_add_text(struct seat_turn *turn, const char *text)
{
    assert(turn->args_due > 0);
    turn->args_due--;
    add(turn, text, strlen(text));
}

void seat_turn_add_number(struct seat_turn *turn, int64_t number)
{
    assert(turn->args_due > 0);
    turn->args_due--;
    add_number(turn, number);
}

/* --- the answers --- */

static enum seats_status read_answer(const struct operation *operation, const redisReply *answer,
                                     struct hold *hold)
{
    if (seat_answer_read(answer, hold))
        return SEATS_OK;
    log_error("script %s: %s", operation->name,
              answer->type == REDIS_REPLY_STRING ? answer->str : "an answer of another shape");
    return SEATS_UNKNOWN;
}

static void end(struct seat_turn *turn, enum seats_status status, const redisReply *reply)
{
    for (size_t i = 0; i < turn->operations_count; i++) {
        const struct operation *operation = &turn->operations[i];
        struct hold hold;
        enum seats_status own = status;
        if (status == SEATS_OK) {
            assert(reply != NULL);
            own = read_answer(operation, reply->element[i], &hold);
        }
        if (operation->fn != NULL)
            operation->fn(operation->ctx, own, own == SEATS_OK ? &hold : NULL);
    }
    free(turn->text);
    free(turn);
}

static void on_reply(void *ctx, enum redis_link_status link_status, const redisReply *reply)
{
    struct seat_turn *turn = ctx;
    enum seats_status status = seat_status_of(link_status);
    if (link_status == REDIS_LINK_ERROR)
        log_error("script turn: %s", reply->str);
    if (status == SEATS_OK &&
        (reply->type != REDIS_REPLY_ARRAY || reply->elements != turn->operations_count)) {
        log_error("script turn: an answer of another shape");
        status = SEATS_UNKNOWN;
    }
    end(turn, status, reply);
}

void seat_turn_send(struct seat_turn *turn, struct redis_link *link, size_t script)
{
    assert(turn->args_due == 0);
    static struct seat_call head; /* keys, epoch and event; large, and used for the call only */
    const char *argv[SEAT_KEYS_COUNT + 2 + ARGS_MAX];
    size_t bytes[SEAT_KEYS_COUNT + 2 + ARGS_MAX];
    seat_call_init(&head, turn->event, turn->epoch);
    memcpy(argv, head.argv, head.argc * sizeof(*argv));
    memcpy(bytes, head.bytes, head.argc * sizeof(*bytes));
    size_t argc = head.argc, begin = 0;
    for (size_t i = 0; i < turn->args_count; i++) {
        argv[argc] = turn->text + begin;
        bytes[argc++] = turn->args_end[i] - begin;
        begin = turn->args_end[i];
    }
    enum redis_link_status status =
        redis_link_script(link, script, SEAT_KEYS_COUNT, argc, argv, bytes, on_reply, turn);
    if (status != REDIS_LINK_OK)
        end(turn, seat_status_of(status), NULL);
}
