/* Requests from this gateway to the ledger process (docs/office.md), with a deadline for each. */
#ifndef STANCHION_OFFICE_CLIENT_H
#define STANCHION_OFFICE_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway;

#define OFFICE_PENDING_MAX 4096
#define OFFICE_DEADLINE_MS 5000
#define OFFICE_TURN_MS_MAX 250 /* what a turn of the loop counts for at most */
#define OFFICE_ID_BYTES 12

/* `answer` is the ledger's JSON, valid during the call; NULL = no answer
 * in time or not reachable. */
typedef void office_fn(void *ctx, const json_t *answer);

struct office_request {
    char id[OFFICE_ID_BYTES + 1];
    int64_t deadline_ms; /* by office_client.now_ms */
    office_fn *on_answer;
    void *ctx;
    struct office_request *next;
};

struct office_client {
    struct office_request *first, *last; /* oldest first, so deadlines ascend */
    size_t count;
    /* Deadlines are held against a clock of our own, which stands still while this process is late:
     * on a full machine the answer is there and has not been read. */
    int64_t now_ms, turned_ms;
};

/* Completes exactly once, never before this returns. `args` is stolen. False: too many under way or
 * Redis is down; nothing was sent and on_answer is never called. */
bool office_client_ask(struct gateway *gateway, const char *verb, json_t *args, const char *by,
                       office_fn *on_answer, void *ctx);
/* The same for somebody by name, who may wait longer. */
struct office_asker {
    const char *by;
    const char *who; /* NULL = nobody by name */
    int64_t deadline_ms;
};
bool office_client_ask_as(struct gateway *gateway, const char *verb, json_t *args,
                          const struct office_asker *asker, office_fn *on_answer, void *ctx);
/* The same with arguments that are JSON text already; they are copied. */
bool office_client_ask_text(struct gateway *gateway, const char *verb, const char *args,
                            const struct office_asker *asker, office_fn *on_answer, void *ctx);
/* A message on our reply channel. */
void office_on_reply(struct gateway *gateway, const char *text, size_t bytes);
/* Completes what is past its deadline. now_ms: monotonic. */
void office_on_turn(struct gateway *gateway, int64_t now_ms);
void office_release(struct gateway *gateway);

#endif
