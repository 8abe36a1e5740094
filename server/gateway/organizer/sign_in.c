/* Organizers sign in and out, and choose passwords:
 *
 *   sign in:  counted -> ledger: hash of the name -> hash_pool: check -> cookie; noted in the log
 *   password: the same check of the old one -> hash_pool: hash -> ledger: the new one -> cookie
 *
 * A name that is not known takes the same way and the same time as one that is. */
#include "server/gateway/organizer/desks.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/client_address.h"
#include "server/gateway/rate_limit.h"
#include "server/gateway/wire/http.h"

#define PASSWORD_BYTES_MIN 12
#define MINUTE_S 60
#define FULL_RETRY_S 3

/* Lives until the answer. */
struct signing {
    struct gateway *gateway;
    struct http_wait *wait;
    struct organizer_session session; /* that begins; of a change: the one that asks */
    bool is_change, is_disabled;
    char password[ACCOUNT_PASSWORD_BYTES_MAX + 1]; /* to be checked */
    char chosen[ACCOUNT_PASSWORD_BYTES_MAX + 1];   /* of a change */
    char address[CLIENT_ADDRESS_BYTES];
};

/* --- answers --- */

static void end(struct signing *signing)
{
    signing->gateway->accounts.signing_count--;
    sodium_memzero(signing, sizeof *signing);
    free(signing);
}

static void refuse(struct signing *signing, unsigned status, const char *code, const char *message,
                   int retry_s)
{
    signing->gateway->accounts.sign_ins_refused++;
    organizer_answer_later(signing->wait, status,
                           json_pack("{ss ss}", "error", code, "message", message), NULL, retry_s);
    end(signing);
}

static void refuse_busy(struct signing *signing)
{
    refuse(signing, 503, "busy", "Please try again in a moment. Nothing was changed.", 2);
}

static void refuse_full(struct signing *signing)
{
    refuse(signing, 503, "full", "Very many people are signing in right now. Please try again.",
           FULL_RETRY_S);
}

static json_t *session_json(const struct organizer_session *session)
{
    json_t *rights = json_array();
    for (int right = 0; right < RIGHT_COUNT; right++)
        if (role_has(session->role, (enum right)right))
            json_array_append_new(rights, json_string(right_word((enum right)right)));
    return json_pack("{ss ss sb sI so}", "name", session->name, "role", role_word(session->role),
                     "must_change", session->must_change, "ends_ms", (json_int_t)session->ends_ms,
                     "rights", rights);
}

static void on_noted(void *ctx, const json_t *answer)
{
    (void)ctx;
    if (!json_is_true(json_object_get(answer, "ok")))
        log_warning("a sign-in is not in the log of actions");
}

static void note(struct gateway *gateway, const char *name, const char *what, const char *from)
{
    json_t *args = json_pack("{ss ss ss}", "name", name, "what", what, "from", from);
    if (args != NULL)
        (void)organizer_ask_for(gateway, name, "account.noted", args, on_noted, NULL);
}

static struct rate_rule name_rule(const struct signing *signing)
{
    return (struct rate_rule){"organizer", signing->session.name, MINUTE_S,
                              signing->gateway->options->account_email_tries};
}

/* A session begins. */
static void welcome(struct signing *signing)
{
    struct gateway *gateway = signing->gateway;
    struct organizer_session *session = &signing->session;
    char cookie[TOKEN_BYTES_MAX + 128];
    session->ends_ms = clock_wall_ms() + INT64_C(1000) * ORGANIZER_SESSION_S;
    randombytes_buf(&session->id, sizeof session->id);
    organizer_guard_cookie(gateway, session, cookie, sizeof cookie);
    organizer_answer_later(signing->wait, 200, session_json(session), cookie, 0);
    end(signing);
}

/* --- a new password --- */

static void on_changed(void *ctx, const json_t *answer)
{
    struct signing *signing = ctx;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        refuse(signing, 503, "ledger_down",
               "The ledger does not answer. Sign in again to see whether the password was changed.",
               2);
        return;
    }
    signing->session.generation = json_integer_value(json_object_get(answer, "generation"));
    signing->session.must_change = false;
    welcome(signing);
}

static void on_hashed(void *ctx, enum hash_result result, const char *hash)
{
    struct signing *signing = ctx;
    json_t *args = result == HASH_DONE
                       ? json_pack("{ss ss}", "name", signing->session.name, "hash", hash)
                       : NULL;
    if (args == NULL || !organizer_ask_for(signing->gateway, signing->session.name,
                                           "account.password", args, on_changed, signing))
        refuse_busy(signing);
}

/* --- the check --- */

/* Whoever tries again after the answer begins anew: so it waits until the tries are forgotten. */
static void let_in(void *ctx)
{
    struct signing *signing = ctx;
    struct gateway *gateway = signing->gateway;
    if (gateway->accounts.pool == NULL) {
        refuse_busy(signing); /* the gateway ends */
    } else if (!signing->is_change) {
        note(gateway, signing->session.name, "account.sign_in", signing->address);
        gateway->accounts.sign_ins++;
        welcome(signing);
    } else if (!hash_pool_hash(gateway->accounts.pool, signing->chosen, on_hashed, signing)) {
        refuse_full(signing);
    }
}

static void on_checked(void *ctx, enum hash_result result, const char *hash)
{
    struct signing *signing = ctx;
    struct gateway *gateway = signing->gateway;
    (void)hash;
    if (result == HASH_STOPPED || result == HASH_FAILED) {
        refuse_busy(signing);
        return;
    }
    if (result == HASH_WRONG || signing->is_disabled) {
        note(gateway, signing->session.name, "account.sign_in_failed", signing->address);
        refuse(signing, 401, "wrong_password", "The name or the password is wrong.", 0);
        return;
    }
    struct rate_rule rule = name_rule(signing);
    if (!rate_limit_forget(gateway, &rule, let_in, signing))
        let_in(signing);
}

static void on_account(void *ctx, const json_t *answer)
{
    struct signing *signing = ctx;
    struct organizer_session *session = &signing->session;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        refuse(signing, 503, "ledger_down", "Please try again in a moment. Nothing was changed.",
               2);
        return;
    }
    const char *hash = json_string_value(json_object_get(answer, "hash"));
    if (!role_parse(json_string_value(json_object_get(answer, "role")), &session->role))
        hash = NULL; /* there is no such account */
    session->generation = json_integer_value(json_object_get(answer, "generation"));
    session->must_change = json_is_true(json_object_get(answer, "must_change"));
    signing->is_disabled = json_is_true(json_object_get(answer, "is_disabled"));
    if (!hash_pool_check(signing->gateway->accounts.pool, hash, signing->password, on_checked,
                         signing))
        refuse_full(signing);
}

static void on_counted(void *ctx, enum rate_verdict verdict, int retry_s)
{
    struct signing *signing = ctx;
    if (verdict == RATE_TOO_FAST) {
        refuse(signing, 429, "too_fast", "Too many tries. Please wait a moment.", retry_s);
        return;
    }
    json_t *args = json_pack("{ss}", "name", signing->session.name);
    if (verdict == RATE_UNKNOWN) {
        json_decref(args);
        args = NULL;
    }
    if (!organizer_ask_for(signing->gateway, signing->session.name, "account.get", args, on_account,
                           signing))
        refuse_busy(signing);
}

static void count_try(struct signing *signing)
{
    const struct gateway_options *options = signing->gateway->options;
    struct rate_rule rules[2] = {{"organizers", signing->address, MINUTE_S, options->account_tries},
                                 name_rule(signing)};
    if (!hash_pool_has_room(signing->gateway->accounts.pool))
        refuse_full(signing);
    else if (!rate_limit_count(signing->gateway, rules, 2, on_counted, signing))
        refuse_busy(signing);
}

/* --- requests --- */

/* A text of the body, copied; false when it is missing or has too many bytes. */
static bool take_text(const struct organizer_call *call, const char *name, char *out,
                      size_t bytes_max)
{
    const json_t *value = json_object_get(call->body, name);
    size_t bytes = json_string_length(value);
    if (!json_is_string(value) || bytes == 0 || bytes > bytes_max)
        return false;
    memcpy(out, json_string_value(value), bytes + 1);
    return true;
}

static struct signing *signing_create(struct organizer_call *call)
{
    struct signing *signing = calloc(1, sizeof *signing);
    assert(signing != NULL);
    signing->gateway = call->gateway;
    signing->gateway->accounts.signing_count++;
    http_client_address(call->gateway, call->wsi, signing->address);
    return signing;
}

int organizer_sign_in(struct organizer_call *call)
{
    struct signing *signing = signing_create(call);
    struct organizer_session *session = &signing->session;
    if (json_object_get(call->body, "name") == NULL)
        (void)snprintf(session->name, sizeof session->name, "organizer");
    if ((session->name[0] == '\0' &&
         !take_text(call, "name", session->name, ORGANIZER_NAME_BYTES_MAX)) ||
        !take_text(call, "password", signing->password, ACCOUNT_PASSWORD_BYTES_MAX)) {
        end(signing);
        return organizer_refuse(call, 400, "bad_message",
                                "The body must be {\"name\":\"...\",\"password\":\"...\"}.");
    }
    signing->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    count_try(signing);
    return 0;
}

/* What is wrong with a password that somebody chose; NULL = nothing. */
static const char *objection(const struct signing *signing)
{
    if (strlen(signing->chosen) < PASSWORD_BYTES_MIN)
        return "A password has 12 to 256 bytes.";
    if (strcmp(signing->chosen, signing->password) == 0)
        return "Choose another password than before.";
    return strcmp(signing->chosen, signing->session.name) == 0
               ? "Choose a password that is not your name."
               : NULL;
}

int organizer_password(struct organizer_call *call)
{
    struct signing *signing = signing_create(call);
    signing->is_change = true;
    signing->session = call->who;
    if (!take_text(call, "old", signing->password, ACCOUNT_PASSWORD_BYTES_MAX)) {
        end(signing);
        return organizer_refuse(call, 400, "bad_message",
                                "The body must be {\"old\":\"...\",\"new\":\"...\"}.");
    }
    (void)take_text(call, "new", signing->chosen, ACCOUNT_PASSWORD_BYTES_MAX);
    const char *wrong = objection(signing);
    if (wrong != NULL) {
        end(signing);
        return organizer_refuse(call, 400, "bad_password", wrong);
    }
    signing->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    count_try(signing);
    return 0;
}

int organizer_session_show(struct organizer_call *call)
{
    return organizer_json(call, 200, session_json(&call->who));
}

static int answer_gone(struct organizer_call *call)
{
    char cookie[TOKEN_BYTES_MAX + 128];
    organizer_guard_cookie(call->gateway, NULL, cookie, sizeof cookie);
    struct http_response response = {.status = 204, .set_cookie = cookie};
    return http_respond(call->wsi, call->connection, &response);
}

int organizer_sign_out(struct organizer_call *call)
{
    if (organizer_guard_read(call->gateway, call->wsi, &call->who) == GUARD_OK) {
        organizer_guard_end(call->gateway, &call->who);
        note(call->gateway, call->who.name, "account.sign_out", "");
    }
    return answer_gone(call);
}

/* --- everywhere --- */

struct leaving {
    struct gateway *gateway;
    struct http_wait *wait;
};

static void on_left(void *ctx, const json_t *answer)
{
    struct leaving *leaving = ctx;
    char cookie[TOKEN_BYTES_MAX + 128];
    if (!json_is_true(json_object_get(answer, "ok"))) {
        organizer_answer_office(leaving->wait, answer, 204);
    } else {
        organizer_guard_cookie(leaving->gateway, NULL, cookie, sizeof cookie);
        struct http_response response = {.status = 204, .set_cookie = cookie};
        http_wait_answer(leaving->wait, &response);
    }
    free(leaving);
}

int organizer_sign_out_everywhere(struct organizer_call *call)
{
    struct leaving *leaving = calloc(1, sizeof *leaving);
    assert(leaving != NULL);
    leaving->gateway = call->gateway;
    leaving->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    if (!organizer_ask_for(call->gateway, call->who.name, "account.sign_out",
                           json_pack("{ss}", "name", call->who.name), on_left, leaving))
        on_left(leaving, NULL);
    return 0;
}
