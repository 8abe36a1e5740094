/* Accounts of organizers (docs/organizer.md). Passwords stay in the gateways and on the command
 * line, which hash and check them; the ledger keeps hashes and says who may come in. What gateways
 * must know at each request is in the Redis hash `organizers`, followed by the channel of that
 * name: a session counts only while it names its account's generation. */
#include "server/office/office.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/rights.h"
#include "server/office/office_notes.h"
#include "server/office/office_redis.h"
#include "ticketing/ledger_accounts.h"

#define ORGANIZERS_KEY "organizers" /* the hash, and the channel */
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-_."

/* --- shapes --- */

static json_t *account_json(const struct ledger_account *account)
{
    return json_pack("{ss ss sb sb sI}", "name", account->name, "role", account->role,
                     "is_disabled", account->is_disabled, "must_change", account->must_change,
                     "changed_ms", (json_int_t)account->changed_ms);
}

static void publish(struct redis_pipe *redis, const struct ledger_account *account)
{
    char text[128];
    int bytes = snprintf(text, sizeof text, "%" PRId64 " %s %d %d", account->generation,
                         account->role, account->must_change, account->is_disabled);
    assert(bytes > 0 && (size_t)bytes < sizeof text);
    redis_pipe_add(redis, "HSET", ORGANIZERS_KEY, account->name, text, NULL);
}

static void publish_each(void *ctx, const struct ledger_account *account)
{
    publish(ctx, account);
}

enum batch_status office_publish_organizers(struct ledger_store *store, struct redis_pipe *redis)
{
    redis_pipe_add(redis, "DEL", ORGANIZERS_KEY, NULL);
    enum ledger_status status = ledger_accounts_each(store, publish_each, redis);
    redis_pipe_add(redis, "PUBLISH", ORGANIZERS_KEY, "*", NULL);
    if (status != LEDGER_OK) {
        log_error("reading the accounts: %s: %s", ledger_status_word(status),
                  ledger_problem(store));
        return BATCH_STORE_FAILED;
    }
    return redis_pipe_flush(redis) ? BATCH_OK : BATCH_REDIS_LOST;
}

/* The argument `name`, or NULL with the answer failed. */
static const char *name_of(const struct office_request *request, struct office_answer *answer)
{
    const char *name = office_text(request, answer, "name", ORGANIZER_NAME_BYTES_MAX);
    if (name == NULL || strspn(name, NAME_CHARS) == strlen(name))
        return name;
    office_fail_why(answer, "bad_request", "why.account_name",
                    "A name has 1 to %d small letters, digits, \"-\", \"_\" or \".\".",
                    ORGANIZER_NAME_BYTES_MAX);
    return NULL;
}

/* The account of the argument `name`; false with the answer failed. */
static bool find(struct office *office, const struct office_request *request,
                 struct office_answer *answer, struct ledger_account *out)
{
    const char *name = name_of(request, answer);
    if (name == NULL)
        return false;
    enum ledger_status status = ledger_account_get(office->batch->store, name, out);
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "not_found", "There is no account called \"%s\".", name);
    else
        (void)office_took(office, answer, status);
    return answer->error == NULL;
}

/* --- changing --- */

/* A role that is wanted, into the account; false with the answer failed. */
static bool take_role(const struct office_request *request, struct office_answer *answer,
                      struct ledger_account *account)
{
    enum role role;
    const json_t *wanted = json_object_get(request->args, "role");
    if (wanted == NULL)
        return true;
    if (!role_parse(json_string_value(wanted), &role)) {
        office_fail(answer, "bad_request", "A role is owner, operator or door.");
        return false;
    }
    (void)snprintf(account->role, sizeof account->role, "%s", role_word(role));
    return true;
}

/* Somebody must be left who can open the door to others again. */
static bool leaves_an_owner(struct office *office, struct office_answer *answer,
                            const struct ledger_account *account)
{
    int64_t others = 0;
    if (strcmp(account->role, role_word(ROLE_OWNER)) == 0 && !account->is_disabled)
        return true;
    if (!office_took(office, answer,
                     ledger_account_owners(office->batch->store, account->name, &others)))
        return false;
    if (others == 0)
        office_fail(answer, "last_owner",
                    "\"%s\" is the only owner: make somebody else an owner first.", account->name);
    return others > 0;
}

/* Writes account and note, and tells the gateways; `before` NULL = it is new. All sessions of the
 * account end. */
static void write_account(struct office *office, const struct office_request *request,
                          struct office_answer *answer, struct ledger_account *account,
                          const struct ledger_account *before)
{
    struct ledger_store *store = office->batch->store;
    account->changed_ms = clock_wall_ms();
    account->generation = before != NULL && before->generation >= account->changed_ms
                              ? before->generation + 1
                              : account->changed_ms;
    json_t *is = account_json(account),
           *was = before != NULL ? account_json(before) : json_object();
    (void)json_object_del(is, "changed_ms");
    json_t *left = office_difference(was, is), *come = office_difference(is, was);
    (void)json_object_del(left, "changed_ms");
    struct office_note note = {
        .before = before != NULL ? left : NULL, .after = come, .text = account->name};
    if (office_took(office, answer, ledger_begin(store))) {
        enum ledger_status status = ledger_account_put(store, account);
        if (status == LEDGER_OK)
            status = office_note(office, request, answer, &note);
        if (office_conclude(office, answer, status)) {
            publish(office->batch->redis, account);
            redis_pipe_add(office->batch->redis, "PUBLISH", ORGANIZERS_KEY, account->name, NULL);
            log_info("account %s: %s", account->name, request->verb);
            json_t *shown = account_json(account);
            (void)json_object_set_new(answer->body, "generation",
                                      json_integer(account->generation));
            (void)json_object_set_new(answer->body, "account", shown);
        }
    }
    json_decref(is);
    json_decref(was);
    json_decref(left);
    json_decref(come);
}

void office_account_create(struct office *office, const struct office_request *request,
                           struct office_answer *answer)
{
    struct ledger_account account = {0}, known = {0};
    const char *name = name_of(request, answer);
    const char *hash = name != NULL ? office_hash(request, answer) : NULL;
    if (hash == NULL || !take_role(request, answer, &account))
        return;
    enum ledger_status status = ledger_account_get(office->batch->store, name, &known);
    if (account.role[0] == '\0')
        office_fail(answer, "bad_request", "\"role\" is missing: owner, operator or door.");
    else if (status == LEDGER_OK)
        office_fail(answer, "exists", "There is an account called \"%s\" already.", name);
    else if (status != LEDGER_NOT_FOUND)
        (void)office_took(office, answer, status);
    if (answer->error != NULL)
        return;
    (void)snprintf(account.name, sizeof account.name, "%s", name);
    (void)snprintf(account.hash, sizeof account.hash, "%s", hash);
    account.must_change = json_is_true(json_object_get(request->args, "must_change"));
    write_account(office, request, answer, &account, NULL);
}

void office_account_change(struct office *office, const struct office_request *request,
                           struct office_answer *answer)
{
    struct ledger_account account = {0}, before;
    const json_t *is_disabled = json_object_get(request->args, "is_disabled");
    if (!find(office, request, answer, &account))
        return;
    before = account;
    if (!take_role(request, answer, &account))
        return;
    if (is_disabled != NULL && !json_is_boolean(is_disabled)) {
        office_fail(answer, "bad_request", "\"is_disabled\" is true or false.");
        return;
    }
    if (is_disabled != NULL)
        account.is_disabled = json_is_true(is_disabled);
    if (leaves_an_owner(office, answer, &account))
        write_account(office, request, answer, &account, &before);
}

/* A new password by somebody else, or by the account itself. */
static void set_hash(struct office *office, const struct office_request *request,
                     struct office_answer *answer, bool must_change)
{
    struct ledger_account account = {0}, before;
    const char *hash = office_hash(request, answer);
    if (hash == NULL || !find(office, request, answer, &account))
        return;
    before = account;
    (void)snprintf(account.hash, sizeof account.hash, "%s", hash);
    account.must_change = must_change;
    write_account(office, request, answer, &account, &before);
}

void office_account_reset(struct office *office, const struct office_request *request,
                          struct office_answer *answer)
{
    const json_t *must_change = json_object_get(request->args, "must_change");
    set_hash(office, request, answer, must_change == NULL || json_is_true(must_change));
}

void office_account_password(struct office *office, const struct office_request *request,
                             struct office_answer *answer)
{
    set_hash(office, request, answer, false);
}

void office_account_sign_out(struct office *office, const struct office_request *request,
                             struct office_answer *answer)
{
    struct ledger_account account = {0}, before;
    if (!find(office, request, answer, &account))
        return;
    before = account;
    write_account(office, request, answer, &account, &before);
}

/* --- reading, and what gateways tell --- */

/* A name that is not known is no error: the answer just has no hash. */
void office_account_get(struct office *office, const struct office_request *request,
                        struct office_answer *answer)
{
    struct ledger_account account = {0};
    const char *name = office_text(request, answer, "name", ORGANIZER_NAME_BYTES_MAX);
    if (name == NULL)
        return;
    enum ledger_status status = ledger_account_get(office->batch->store, name, &account);
    if (status == LEDGER_NOT_FOUND || !office_took(office, answer, status))
        return;
    json_t *shown = account_json(&account);
    (void)json_object_update(answer->body, shown);
    (void)json_object_set_new(answer->body, "hash", json_string(account.hash));
    (void)json_object_set_new(answer->body, "generation", json_integer(account.generation));
    json_decref(shown);
}

static void add_account(void *ctx, const struct ledger_account *account)
{
    (void)json_array_append_new(ctx, account_json(account));
}

void office_account_list(struct office *office, const struct office_request *request,
                         struct office_answer *answer)
{
    json_t *accounts = json_array();
    (void)request;
    (void)office_took(office, answer,
                      ledger_accounts_each(office->batch->store, add_account, accounts));
    (void)json_object_set_new(answer->body, "accounts", accounts);
}

/* Somebody signed in or out, or could not: the gateway has decided, the log keeps it. */
void office_account_noted(struct office *office, const struct office_request *request,
                          struct office_answer *answer)
{
    static const char *const known[] = {"account.sign_in", "account.sign_in_failed",
                                        "account.sign_out"};
    const char *name = office_text(request, answer, "name", ORGANIZER_NAME_BYTES_MAX);
    const char *what = name != NULL ? office_text(request, answer, "what", 32) : NULL;
    size_t i = 0;
    while (what != NULL && i < sizeof known / sizeof known[0] && strcmp(known[i], what) != 0)
        i++;
    if (what == NULL || i == sizeof known / sizeof known[0]) {
        office_fail(answer, "bad_request", "That is not noted.");
        return;
    }
    struct ledger_account account = {0};
    enum ledger_status status = ledger_account_get(office->batch->store, name, &account);
    if (status == LEDGER_NOT_FOUND) /* strangers' guesses would fill the log */
        return;
    const char *from = json_string_value(json_object_get(request->args, "from"));
    const struct office_note note = {.verb = known[i], .who = name, .text = from};
    if (office_took(office, answer, status) &&
        office_took(office, answer, ledger_begin(office->batch->store)))
        (void)office_conclude(office, answer, office_note(office, request, answer, &note));
}
