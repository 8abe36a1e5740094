/* See seat_script.h. Numbers and keys are written into one buffer whose size follows from the
 * limits, so running out of it is a programmer's error. */
#include "ticketing/seat_script.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- asking --- */

static void add_bytes(struct seat_call *call, const char *bytes, size_t count)
{
    assert(call->argc < SEAT_ARGS_MAX);
    call->argv[call->argc] = bytes;
    call->bytes[call->argc++] = count;
}

void seat_call_add(struct seat_call *call, const void *bytes, size_t bytes_count)
{
    add_bytes(call, bytes, bytes_count);
}

void seat_call_add_text(struct seat_call *call, const char *text)
{
    add_bytes(call, text, strlen(text));
}

/* What is written by `format` becomes the next argument. */
static void add_printed(struct seat_call *call, int printed)
{
    assert(printed >= 0 && (size_t)printed < sizeof(call->text) - call->used_bytes);
    add_bytes(call, call->text + call->used_bytes, (size_t)printed);
    call->used_bytes += (size_t)printed;
}

void seat_call_add_number(struct seat_call *call, int64_t number)
{
    add_printed(call, snprintf(call->text + call->used_bytes, sizeof(call->text) - call->used_bytes,
                               "%" PRId64, number));
}

void seat_call_init(struct seat_call *call, const char *event, int64_t epoch)
{
    static const char *const of_event[] = {"cfg",   "active", "pass",  "seats",  "counts",
                                           "holds", "hold:",  "fence", "bought", "settled"};
    assert(strlen(event) <= EVENT_ID_BYTES_MAX);
    call->argc = call->used_bytes = 0;
    seat_call_add_text(call, "epoch");
    for (size_t i = 0; i < sizeof(of_event) / sizeof(*of_event); i++)
        add_printed(call,
                    snprintf(call->text + call->used_bytes, sizeof(call->text) - call->used_bytes,
                             "ev:%s:%s", event, of_event[i]));
    seat_call_add_text(call, "outbox");
    seat_call_add_text(call, "ledger:beat");
    assert(call->argc == SEAT_KEYS_COUNT);
    if (epoch > 0)
        seat_call_add_number(call, epoch);
    else
        seat_call_add_text(call, "");
    seat_call_add_text(call, event);
}

/* --- reading --- */

enum seats_status seat_status_of(enum redis_link_status status)
{
    switch (status) {
    case REDIS_LINK_OK:
        return SEATS_OK;
    case REDIS_LINK_DOWN:
    case REDIS_LINK_FULL:
        return SEATS_DOWN;
    case REDIS_LINK_EPOCH:
        return SEATS_EPOCH;
    default:
        return SEATS_UNKNOWN;
    }
}

enum {
    AT_RESULT,
    AT_NOW,
    AT_SEATS_MAX,
    AT_FREE,
    AT_SEATS,
    AT_FENCE,
    AT_DEADLINE,
    AT_ORDER,
    AT_AMOUNT,
    AT_INTENT,
    AT_NOTE,
    AT_OFFER,
    AT_COUNT
};

static bool is_number(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_INTEGER;
}

static bool copy_text(const redisReply *reply, char *out, size_t out_bytes_max)
{
    if (reply->type != REDIS_REPLY_STRING || (size_t)reply->len >= out_bytes_max)
        return false;
    memcpy(out, reply->str, (size_t)reply->len);
    out[reply->len] = '\0';
    return true;
}

/* "idx:cat,idx:cat" */
static bool read_seats(const redisReply *reply, struct hold *hold)
{
    if (reply->type != REDIS_REPLY_STRING)
        return false;
    const char *at = reply->str;
    while (*at != '\0') {
        if (hold->seats_count == HOLD_SEATS_MAX)
            return false;
        char *end;
        unsigned long seat = strtoul(at, &end, 10);
        if (end == at || *end != ':' || seat > UINT32_MAX)
            return false;
        at = end + 1;
        unsigned long category = strtoul(at, &end, 10);
        if (end == at || (*end != ',' && *end != '\0') || category > UINT16_MAX)
            return false;
        hold->seats[hold->seats_count++] =
            (struct held_seat){.seat = (uint32_t)seat, .category = (uint16_t)category};
        at = *end == ',' ? end + 1 : end;
    }
    return true;
}

static bool read_payment(redisReply *const *field, struct hold *hold)
{
    char amount[24], note[48];
    if (!copy_text(field[AT_ORDER], hold->order, sizeof(hold->order)) ||
        !copy_text(field[AT_AMOUNT], amount, sizeof(amount)) ||
        !copy_text(field[AT_INTENT], hold->intent, sizeof(hold->intent)) ||
        !copy_text(field[AT_NOTE], note, sizeof(note)) || !outbox_mark_read(note, &hold->note) ||
        field[AT_OFFER]->type != REDIS_REPLY_STRING)
        return false;
    hold->offer = field[AT_OFFER]->str;
    hold->amount_minor = strtoll(amount, NULL, 10);
    hold->is_paying = true;
    return true;
}

bool seat_answer_read(const redisReply *reply, struct hold *hold)
{
    *hold = (struct hold){0};
    if (reply->type != REDIS_REPLY_ARRAY ||
        (reply->elements != AT_FENCE && reply->elements != AT_ORDER && reply->elements != AT_COUNT))
        return false;
    redisReply *const *field = reply->element;
    for (int i = AT_RESULT; i <= AT_FREE; i++)
        if (!is_number(field[i]))
            return false;
    if (field[AT_RESULT]->integer < 0 || field[AT_RESULT]->integer >= HOLD_RESULT_COUNT)
        return false;
    hold->result = (enum hold_result)field[AT_RESULT]->integer;
    hold->now_ms = field[AT_NOW]->integer;
    hold->seats_max = (uint32_t)field[AT_SEATS_MAX]->integer;
    hold->free_count = (uint32_t)field[AT_FREE]->integer;
    if (!read_seats(field[AT_SEATS], hold))
        return false;
    if (reply->elements == AT_FENCE)
        return true;
    if (!is_number(field[AT_FENCE]) || !is_number(field[AT_DEADLINE]))
        return false;
    hold->fence = field[AT_FENCE]->integer;
    hold->deadline_ms = field[AT_DEADLINE]->integer;
    return reply->elements == AT_ORDER || read_payment(field, hold);
}
