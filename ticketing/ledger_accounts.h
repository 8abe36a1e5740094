/* Accounts of organizers in the ledger (docs/organizer.md). */
#ifndef STANCHION_LEDGER_ACCOUNTS_H
#define STANCHION_LEDGER_ACCOUNTS_H

#include <jansson.h>
#include "server/base/account_id.h"
#include "ticketing/ledger_store.h"

#define ORGANIZER_NAME_BYTES_MAX 32
#define ORGANIZER_ROLE_BYTES_MAX 15

struct ledger_account {
    char name[ORGANIZER_NAME_BYTES_MAX + 1];
    char role[ORGANIZER_ROLE_BYTES_MAX + 1];
    char hash[ACCOUNT_HASH_BYTES_MAX + 1]; /* argon2id */
    bool must_change;                      /* the password, before anything else */
    bool is_disabled;
    int64_t changed_ms;
    int64_t generation; /* that sessions must name; grows */
};

/* LEDGER_NOT_FOUND when there is none of that name. */
enum ledger_status ledger_account_get(struct ledger_store *s, const char *name,
                                      struct ledger_account *out);
/* Inserts or replaces it, within a transaction. */
enum ledger_status ledger_account_put(struct ledger_store *s, const struct ledger_account *account);
/* Owners that are not disabled, but for that name. */
enum ledger_status ledger_account_owners(struct ledger_store *s, const char *but_name,
                                         int64_t *count);
/* Calls on_account for each, by name. */
typedef void ledger_account_fn(void *ctx, const struct ledger_account *account);
enum ledger_status ledger_accounts_each(struct ledger_store *s, ledger_account_fn *on_account,
                                        void *ctx);

#endif
