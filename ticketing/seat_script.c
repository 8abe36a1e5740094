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
                                           "holds", "held",   "fence", "bought", "settled"};
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

void seat_pack(uint8_t out[SEAT_PACKED_BYTES], uint32_t seat, uint16_t category)
{
    assert(seat < 1u << 24 && category < 1u << 8);
    out[0] = (uint8_t)(seat >> 16);
    out[1] = (uint8_t)(seat >> 8);
    out[2] = (uint8_t)seat;
    out[3] = (uint8_t)category;
}

static bool read_seats(const uint8_t *packed, size_t bytes, struct hold *hold)
{
    if (bytes % SEAT_PACKED_BYTES != 0 || bytes / SEAT_PACKED_BYTES > HOLD_SEATS_MAX)
        return false;
    for (; bytes > 0; bytes -= SEAT_PACKED_BYTES, packed += SEAT_PACKED_BYTES)
        hold->seats[hold->seats_count++] =
            (struct held_seat){.seat = (uint32_t)(packed[0] << 16 | packed[1] << 8 | packed[2]),
                               .category = packed[3]};
    return true;
}

/* The texts of an answer, in their order. */
enum {
    AT_RESULT,
    AT_SEATS_MAX,
    AT_FREE,
    AT_FENCE,
    AT_DEADLINE,
    AT_ORDER,
    AT_AMOUNT,
    AT_INTENT,
    AT_NOTE,
    AT_OFFER,
    AT_COUNT
};

static int64_t number_of(const char *text)
{
    return strtoll(text, NULL, 10);
}

static bool copy_text(const char *text, char *out, size_t out_bytes_max)
{
    size_t bytes = strlen(text) + 1;
    if (bytes > out_bytes_max)
        return false;
    memcpy(out, text, bytes);
    return true;
}

static bool read_payment(const char *const text[AT_COUNT], struct hold *hold)
{
    hold->offer = text[AT_OFFER];
    hold->amount_minor = number_of(text[AT_AMOUNT]);
    hold->is_paying = true;
    return copy_text(text[AT_ORDER], hold->order, sizeof(hold->order)) &&
           copy_text(text[AT_INTENT], hold->intent, sizeof(hold->intent)) &&
           outbox_mark_read(text[AT_NOTE], &hold->note);
}

bool seat_answer_read(const redisReply *reply, int64_t now_ms, struct hold *hold)
{
    const char *text[AT_COUNT];
    *hold = (struct hold){.now_ms = now_ms};
    if (reply->type != REDIS_REPLY_STRING)
        return false;
    const char *at = reply->str, *last = reply->str + reply->len;
    for (size_t i = 0; i < AT_COUNT; i++) {
        text[i] = at;
        at = memchr(at, '\0', (size_t)(last - at));
        if (at++ == NULL)
            return false;
    }
    int64_t result = number_of(text[AT_RESULT]);
    if (*text[AT_RESULT] < '0' || *text[AT_RESULT] > '9' || result >= HOLD_RESULT_COUNT ||
        !read_seats((const uint8_t *)at, (size_t)(last - at), hold))
        return false;
    hold->result = (enum hold_result)result;
    hold->seats_max = (uint32_t)number_of(text[AT_SEATS_MAX]);
    hold->free_count = (uint32_t)number_of(text[AT_FREE]);
    hold->fence = number_of(text[AT_FENCE]);
    hold->deadline_ms = number_of(text[AT_DEADLINE]);
    return *text[AT_ORDER] == '\0' || read_payment(text, hold);
}
