/* The real ledger as a child process, for tests: started, killed, started again on the same file.
 * It dies with the process that started it. Also what the tests put into the outbox and ask of the
 * office. Failures abort the test.
 */
#ifndef STANCHION_TEST_LEDGER_PROCESS_H
#define STANCHION_TEST_LEDGER_PROCESS_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>
#include "support/redis_server.h"

#define LEDGER_TEST_LINK_MS 600000 /* how long a link to tickets is good */

struct ledger_process;

/* Makes a directory of its own for the file. payment_url NULL = a provider that is not there. Does
 * not start. */
struct ledger_process *ledger_process_create(struct redis_server *redis, const char *payment_url);
/* SIGTERM if it runs, removes the directory. NULL is fine. */
void ledger_process_free(struct ledger_process *process);
const char *ledger_process_path(const struct ledger_process *process);
/* From the next start on no file may grow beyond this, as on a full disk; 0 = no limit. */
void ledger_process_limit(struct ledger_process *process, unsigned long file_bytes_max);
/* Uses the file of another one. */
void ledger_process_share(struct ledger_process *process, const struct ledger_process *other);
void ledger_process_start(struct ledger_process *process);
/* Starts and waits until Redis has an epoch and a beat of this start. */
void ledger_process_start_ready(struct ledger_process *process);
void ledger_process_kill(struct ledger_process *process);
/* SIGTERM and wait; returns the exit code. */
int ledger_process_stop(struct ledger_process *process);
/* Waits up to 10 s for the process to end by itself; returns the exit code. */
int ledger_process_wait(struct ledger_process *process);

/* Asks the office and waits up to 10 s; `args` is consumed. The answer is the caller's. */
json_t *ledger_process_ask(struct ledger_process *process, const char *verb, json_t *args);
/* Loads an event with one row of `seats` seats at 500 minor units each. */
void ledger_process_load_event(struct ledger_process *process, const char *event, int seats);
/* Does in Redis what settle does: sells the seats [seat, seat + count), marks the order, appends it
 * to the outbox. `intent` is the provider's, "" = none. */
void ledger_process_sell_intent(struct ledger_process *process, const char *event,
                                const char *order, const char *visitor, int seat, int count,
                                const char *intent);
void ledger_process_sell(struct ledger_process *process, const char *event, const char *order,
                         const char *visitor, int seat, int count);
void ledger_process_add(struct ledger_process *process, const char *body);
/* A whole number out of the ledger's file, read from outside. */
long long ledger_process_number(struct ledger_process *process, const char *sql);
/* Waits up to 10 s until the outbox is empty. */
void ledger_process_drained(struct ledger_process *process);

#endif
