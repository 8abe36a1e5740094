/* The accounts of organizers, and the log of what they did. Passwords that are made up here are
 * shown once, in the answer, and must be changed at the first sign-in. */
#include "server/gateway/organizer/desks.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"

#define MADE_UP_CHARS 20 /* 120 bits */

/* The account of the ledger's answer is the answer itself here. */
static json_t *flattened(const json_t *answer, const char *password)
{
    json_t *body = json_copy(json_object_get(answer, "account"));
    if (password != NULL)
        json_object_set_new(body, "password", json_string(password));
    return body;
}

/* A request that the ledger answers with an account. */
struct account_ask {
    struct gateway *gateway;
    struct http_wait *wait;
    const char *verb;
    json_t *args;
    unsigned status;
    char who[ORGANIZER_NAME_BYTES_MAX + 1];
    char password[MADE_UP_CHARS + 1]; /* "" = none was made up */
};

static void on_account(void *ctx, const json_t *answer)
{
    struct account_ask *ask = ctx;
    if (json_is_true(json_object_get(answer, "ok"))) {
        organizer_answer_later(ask->wait, ask->status,
                               flattened(answer, ask->password[0] != '\0' ? ask->password : NULL),
                               NULL, 0);
    } else {
        organizer_answer_office(ask->wait, answer, ask->status);
    }
    sodium_memzero(ask, sizeof *ask);
    free(ask);
}

static void refuse_busy(struct account_ask *ask)
{
    organizer_refuse_later(ask->wait, 503, "busy",
                           "Please try again in a moment. Nothing was changed.");
    sodium_memzero(ask, sizeof *ask);
    free(ask);
}

static void send_ask(struct account_ask *ask)
{
    json_t *args = ask->args;
    ask->args = NULL;
    if (!organizer_ask_for(ask->gateway, ask->who, ask->verb, args, on_account, ask))
        refuse_busy(ask);
}

static void on_hashed(void *ctx, enum hash_result result, const char *hash)
{
    struct account_ask *ask = ctx;
    if (result != HASH_DONE) {
        json_decref(ask->args);
        refuse_busy(ask);
        return;
    }
    json_object_set_new(ask->args, "hash", json_string(hash));
    send_ask(ask);
}

static struct account_ask *account_ask_create(struct organizer_call *call, const char *verb,
                                              json_t *args, unsigned status)
{
    struct account_ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL && args != NULL);
    *ask = (struct account_ask){
        .gateway = call->gateway, .verb = verb, .args = args, .status = status};
    memcpy(ask->who, call->who.name, sizeof ask->who);
    ask->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    return ask;
}

/* Makes a password up and sends its hash along. */
static int ask_with_password(struct organizer_call *call, const char *verb, json_t *args,
                             unsigned status)
{
    struct account_ask *ask = account_ask_create(call, verb, args, status);
    token_random(ask->password, MADE_UP_CHARS);
    json_object_set_new(args, "must_change", json_true());
    if (!hash_pool_hash(call->gateway->accounts.pool, ask->password, on_hashed, ask)) {
        json_decref(ask->args);
        refuse_busy(ask);
    }
    return 0;
}

int organizer_accounts(struct organizer_call *call)
{
    return organizer_ask(call, "account.list", json_object(), 200);
}

int organizer_account_create(struct organizer_call *call)
{
    const json_t *name = json_object_get(call->body, "name"),
                 *role = json_object_get(call->body, "role");
    if (!json_is_string(name) || !json_is_string(role)) {
        return organizer_refuse(call, 400, "bad_message",
                                "The body must be {\"name\":\"...\",\"role\":\"...\"}.");
    }
    return ask_with_password(call, "account.create",
                             json_pack("{sO sO}", "name", name, "role", role), 201);
}

int organizer_account_change(struct organizer_call *call)
{
    json_t *args = json_pack("{ss}", "name", call->subject), *value;
    const char *name;
    assert(args != NULL);
    json_object_foreach(call->body, name, value)
        if (strcmp(name, "role") == 0 || strcmp(name, "is_disabled") == 0)
            json_object_set(args, name, value);
    if (json_object_size(args) == 1) {
        json_decref(args);
        return organizer_refuse(call, 400, "bad_message",
                                "The body must have a \"role\" or \"is_disabled\".");
    }
    send_ask(account_ask_create(call, "account.change", args, 200));
    return 0;
}

int organizer_account_reset(struct organizer_call *call)
{
    return ask_with_password(call, "account.reset", json_pack("{ss}", "name", call->subject), 200);
}

int organizer_account_sign_out(struct organizer_call *call)
{
    send_ask(account_ask_create(call, "account.sign_out", json_pack("{ss}", "name", call->subject),
                                200));
    return 0;
}

/* --- the log --- */

int organizer_log(struct organizer_call *call)
{
    char event[EVENT_ID_BYTES_MAX + 1];
    organizer_query(call, "event", event, sizeof event);
    json_t *args =
        json_pack("{sI sI ss*}", "before", (json_int_t)organizer_query_number(call, "before"),
                  "limit", (json_int_t)organizer_query_number(call, "limit"), "event",
                  event[0] != '\0' ? event : NULL);
    return organizer_ask(call, "log.page", args, 200);
}

int organizer_log_undo(struct organizer_call *call)
{
    return organizer_ask(call, "log.undo",
                         json_pack("{sI}", "nr", (json_int_t)strtoll(call->subject, NULL, 10)),
                         200);
}
