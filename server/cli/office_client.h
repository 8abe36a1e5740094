/* The command line's way to the ledger: one request over Redis, one answer, a deadline
 * (docs/office.md). */
#ifndef STANCHION_OFFICE_CLIENT_H
#define STANCHION_OFFICE_CLIENT_H

#include <jansson.h>
#include <stdint.h>

#include "server/config/config.h"

#define OFFICE_WAIT_MS 5000
#define OFFICE_LOAD_WAIT_MS 60000
#define AUDIT_WAIT_MS 400000 /* all rows of the ledger, all payments of the provider */
#define RETURN_WAIT_MS 40000 /* two calls of the provider */

struct office_client;

/* Connects to the Redis of the installation. NULL: one line on stderr has said why. */
struct office_client *office_client_create(const struct config *config);
void office_client_free(struct office_client *client);

/* Asks and waits. `args` stays the caller's (NULL = no arguments). Returns the answer, which the
 * caller releases with json_decref; NULL when there was none in time or it was a refusal: one line
 * on stderr has said so. A request that was not answered in time is withdrawn if nobody has taken
 * it yet; the line says whether it was. */
json_t *office_ask(struct office_client *client, const char *verb, json_t *args, uint32_t wait_ms);

/* Connects, asks for OFFICE_WAIT_MS at the most, and hangs up. `args` is released. */
json_t *office_ask_once(const struct config *config, const char *verb, json_t *args);

/* One line of JSON on stdout, at once. */
void office_print_line(const json_t *object);

#endif
