/* A gateway process: holds the visitors' connections and carries their wishes to the stores.
 *
 * Gateways share nothing but Redis and the board with their figures; any of them may die at any
 * moment. One libev loop runs libwebsockets, the Redis links and the payment provider's
 * connections.
 */
#ifndef STANCHION_GATEWAY_H
#define STANCHION_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>
#include "queue/push_rule.h"
#include "server/base/board.h"
#include "server/base/log.h"
#include "server/base/token.h"

struct gateway_options {
    unsigned index;             /* 0 .. gateways - 1 */
    struct board *board;        /* METRICS_COLUMNS wide, a row for each gateway */
    const char *listen_address; /* IPv4 or IPv6 literal */
    uint16_t listen_port;       /* shared by all gateways through SO_REUSEPORT */
    const char *redis_url;
    /* "" or e.g. "https://tickets.example": cookies get Secure, Origin may be it. */
    const char *public_url;
    const char *origins; /* further allowed Origins, separated by spaces */
    const char *payment_url;
    const char *payment_key;
    const char *webhook_secret;
    bool is_sandbox;        /* the sandbox provider is in use: the page may list the test cards */
    bool is_metrics_public; /* otherwise /metrics answers loopback only, no proxy */
    int64_t heartbeat_ms, unanswered_ms_max; /* heartbeat.h */
    uint32_t connections_max;                /* beyond: 503 with Retry-After */
    uint32_t joins_pending_max;
    uint32_t outbox_entries_max;
    struct push_rule push;    /* when a place is worth a push */
    int64_t reconnects_per_s; /* to how many a second returning browsers are spread */
    uint32_t account_threads, account_waiting_max; /* passwords at once, and waiting for that */
    uint32_t account_tries;                        /* sign-ins a minute from one address */
    uint32_t account_email_tries;                  /* and for one e-mail address */
    uint32_t account_sign_ups;                     /* sign-ups an hour from one address */
    int64_t account_session_s;
    uint32_t tickets_opens; /* links to tickets opened a minute from one address */
    const char *proxies;    /* whose X-Forwarded-For is believed, separated by spaces */
    uint32_t drain_ms;      /* on SIGTERM: how long visitors are given to move to another gateway */
    enum log_level log_level;
    const unsigned char *secret; /* SECRET_BYTES */
};

/* Runs until SIGTERM. Returns the exit code. Everything in options must outlive the call. */
int gateway_main(const struct gateway_options *options);

#endif
