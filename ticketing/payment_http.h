/* The adapter of ticketing/payment.h over HTTP; what is private to it and worth a test. */
#ifndef STANCHION_PAYMENT_HTTP_H
#define STANCHION_PAYMENT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define PAYMENT_URL_BYTES_MAX 512
#define PAYMENT_KEY_BYTES_MAX 128 /* bearer key */
#define IDEMPOTENCY_KEY_BYTES_MAX 200

/* "confirm:<intent>:<digest of the card>": the same card is the same attempt, another one is a new
 * attempt. The digest is keyed with the bearer key, so that a log of keys tells no card. false =
 * does not fit. */
bool payment_confirm_key(const char *bearer_key, const char *intent, const char *card, char *out,
                         size_t out_bytes_max);

#endif
