/* Ticket types of a draft's categories, given anew. Pure: a PLAN (docs/protocol.md)
 * in, a PLAN out. */
#ifndef STANCHION_PLAN_TYPES_H
#define STANCHION_PLAN_TYPES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* `types` is {category: [{"name","price_minor"},...]}; an empty list takes the types away and
 * leaves the price. Changes `plan`; whether the types are good is plan_from_json's to say. false:
 * `why` says what `types` is not. */
bool plan_types_apply(json_t *plan, const json_t *types, char *why, size_t why_bytes_max);

#endif
