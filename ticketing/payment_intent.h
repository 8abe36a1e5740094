/* How an intent looks in JSON (docs/protocol.md section 7), for answers and webhooks alike. */
#ifndef STANCHION_PAYMENT_INTENT_H
#define STANCHION_PAYMENT_INTENT_H

#include <jansson.h>
#include <stdbool.h>
#include "ticketing/payment.h"

/* Strict: every field present, of the right type, in range and of harmless characters. *out is set
 * only when it returns true. */
bool payment_intent_read(const json_t *object, struct payment_intent *out);

#endif
