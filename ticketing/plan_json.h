/* PLAN, the form in which a plan travels and is stored (docs/protocol.md section 6).
 *
 * Reading trusts nothing: every field is checked for its type and range, every index against what
 * it points at, every text for its length. Fields it does not know are ignored, as everywhere in
 * version 1.
 */
#ifndef STANCHION_PLAN_JSON_H
#define STANCHION_PLAN_JSON_H

#include <jansson.h>
#include "ticketing/plan.h"

#define PLAN_VERSION 1

/* The words of a shape's `kind`. */
extern const char *const plan_shape_kinds[PLAN_SHAPE_KIND_COUNT];

/* `types` of a category, an empty list when it has one price for everybody; the caller's. NULL
 * without memory. */
json_t *plan_types_to_json(const struct plan_category *category);
/* The plan as a new JSON value (the caller's to json_decref); NULL without memory. */
json_t *plan_to_json(const struct plan *plan);
/* The same as compact text, NUL-terminated; *bytes without the NUL. The caller frees it. NULL
 * without memory. */
char *plan_to_text(const struct plan *plan, size_t *bytes);

/* A sealed plan, the caller's to plan_free. PLAN_BROKEN: `why` says which field was expected to be
 * what, e.g. "sections[3].rows[0].seats[7]: category 9 does not exist". *out is set on PLAN_OK
 * only. */
enum plan_status plan_from_json(const json_t *root, struct plan **out, char *why,
                                size_t why_bytes_max);
enum plan_status plan_from_text(const char *text, size_t bytes, struct plan **out, char *why,
                                size_t why_bytes_max);

#endif
