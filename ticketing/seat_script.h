/* Private to seat_redis: the argument list of one script call, and the reading of its answer. */
#ifndef STANCHION_SEAT_SCRIPT_H
#define STANCHION_SEAT_SCRIPT_H

#include "ticketing/seat_redis.h"
#include "ticketing/seat_turn.h"

#define SEAT_KEYS_COUNT 13 /* the list in lua/prelude.lua */
#define SEAT_ARGS_MAX (SEAT_KEYS_COUNT + 4 + 2 * SEAT_TURN_OPERATIONS_MAX)
#define SEAT_NUMBERS_MAX 2 /* of a call */
#define SEAT_TEXT_BYTES_MAX (SEAT_KEYS_COUNT * (EVENT_ID_BYTES_MAX + 16) + SEAT_NUMBERS_MAX * 24)
#define SEAT_PACKED_BYTES 4

/* Arguments point into `text` or to the caller's bytes, which must live until the call is sent. */
struct seat_call {
    size_t argc, used_bytes;
    const char *argv[SEAT_ARGS_MAX];
    size_t bytes[SEAT_ARGS_MAX];
    char text[SEAT_TEXT_BYTES_MAX];
};

/* Keys, epoch (0 = none) and event: what every script gets. */
void seat_call_init(struct seat_call *call, const char *event, int64_t epoch);
void seat_call_add(struct seat_call *call, const void *bytes, size_t bytes_count);
void seat_call_add_text(struct seat_call *call, const char *text);
void seat_call_add_number(struct seat_call *call, int64_t number);

enum seats_status seat_status_of(enum redis_link_status status);
/* A seat as lua/prelude.lua packs it. */
void seat_pack(uint8_t out[SEAT_PACKED_BYTES], uint32_t seat, uint16_t category);
/* Reads answer() of lua/prelude.lua, decided at `now_ms`. False when the reply has another shape: a
 * programmer's error, or a foreign script. */
bool seat_answer_read(const redisReply *reply, int64_t now_ms, struct hold *hold);

#endif
