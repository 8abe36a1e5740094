/* Receipts and passes: what a browser keeps and shows again.
 *
 * A receipt says which place in which line belongs to whom; with it a browser resumes. A pass says
 * who has been admitted and until when the turn can be claimed. Both are signed tokens
 * (server/base/token.h) whose payload is compact JSON; the reading functions trust nothing before
 * the signature has been checked, and nothing about the payload's shape after it.
 */
#ifndef STANCHION_QUEUE_RECEIPT_H
#define STANCHION_QUEUE_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/limits.h"
#include "server/base/token.h"

/* In the order in which they are checked; each has its error code in docs/protocol.md. */
enum receipt_status {
    RECEIPT_OK = 0,
    RECEIPT_INVALID,       /* forged, damaged, of another kind */
    RECEIPT_OTHER_EVENT,   /* genuine, for another event */
    RECEIPT_OTHER_VISITOR, /* genuine, for somebody else */
    RECEIPT_EXPIRED,       /* genuine, but its time is over (passes only) */
    RECEIPT_STATUS_COUNT
};

struct receipt {
    char event[EVENT_ID_BYTES_MAX + 1];
    char visitor[VISITOR_ID_BYTES + 1];
    int64_t seq;
    int64_t epoch; /* of the Redis data that gave the sequence */
    int64_t at_ms; /* when the place was given */
    bool is_drawn; /* the sequence is one from after the event's draw */
};

struct pass {
    char event[EVENT_ID_BYTES_MAX + 1];
    char visitor[VISITOR_ID_BYTES + 1];
    int64_t admission;
    int64_t seq;
    int64_t ends_ms; /* the turn must be claimed before */
};

/* Both write a NUL-terminated token that always fits TOKEN_BYTES_MAX + 1. Ids must be plain
 * (letters, digits, '-', '_', '.'): that is checked where they enter, and asserted here. */
void receipt_issue(const struct token_keys *keys, const struct receipt *receipt,
                   char out[TOKEN_BYTES_MAX + 1]);
void pass_issue(const struct token_keys *keys, const struct pass *pass,
                char out[TOKEN_BYTES_MAX + 1]);

/* Opens a token shown by `visitor` for `event`; visitor NULL = whoever shows it (a client that has
 * no identity of its own yet takes over the receipt's). *receipt is set on RECEIPT_OK only. */
enum receipt_status receipt_read(const struct token_keys *keys, const char *token,
                                 size_t token_bytes, const char *event, const char *visitor,
                                 struct receipt *receipt);
/* As above; RECEIPT_EXPIRED from ends_ms on. *pass is set on RECEIPT_OK only. */
enum receipt_status pass_read(const struct token_keys *keys, const char *token, size_t token_bytes,
                              const char *event, const char *visitor, int64_t now_ms,
                              struct pass *pass);

#endif
