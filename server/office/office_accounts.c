/* Accounts of organizers. Passwords are kept as argon2id hashes; a check costs about 50 ms and 16
 * MiB, so checks are limited for everyone together: guessing is slow, and the ledger keeps its time
 * for orders. */
#include "server/office/office.h"

#include <sodium.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"

#define NAME_BYTES_MAX 64
#define PASSWORD_BYTES_MIN 8
#define PASSWORD_BYTES_MAX 256
#define HASH_OPS 2
#define HASH_MEMORY_BYTES (16u << 20)

static bool may_check(struct office *office)
{
    int64_t second = clock_monotonic_ms() / 1000;
    if (second != office->checks_second) {
        office->checks_second = second;
        office->checks_count = 0;
    }
    return ++office->checks_count <= OFFICE_CHECKS_PER_S;
}

void office_account_check(struct office *office, const struct office_request *request,
                          struct office_answer *answer)
{
    json_t *account = NULL;
    const char *name = office_text(request, answer, "name", NAME_BYTES_MAX);
    const char *password =
        name != NULL ? office_text(request, answer, "password", PASSWORD_BYTES_MAX) : NULL;
    if (password == NULL)
        return;
    if (!may_check(office)) {
        office_fail(answer, "too_fast", "Too many attempts to sign in; try again in a second.");
        return;
    }
    enum ledger_status status = ledger_account_get(office->batch->store, name, &account);
    if (status != LEDGER_OK && status != LEDGER_NOT_FOUND) {
        (void)office_took(office, answer, status);
        return;
    }
    const char *hash = json_string_value(json_object_get(account, "hash"));
    if (hash == NULL || crypto_pwhash_str_verify(hash, password, strlen(password)) != 0)
        office_fail(answer, "wrong_password", "Name or password is wrong.");
    else
        (void)json_object_set(answer->body, "role", json_object_get(account, "role"));
    json_decref(account);
}

static bool write_account(struct office *office, struct office_answer *answer, const char *name,
                          const char *hash, const char *role)
{
    struct ledger_store *store = office->batch->store;
    if (!office_took(office, answer, ledger_begin(store)))
        return false;
    enum ledger_status status = ledger_account_set(store, name, hash, role, clock_wall_ms());
    if (status == LEDGER_OK)
        return office_took(office, answer, ledger_commit(store));
    (void)ledger_rollback(store);
    return office_took(office, answer, status);
}

void office_account_set(struct office *office, const struct office_request *request,
                        struct office_answer *answer)
{
    char hash[crypto_pwhash_STRBYTES];
    const char *name = office_text(request, answer, "name", NAME_BYTES_MAX);
    const char *password =
        name != NULL ? office_text(request, answer, "password", PASSWORD_BYTES_MAX) : NULL;
    const char *role = json_string_value(json_object_get(request->args, "role"));
    if (password == NULL)
        return;
    if (role == NULL)
        role = "organizer";
    if (strcmp(role, "organizer") != 0)
        office_fail(answer, "bad_request", "There is one role: organizer.");
    else if (strlen(password) < PASSWORD_BYTES_MIN)
        office_fail(answer, "bad_request", "A password has at least %d characters.",
                    PASSWORD_BYTES_MIN);
    else if (crypto_pwhash_str_alg(hash, password, strlen(password), HASH_OPS, HASH_MEMORY_BYTES,
                                   crypto_pwhash_ALG_ARGON2ID13) != 0)
        office_fail(answer, "busy", "There is not enough memory to hash a password.");
    else if (write_account(office, answer, name, hash, role))
        log_info("account %s: password set", name);
}

void office_account_list(struct office *office, const struct office_request *request,
                         struct office_answer *answer)
{
    json_t *accounts = NULL;
    (void)request;
    if (office_took(office, answer, ledger_accounts(office->batch->store, &accounts)))
        (void)json_object_set_new(answer->body, "accounts", accounts);
}
