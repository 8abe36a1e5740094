/* JSON of the sandbox provider. All return malloc'ed text. */
#ifndef STANCHION_SANDBOX_PROVIDER_JSON_H
#define STANCHION_SANDBOX_PROVIDER_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include "server/sandbox/store.h"

const char *intent_status_name(enum intent_status status);
/* INTENT_STATUS_COUNT = no such status. */
enum intent_status intent_status_of(const char *name);

char *intent_json(const struct intent *intent);
char *page_json(const struct intent *intents, size_t count, bool has_more);
/* intent may be NULL. */
char *error_json(const char *code, const char *message, const struct intent *intent);
char *event_json(const char *event_id, const char *type, const struct intent *intent);

#endif
