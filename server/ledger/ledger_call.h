/* A call of one of the ledger's scripts about seats (ticketing/lua/{unsell,stock,replay}.lua) being
 * put together: script, keys of the event, epoch, event, then what the script asks for. */
#ifndef STANCHION_LEDGER_LEDGER_CALL_H
#define STANCHION_LEDGER_LEDGER_CALL_H

#include "server/ledger/redis_pipe.h"
#include "ticketing/ledger_scripts.h"
#include "ticketing/ledger_stock.h"
#include "ticketing/ledger_store.h"

#define LEDGER_CALL_NUMBERS_MAX (1 + 2 * STOCK_WORK_MAX)
#define LEDGER_CALL_ARGS_MAX (3 + SEAT_KEYS_COUNT + 2 + 4 * STOCK_WORK_MAX)

struct plan;
struct ledger_call;

/* The script's text, the event and all added texts are borrowed until the call is freed. */
struct ledger_call *ledger_call_create(const char *script, const char *event, int64_t epoch);
void ledger_call_free(struct ledger_call *call);
void ledger_call_add(struct ledger_call *call, const char *text);
void ledger_call_add_number(struct ledger_call *call, int64_t number);

/* Adds it to the pipe, which copies it. */
void ledger_call_send(const struct ledger_call *call, struct redis_pipe *redis);
/* Runs it; the answer is the caller's, NULL when Redis is lost. */
redisReply *ledger_call_ask(const struct ledger_call *call, struct redis_pipe *redis);

/* The event's plan, the caller's; NULL when there is none that can be read. */
struct plan *ledger_call_plan(struct ledger_store *store, const char *event);

#endif
