/* Accounts of visitors. The ledger keeps and gives out hashes; passwords stay in the gateways,
 * which hash and check them in threads of their own, because a check takes as long as a hundred
 * orders. */
#include "server/office/office.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "server/base/account_id.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/office_notes.h"
#include "server/office/office_redis.h"

#define SESSION_DIGITS 16
#define SIGNED_OUT_PAGE 1000

/* The argument `email`, which must be canonical already; NULL with the answer failed. */
static const char *email_of(const struct office_request *request, struct office_answer *answer)
{
    char canonical[EMAIL_BYTES_MAX + 1];
    const char *email = office_text(request, answer, "email", EMAIL_BYTES_MAX);
    if (email == NULL)
        return NULL;
    if (email_canonical(email, canonical) && strcmp(canonical, email) == 0)
        return email;
    office_fail(answer, "bad_request", "\"email\" is not an address in its canonical form.");
    return NULL;
}

/* An address that is not known is no error: the answer just has no hash. */
void office_visitor_get(struct office *office, const struct office_request *request,
                        struct office_answer *answer)
{
    json_t *account = NULL;
    const char *email = email_of(request, answer);
    if (email == NULL)
        return;
    enum ledger_status status = ledger_visitor_get(office->batch->store, email, &account);
    if (status == LEDGER_NOT_FOUND)
        return;
    if (office_took(office, answer, status))
        (void)json_object_update(answer->body, account);
    json_decref(account);
}

void office_visitor_add(struct office *office, const struct office_request *request,
                        struct office_answer *answer)
{
    struct ledger_store *store = office->batch->store;
    const char *email = email_of(request, answer);
    const char *hash = email != NULL ? office_hash(request, answer) : NULL;
    if (hash == NULL || !office_took(office, answer, ledger_begin(store)))
        return;
    (void)office_conclude(office, answer, ledger_visitor_add(store, email, hash, clock_wall_ms()));
}

void office_visitor_password(struct office *office, const struct office_request *request,
                             struct office_answer *answer)
{
    struct ledger_store *store = office->batch->store;
    const char *email = email_of(request, answer);
    const char *hash = email != NULL ? office_hash(request, answer) : NULL;
    if (hash == NULL || !office_took(office, answer, ledger_begin(store)))
        return;
    enum ledger_status status = ledger_visitor_password(store, email, hash);
    if (status == LEDGER_NOT_FOUND) {
        (void)ledger_rollback(store);
        office_fail(answer, "not_found", "There is no account with the e-mail address %s.", email);
        return;
    }
    if (status == LEDGER_OK)
        status = office_note(office, request, answer, &(struct office_note){.text = email});
    (void)office_conclude(office, answer, status);
}

/* --- sessions that were signed out --- */

static void add_signed_out(struct redis_pipe *redis, const char *session, int64_t ends_ms)
{
    char score[24];
    int bytes = snprintf(score, sizeof score, "%" PRId64, ends_ms);
    assert(bytes > 0 && (size_t)bytes < sizeof score);
    redis_pipe_add(redis, "ZADD", "account:gone", score, session, NULL);
}

/* The gateway has told everybody already; this makes it survive a loss of Redis. */
void office_visitor_sign_out(struct office *office, const struct office_request *request,
                             struct office_answer *answer)
{
    struct ledger_store *store = office->batch->store;
    const char *session = office_text(request, answer, "session", SESSION_DIGITS);
    const json_t *ends = json_object_get(request->args, "ends_ms");
    if (session == NULL)
        return;
    if (strspn(session, "0123456789abcdef") != SESSION_DIGITS || !json_is_integer(ends)) {
        office_fail(answer, "bad_request", "\"session\" is 16 digits, \"ends_ms\" a number.");
        return;
    }
    int64_t ends_ms = json_integer_value(ends), now_ms = clock_wall_ms();
    if (ends_ms <= now_ms || !office_took(office, answer, ledger_begin(store)))
        return;
    if (office_conclude(office, answer, ledger_signed_out_add(store, session, ends_ms, now_ms)))
        add_signed_out(office->batch->redis, session, ends_ms);
}

enum batch_status office_publish_signed_out(struct ledger_store *store, struct redis_pipe *redis)
{
    char after[SESSION_DIGITS + 1] = "";
    size_t count = SIGNED_OUT_PAGE;
    while (count == SIGNED_OUT_PAGE) {
        json_t *page = NULL, *pair;
        enum ledger_status status =
            ledger_signed_out(store, after, clock_wall_ms(), SIGNED_OUT_PAGE, &page);
        if (status != LEDGER_OK) {
            log_error("reading the sessions that were signed out: %s: %s",
                      ledger_status_word(status), ledger_problem(store));
            return BATCH_STORE_FAILED;
        }
        size_t i;
        json_array_foreach(page, i, pair) {
            const char *session = json_string_value(json_array_get(pair, 0));
            add_signed_out(redis, session, json_integer_value(json_array_get(pair, 1)));
            (void)snprintf(after, sizeof after, "%s", session);
        }
        count = json_array_size(page);
        json_decref(page);
        if (!redis_pipe_flush(redis))
            return BATCH_REDIS_LOST;
    }
    return BATCH_OK;
}
