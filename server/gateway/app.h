/* The gateway's own struct: what lives as long as the process. Its parts are the desks, each with
 * its file: book (events), line_desk (queue), seat_desk (map and holds), pay_desk (payments),
 * account_desk (visitors' accounts), office_client (requests to the ledger), storage (Redis), http
 * (pages and API), ws (visitors' sockets), organizer/ (the console).
 */
#ifndef STANCHION_GATEWAY_APP_H
#define STANCHION_GATEWAY_APP_H

#include <ev.h>
#include <libwebsockets.h>
#include "server/base/json_text.h"
#include "server/base/redis_link.h"
#include "server/base/token.h"
#include "server/gateway/ask.h"
#include "server/gateway/book.h"
#include "server/gateway/gateway.h"
#include "server/gateway/line/event_list.h"
#include "server/gateway/metrics.h"
#include "server/gateway/office_client.h"
#include "server/gateway/orders/confirm_desk.h"
#include "server/gateway/orders/payment_run.h"
#include "server/gateway/orders/webhook_desk.h"
#include "server/gateway/organizer/guard.h"
#include "server/gateway/organizer/live.h"
#include "server/gateway/organizer/upload.h"
#include "server/gateway/seats/basket_desk.h"
#include "server/gateway/seats/best_desk.h"
#include "server/gateway/session.h"
#include "server/gateway/visitors/account_desk.h"
#include "server/gateway/wire/handshake.h"
#include "server/gateway/wire/heartbeat.h"
#include "server/gateway/wire/listener.h"
#include "ticketing/payment.h"
#include "ticketing/seat_store.h"

#define CLIENT_ID_BYTES 16
#define RUN_ID_BYTES 40 /* of a Redis server: another one after each start */

/* Counters for /metrics. */
struct gateway_figures {
    uint64_t handshakes, handshakes_refused, messages_in, frames_out, bytes_out, errors_out, joins,
        holds, orders_settled, places_put_back, slow_readers_closed, polls;
    struct latency hold_latency, confirm_latency;
    struct estimate_error estimates; /* of all events together */
};

/* Those that are under way; the ready ones are gone on with before the loop sleeps. */
struct polls {
    struct poll *first, *ready;
    uint32_t count;
};

struct gateway {
    const struct gateway_options *options;
    struct origin_rule origin_rule;
    struct token_keys keys;
    char client_id[CLIENT_ID_BYTES + 1]; /* names our reply channel */
    struct ev_loop *loop;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    struct listener listener;
    struct redis_link *commands, *subscriptions;
    struct queue_store *queue;
    struct seat_store *seats;
    struct payment_provider *payments;
    int64_t epoch;                    /* 0 = recovering */
    char redis_run[RUN_ID_BYTES + 1]; /* the server we are connected to; "" = not known */
    int64_t polled_ms;                /* monotonic */
    bool is_reload_due;               /* Redis was away: what may have been missed is read again */
    int64_t time_asked_ms, time_trip_ms; /* monotonic; how exactly storage_ahead_ms is known */
    int64_t storage_ahead_ms;            /* Redis' clock minus the monotonic one; 0 = not known */
    int64_t storage_told_ms;             /* Redis' clock when it last told it */
    int64_t beat_age_ms;                 /* then, since the ledger's last sign of life */
    int64_t registrar_age_ms;            /* the same of the registrar */
    int64_t registrar_lag_ms;            /* age of the oldest note it had not put on disk then */
    bool is_frozen;                      /* the ledger is away: deadlines stand still (frozen.h) */
    int64_t frozen_told_ms;              /* monotonic; those inside were told last */
    struct book book;
    struct event_list event_list;
    struct session_table sessions;
    struct office_client office;
    size_t wishes_pending; /* visitors' wishes that have not gone out */
    size_t check_batches;  /* under way */
    struct account_desk accounts;
    struct organizer_guard organizers;
    struct organizer_lives lives; /* consoles that watch */
    struct uploads uploads;
    int64_t seats_pushed_ms; /* monotonic */
    struct payment_runs runs;
    struct webhook_list webhooks;
    struct baskets *baskets;
    struct confirm_ring *confirms;
    struct best_spent instead_spent;
    struct polls polls;
    struct heartbeat heartbeat;
    size_t assembly_bytes;
    uint32_t connections_count; /* sockets that libwebsockets holds */
    int64_t started_ms;         /* monotonic */
    bool is_open;               /* accepts connections */
    bool is_draining, is_empty; /* is_empty: while it drains, nobody is here any more */
    bool has_events;            /* the list of events has been read */
    int64_t drain_left_ms;
    ev_timer turn_timer, poll_timer, drain_timer, moment_timer;
    ev_prepare before_sleep;
    ev_idle awake; /* runs while there is more to do than fits a turn */
    ev_signal on_term, on_int;
    struct gateway_figures figures;
    double figures_before[METRICS_COLUMNS]; /* of the one of this index that died */
    struct json_text said;  /* the place being told (line_text.h): its memory serves for all */
    unsigned char *scratch; /* LWS_PRE + SCRATCH_BYTES: the frame being written */
};

/* The largest frame: a map of PLAN_SEATS_MAX seats in base64 fits. */
#define SCRATCH_BYTES (256 * 1024)

#endif
