/* The ledger process: the only writer of SQLite. It empties the outbox stream in group commits,
 * tells the outcome afterwards, captures and voids payments, answers office requests, and rebuilds
 * Redis at the start. */
#ifndef STANCHION_LEDGER_H
#define STANCHION_LEDGER_H

#include <stdint.h>
#include "server/base/log.h"
#include "server/ledger/mailer.h"

struct ledger_options {
    const char *db_path;   /* SQLite file, created if missing */
    const char *redis_url; /* "unix:///path" or "redis://host:port" */
    const char *payment_url;
    const char *payment_key;
    const unsigned char *secret; /* SECRET_BYTES; ticket codes derive from it */
    int64_t link_ms;             /* how long a link to the tickets of an order is good */
    struct mailer_options mail;
    enum log_level log_level;
};

/* Runs until SIGTERM; then it empties the outbox and closes the file. Returns the exit code: 0 =
 * ended as asked, 1 = could not start or storage failed, with one log line that says what.
 * Everything in options must outlive the call. */
int ledger_main(const struct ledger_options *options);

#endif
