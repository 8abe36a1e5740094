/* The office: requests that change durable state or read it (docs/office.md), carried out one after
 * the other by the ledger process.
 *
 * A verb is a function of the request's arguments that fills an answer. What changes something
 * writes SQLite first, with a commit, then Redis: after a crash in between the recovery brings
 * Redis up to date.
 */
#ifndef STANCHION_OFFICE_H
#define STANCHION_OFFICE_H

#include <ev.h>
#include <jansson.h>
#include <stddef.h>
#include "server/base/said.h"
#include "server/ledger/batch.h"
#include "ticketing/payment.h"

#define OFFICE_BODY_BYTES_MAX (64u << 20) /* a plan of 100,000 seats is about 5 MB */
#define OFFICE_MESSAGE_BYTES 400
#define OFFICE_AGE_MS_MAX 60000 /* an older request is not carried out: whoever asked has gone */
#define OFFICE_CHANNEL_BYTES_MAX 128
#define OFFICE_WHO_BYTES_MAX 64

struct office {
    struct batch *batch;               /* store, redis, epoch */
    struct payment_provider *provider; /* for the audit; may be NULL */
    struct ev_loop *loop;
    struct self_check *self_check; /* for the audit */
    struct audit *audit;           /* the one that is under way; NULL = none */
    int64_t link_ms;               /* how long a link to tickets is good */
    bool can_mail;                 /* mail.url and what it needs are set */
    bool has_failed;               /* SQLite failed beside a request: leave the process */
};

/* What a verb makes of a request. */
struct office_answer {
    json_t *body;      /* fields of the answer; never NULL */
    const char *error; /* NULL = ok, otherwise the code */
    struct said said;  /* why not, in a sentence */
    bool store_failed; /* SQLite failed in a way that ends the process */
    bool is_later;     /* the verb took over `reply_to` and will answer by itself */
};

/* Where the answer goes. */
struct office_request {
    char id[80];
    char channel[OFFICE_CHANNEL_BYTES_MAX];
    char by[16];                        /* cli, gateway, organizer: a word */
    char who[OFFICE_WHO_BYTES_MAX + 1]; /* the person's name; "" = not told */
    const char *verb;
    int64_t undoes; /* number of the action in the log that this one undoes; 0 = none */
    const json_t *args;
};

/* Carries out one request and publishes its answer. BATCH_STORE_FAILED: leave the process. */
enum batch_status office_execute(struct office *office, const struct stream_entry *entry);
/* Tells whoever sent it that it was not carried out. */
void office_refuse(struct office *office, const struct stream_entry *entry, const char *error,
                   const char *message);

/* Drops an audit under way. The provider's calls have ended before. */
void office_drop_audit(struct office *office);

/* For verbs. */
void office_fail(struct office_answer *answer, const char *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same where an error has several reasons that an organizer should be told apart in their own
 * language: `why` is the key of the words for it, such as "why.event_id". */
void office_fail_why(struct office_answer *answer, const char *error, const char *why,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with what somebody else had to say; its code is the reason. */
void office_fail_said(struct office_answer *answer, const char *error, const struct said *said);
/* Turns a status of the store into an answer; true when it was LEDGER_OK. */
bool office_took(struct office *office, struct office_answer *answer, enum ledger_status status);
/* Text argument of 1 to bytes_max bytes, or NULL with the answer failed. */
const char *office_text(const struct office_request *request, struct office_answer *answer,
                        const char *name, size_t bytes_max);
void office_publish_answer(struct office *office, const struct office_request *request,
                           struct office_answer *answer);

/* Whether `hash` is the kind of hash that accounts have; otherwise the answer has failed. */
const char *office_hash(const struct office_request *request, struct office_answer *answer);
/* Ends the transaction that `status` came out of; true when it stands. */
bool office_conclude(struct office *office, struct office_answer *answer,
                     enum ledger_status status);

typedef void office_verb_fn(struct office *office, const struct office_request *request,
                            struct office_answer *answer);
office_verb_fn office_event_edit, office_event_check, office_event_publish;
office_verb_fn office_event_delete;
office_verb_fn office_rehearsal_start, office_rehearsal_show, office_rehearsal_stop;
office_verb_fn office_event_load, office_event_list, office_event_show, office_event_set;
office_verb_fn office_orders_of, office_orders_export, office_orders_search, office_audit;
office_verb_fn office_dead_list, office_dead_replay;
office_verb_fn office_order_show, office_order_refund, office_payment_return;
office_verb_fn office_order_resend, office_tickets_open;
office_verb_fn office_ticket_check, office_door_list;
office_verb_fn office_stock_withhold, office_stock_release, office_stock_list;
office_verb_fn office_account_get, office_account_list, office_account_create,
    office_account_change, office_account_reset, office_account_password, office_account_sign_out,
    office_account_noted;
office_verb_fn office_log_page, office_log_undo;
office_verb_fn office_visitor_get, office_visitor_add, office_visitor_password,
    office_visitor_sign_out;

#endif
