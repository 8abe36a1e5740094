/* See seat_turn.h. An operation is one argument of the call; all lie in one text that grows; where
 * each ends is noted, because the text moves. */
#include "ticketing/seat_turn.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/seat_script.h"

#define TEXT_BYTES_FULL 65536 /* no operation is added to a turn of so many bytes */

struct operation {
    enum seat_operation kind;
    seats_hold_fn *fn;
    void *ctx;
    uint32_t end; /* of its argument in `text` */
};

struct seat_turn {
    int64_t epoch;
    char event[EVENT_ID_BYTES_MAX + 1], plan[SEATS_PLAN_CHARS_MAX + 1];
    struct operation operations[SEAT_TURN_OPERATIONS_MAX];
    char visitors[SEAT_TURN_OPERATIONS_MAX][VISITOR_ID_BYTES + 1];
    size_t operations_count, visitors_count;
    char *text;
    size_t text_bytes, text_room;
    size_t *under_way; /* set when it is sent */
};

const char *seat_operation_name(enum seat_operation kind)
{
    static const char *const names[SEAT_OPERATION_COUNT] = {
        [SEAT_OPERATION_HOLD] = "hold",         [SEAT_OPERATION_HOLD_AREA] = "hold_area",
        [SEAT_OPERATION_RELEASE] = "release",   [SEAT_OPERATION_STATE] = "state",
        [SEAT_OPERATION_CHECKOUT] = "checkout", [SEAT_OPERATION_INTENT] = "intent",
        [SEAT_OPERATION_SETTLE] = "settle",     [SEAT_OPERATION_DECLINE] = "decline",
    };
    assert(kind >= SEAT_OPERATION_HOLD && kind < SEAT_OPERATION_COUNT);
    return names[kind];
}

struct seat_turn *seat_turn_create(const char *event, int64_t epoch, const char *plan)
{
    assert(strlen(event) <= EVENT_ID_BYTES_MAX && strlen(plan) <= SEATS_PLAN_CHARS_MAX);
    struct seat_turn *turn = malloc(sizeof(*turn));
    if (turn == NULL)
        return NULL;
    turn->epoch = epoch;
    memcpy(turn->event, event, strlen(event) + 1);
    memcpy(turn->plan, plan, strlen(plan) + 1);
    turn->operations_count = turn->visitors_count = 0;
    turn->text_bytes = 0;
    turn->text_room = 1024;
    turn->text = malloc(turn->text_room);
    assert(turn->text != NULL);
    return turn;
}

bool seat_turn_is_for(const struct seat_turn *turn, const char *event, int64_t epoch,
                      const char *plan)
{
    return turn->epoch == epoch && strcmp(turn->event, event) == 0 && strcmp(turn->plan, plan) == 0;
}

bool seat_turn_is_full(const struct seat_turn *turn)
{
    return turn->operations_count == SEAT_TURN_OPERATIONS_MAX ||
           turn->text_bytes >= TEXT_BYTES_FULL;
}

/* Adds to the argument of the last operation. */
static void add(struct seat_turn *turn, const void *bytes, size_t count)
{
    assert(turn->operations_count > 0);
    while (turn->text_room - turn->text_bytes < count) {
        turn->text_room *= 2;
        turn->text = realloc(turn->text, turn->text_room);
        assert(turn->text != NULL);
    }
    memcpy(turn->text + turn->text_bytes, bytes, count);
    turn->text_bytes += count;
    turn->operations[turn->operations_count - 1].end = (uint32_t)turn->text_bytes;
}

/* The visitor's row, from 1 on: nobody is named twice. */
static uint8_t row_of(struct seat_turn *turn, const char *visitor)
{
    size_t row = 0;
    while (row < turn->visitors_count && strcmp(turn->visitors[row], visitor) != 0)
        row++;
    if (row == turn->visitors_count) {
        size_t bytes = strlen(visitor) + 1;
        assert(bytes <= sizeof(turn->visitors[row]));
        memcpy(turn->visitors[turn->visitors_count++], visitor, bytes);
    }
    return (uint8_t)(row + 1);
}

void seat_turn_begin(struct seat_turn *turn, enum seat_operation kind, const char *visitor,
                     seats_hold_fn *fn, void *ctx)
{
    assert(!seat_turn_is_full(turn));
    turn->operations[turn->operations_count++] =
        (struct operation){.kind = kind, .fn = fn, .ctx = ctx};
    const uint8_t head[] = {(uint8_t)kind, row_of(turn, visitor)};
    add(turn, head, sizeof(head));
}

void seat_turn_add_text(struct seat_turn *turn, const char *text)
{
    add(turn, text, strlen(text) + 1);
}

void seat_turn_add_number(struct seat_turn *turn, int64_t number)
{
    char text[24];
    int bytes = snprintf(text, sizeof(text), "%" PRId64, number);
    assert(bytes > 0 && (size_t)bytes < sizeof(text));
    seat_turn_add_text(turn, text);
}

void seat_turn_add_seat(struct seat_turn *turn, uint32_t seat, uint16_t category)
{
    uint8_t packed[SEAT_PACKED_BYTES];
    seat_pack(packed, seat, category);
    add(turn, packed, sizeof(packed));
}

/* --- the answers --- */

static enum seats_status read_answer(const struct operation *operation, const redisReply *answer,
                                     int64_t now_ms, struct hold *hold)
{
    if (seat_answer_read(answer, now_ms, hold))
        return SEATS_OK;
    if (answer->type == REDIS_REPLY_STRING && strncmp(answer->str, "-PLAN", 5) == 0)
        return SEATS_EPOCH;
    log_error("script %s: %s", seat_operation_name(operation->kind),
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
            own = read_answer(operation, reply->element[i + 1], reply->element[0]->integer, &hold);
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
    (*turn->under_way)--;
    if (link_status == REDIS_LINK_ERROR)
        log_error_seldom("Redis refused the script turn: %s", reply->str);
    if (status == SEATS_OK &&
        (reply->type != REDIS_REPLY_ARRAY || reply->elements != turn->operations_count + 1 ||
         reply->element[0]->type != REDIS_REPLY_INTEGER)) {
        log_error("script turn: an answer of another shape");
        status = SEATS_UNKNOWN;
    }
    end(turn, status, reply);
}

void seat_turn_send(struct seat_turn *turn, struct redis_link *link, size_t script,
                    size_t *under_way)
{
    static struct seat_call call; /* large, and used for the call only */
    seat_call_init(&call, turn->event, turn->epoch);
    seat_call_add_text(&call, turn->plan);
    seat_call_add_number(&call, (int64_t)turn->visitors_count);
    for (size_t i = 0; i < turn->visitors_count; i++)
        seat_call_add_text(&call, turn->visitors[i]);
    size_t begin = 0;
    for (size_t i = 0; i < turn->operations_count; i++) {
        seat_call_add(&call, turn->text + begin, turn->operations[i].end - begin);
        begin = turn->operations[i].end;
    }
    enum redis_link_status status = redis_link_script(link, script, SEAT_KEYS_COUNT, call.argc,
                                                      call.argv, call.bytes, on_reply, turn);
    turn->under_way = under_way;
    if (status == REDIS_LINK_OK)
        (*under_way)++;
    else
        end(turn, seat_status_of(status), NULL);
}
