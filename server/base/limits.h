/* Every limit of the server in one place: its name, its value, and what happens when it is reached.
 *
 * A limit that an organizer may want to change is a configuration key (server/config) or an event
 * setting (server/office/event_settings.c) instead; its range stands there.
 */
#ifndef STANCHION_LIMITS_H
#define STANCHION_LIMITS_H

/* Names. A longer one is refused where it enters (command line, importer, URL: 404). */
#define EVENT_ID_BYTES_MAX 48
#define VISITOR_ID_BYTES 12 /* base64url of 9 random bytes */
#define ORDER_ID_BYTES 26   /* "o_", 8 characters of time, 16 random ones */
/* Receipt, pass, cookie: a longer one is invalid without being read. */
#define TOKEN_BYTES_MAX 512

#define EVENTS_MAX 1000 /* of an installation: a further one is refused (`too_many_events`) */
/* Ids that a process comes to know until it ends, also of drafts that were deleted since; one more
 * is not served before the process is started again, which the log says. */
#define EVENTS_KNOWN_MAX 10000

/* Plans (ticketing/plan). Beyond: the file is refused with the figure. */
#define PLAN_SEATS_MAX 100000
#define PLAN_CATEGORIES_MAX 64
#define PLAN_TYPES_MAX 16 /* ticket types of one category */
#define PLAN_SECTIONS_MAX 2000
#define PLAN_ROWS_MAX 20000
#define PLAN_AREAS_MAX 64
#define PLAN_LABEL_BYTES_MAX 80
#define PLAN_FILE_BYTES_MAX (64u << 20)
#define PLAN_ERRORS_MAX 1000 /* more are counted, not listed */

/* Seats in one request; the event's own limit is smaller. */
#define HOLD_SEATS_MAX 50

/* Money: 10 billion minor units for one seat; a total of HOLD_SEATS_MAX
 * of them fits int64 easily. */
#define PRICE_MINOR_MAX INT64_C(10000000000)

/* WebSocket frames (server/gateway). */
#define FRAME_BYTES_MAX 65536 /* close 1009 */
/* All half-received frames of a gateway together: error `full`. */
#define ASSEMBLY_BYTES_MAX (64u << 20)

/* Polls over HTTP (server/gateway/line/poll_desk). */
#define POLLS_MAX 4096 /* at once at one gateway: 503 `full` */
/* At once: the oldest one that only waits ends; 429 `too_fast` when none does. */
#define POLLS_PER_VISITOR_MAX 8
#define POLL_MESSAGES_MAX 8             /* 400 */
#define POLL_WAIT_MS_MAX 25000          /* 400; below what proxies allow an answer to take */
#define POLL_OUT_BYTES_MAX (192 * 1024) /* the answer: ends with `close` 1013 */

/* Redis link (server/base/redis_link). */
#define REDIS_PENDING_MAX 65536 /* commands under way: REDIS_LINK_FULL */

/* Batches. The rest waits for the next turn. */
#define JOIN_BATCH_MAX 256
#define TICK_EXPIRE_MAX 1000
#define TICK_ADMIT_MAX 2000
#define TICK_PIECE_MAX 250  /* of these in one call: the rest in the next ones, at once */
#define TICK_GONE_MAX 10000 /* departures told by one tick */
/* Sequences of a recovered line settled by one call: the rest by the next. */
#define RECOVER_FILL_MAX 5000
#define LINE_GONE_MAX 1000000 /* told to a gateway that re-reads a line: those nearest the head */
#define SWEEP_HOLDS_MAX 100
#define LEDGER_BATCH_MAX 1000

/* What may wait for the ledger. Beyond either, a checkout is refused (`ledger_down`); a payment
 * that runs already is always taken. */
#define OUTBOX_ENTRIES_MAX 20000
#define LEDGER_AWAY_MS 3000 /* age of ledger:beat */

#endif
