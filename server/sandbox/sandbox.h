/* The sandbox payment provider: a process of its own that answers like a real one, with test cards.
 *
 * It speaks docs/protocol.md section 7. Everything it knows lies in its own SQLite file, written
 * before it answers, so that a kill -9 loses no intent, no pending outcome and no undelivered
 * webhook.
 */
#ifndef STANCHION_SANDBOX_H
#define STANCHION_SANDBOX_H

#include <stdint.h>

struct sandbox_options {
    const char *address;        /* inside 127.0.0.0/8; anything else is refused */
    uint16_t port;              /* 0 = the kernel chooses (see ready_fd) */
    const char *db_path;        /* SQLite file, created if missing */
    const char *key;            /* bearer key that callers must show */
    const char *webhook_url;    /* NULL or "" = no webhooks */
    const char *webhook_secret; /* signs webhooks; needed with webhook_url */
    uint32_t late_ms;           /* how late card ...0101 is; 0 = 20,000 */
    int ready_fd;               /* -1, or gets "<port>\n" once it listens and is then closed */
};

/* Runs until SIGTERM or SIGINT. All strings must outlive the call. Returns the exit code of the
 * process: 0 = ended as asked; 1 = could not start or storage failed, with one log line that says
 * what. */
int sandbox_main(const struct sandbox_options *options);

#endif
