/* Sends the letters of the ledger's queue over SMTP, one after the other (libcurl), without
 * blocking: each call of mailer_pump goes on with the one under way.
 *
 *   due --pump--> under way --taken by the server--> sent
 *                           --refused (5xx), or tried MAIL_ATTEMPTS_MAX times--> failed
 *                           --anything else--> due again, later each time
 *
 * What came of it is written by mailer_write in a transaction of the caller's. A ledger that dies
 * between the two sends the letter once more: it has the same Message-ID.
 */
#ifndef STANCHION_MAILER_H
#define STANCHION_MAILER_H

#include <stdbool.h>
#include <stdint.h>
#include "ticketing/ledger_store.h"

#define MAIL_ATTEMPTS_MAX 16 /* over some four hours */
#define MAIL_BACK_OFF_MS 1000
#define MAIL_BACK_OFF_MS_MAX 3600000
#define MAIL_CONNECT_MS_MAX 10000
#define MAIL_MS_MAX 60000 /* of one try */
#define MAIL_CREDENTIALS_BYTES_MAX 512

struct mailer_options {
    const char *url;         /* "smtp://host:25" or "smtps://host"; "" = no mail is sent */
    const char *from;        /* an address; "" = no mail is sent */
    const char *public_url;  /* where links lead; "" = no mail is sent */
    const char *credentials; /* a file: name and password, a line each; read for every letter, and
                                missing when nobody need sign in */
};

/* NULL when no mail is sent; all others take NULL. The texts must outlive it. */
struct mailer *mailer_create(struct ledger_store *store, const struct mailer_options *options);
void mailer_free(struct mailer *mailer);
enum ledger_status mailer_pump(struct mailer *mailer, int64_t now_ms);
bool mailer_is_busy(const struct mailer *mailer);
bool mailer_has_results(const struct mailer *mailer);
/* Within a transaction; mailer_written when it stands. */
enum ledger_status mailer_write(struct mailer *mailer, int64_t now_ms);
void mailer_written(struct mailer *mailer);

#endif
