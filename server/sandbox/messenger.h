/* Delivers the sandbox provider's webhooks: signed, with bounded retries and back-off, oldest of an
 * intent first. */
#ifndef STANCHION_SANDBOX_MESSENGER_H
#define STANCHION_SANDBOX_MESSENGER_H

#include <stdint.h>
#include "server/sandbox/store.h"

struct ev_loop;
struct messenger;

#define WEBHOOKS_UNDER_WAY_MAX 32
#define WEBHOOK_DEADLINE_MS 5000
#define WEBHOOK_BACKOFF_MS 250 /* doubles with each attempt */
#define WEBHOOK_BACKOFF_MS_MAX 60000
/* About a quarter of an hour; then it is dropped with a warning. */
#define WEBHOOK_ATTEMPTS_MAX 20
#define WEBHOOK_ANSWER_BYTES_MAX 4096

/* url and secret must outlive it. NULL = out of memory. */
struct messenger *messenger_create(struct ev_loop *loop, struct sandbox_store *store,
                                   const char *url, const char *secret);
/* Webhooks under way stay stored and are sent again at the next start. NULL is fine. */
void messenger_free(struct messenger *messenger);
/* Sends what is due as far as there is room. NONE = all sent, OK = no room for more, FAILED =
 * storage. */
enum sandbox_store_status messenger_turn(struct messenger *messenger, int64_t now_ms);

#endif
