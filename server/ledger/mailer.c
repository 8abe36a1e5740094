/* See the header. */
#include "server/ledger/mailer.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "server/base/mail_address.h"
#include "server/ledger/mail_text.h"
#include "ticketing/ledger_mails.h"

#define URL_BYTES_MAX (2048 + TICKET_LINK_BYTES_MAX)
#define REFUSED_FOR_GOOD 500 /* RFC 5321 section 4.2.1: from here on trying again is of no use */

enum mailer_state { MAILER_IDLE, MAILER_SENDING, MAILER_DONE, MAILER_WRITTEN };

struct mailer {
    struct ledger_store *store;
    struct mailer_options options;
    CURLM *multi;
    enum mailer_state state;
    struct ledger_mail mail;
    /* Of the try that is under way. */
    CURL *easy;
    struct curl_slist *recipients;
    char *text;
    size_t text_bytes, sent_bytes;
    char error[CURL_ERROR_SIZE];
    /* What came of it. */
    enum ledger_mail_state outcome;
    char reason[MAIL_REASON_BYTES];
};

struct mailer *mailer_create(struct ledger_store *store, const struct mailer_options *options)
{
    if (options->url == NULL || options->url[0] == '\0')
        return NULL;
    if (!mail_address_is_plain(options->from) || options->public_url[0] == '\0') {
        log_warning("no e-mail is sent: mail.url needs mail.from and public.url");
        return NULL;
    }
    struct mailer *mailer = calloc(1, sizeof *mailer);
    assert(mailer != NULL);
    mailer->store = store;
    mailer->options = *options;
    mailer->multi = curl_multi_init();
    assert(mailer->multi != NULL);
    return mailer;
}

static void drop_try(struct mailer *mailer)
{
    if (mailer->easy != NULL) {
        (void)curl_multi_remove_handle(mailer->multi, mailer->easy);
        curl_easy_cleanup(mailer->easy);
    }
    curl_slist_free_all(mailer->recipients);
    free(mailer->text);
    mailer->easy = NULL;
    mailer->recipients = NULL;
    mailer->text = NULL;
}

void mailer_free(struct mailer *mailer)
{
    if (mailer == NULL)
        return;
    drop_try(mailer);
    (void)curl_multi_cleanup(mailer->multi);
    free(mailer);
}

bool mailer_is_busy(const struct mailer *mailer)
{
    return mailer != NULL && mailer->state != MAILER_IDLE;
}

bool mailer_has_results(const struct mailer *mailer)
{
    return mailer != NULL && mailer->state == MAILER_DONE;
}

/* --- the end of a try --- */

/* What a server of somebody else says, as one line of ASCII. */
static void keep_reason(struct mailer *mailer, const char *reason)
{
    (void)snprintf(mailer->reason, sizeof mailer->reason, "%s", reason);
    for (char *at = mailer->reason; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

static void done(struct mailer *mailer, enum ledger_mail_state outcome, const char *reason)
{
    drop_try(mailer);
    if (outcome == LEDGER_MAIL_DUE && mailer->mail.attempts + 1 >= MAIL_ATTEMPTS_MAX)
        outcome = LEDGER_MAIL_FAILED;
    mailer->state = MAILER_DONE;
    mailer->outcome = outcome;
    keep_reason(mailer, reason);
    if (outcome == LEDGER_MAIL_SENT)
        log_info("letter %" PRId64 " of order %s was sent", mailer->mail.nr, mailer->mail.order);
    else
        log_warning("letter %" PRId64 " of order %s %s: %s", mailer->mail.nr, mailer->mail.order,
                    outcome == LEDGER_MAIL_FAILED ? "cannot be sent" : "was not sent yet",
                    mailer->reason);
}

static void collect(struct mailer *mailer)
{
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(mailer->multi, &left);
    if (message == NULL || message->msg != CURLMSG_DONE)
        return;
    CURLcode code = message->data.result;
    long said = 0;
    (void)curl_easy_getinfo(mailer->easy, CURLINFO_RESPONSE_CODE, &said);
    char reason[CURL_ERROR_SIZE];
    memcpy(reason, mailer->error, sizeof reason);
    /* That it does not let us in is for the organizer to mend, and worth trying again then. */
    bool is_for_good = said >= REFUSED_FOR_GOOD && code != CURLE_LOGIN_DENIED;
    if (code == CURLE_OK)
        done(mailer, LEDGER_MAIL_SENT, "");
    else
        done(mailer, is_for_good ? LEDGER_MAIL_FAILED : LEDGER_MAIL_DUE,
             reason[0] != '\0' ? reason : curl_easy_strerror(code));
}

/* --- its beginning --- */

static size_t on_read(char *out, size_t size, size_t count, void *ctx)
{
    struct mailer *mailer = ctx;
    size_t left = mailer->text_bytes - mailer->sent_bytes, bytes = size * count;
    if (bytes > left)
        bytes = left;
    memcpy(out, mailer->text + mailer->sent_bytes, bytes);
    mailer->sent_bytes += bytes;
    return bytes;
}

/* A line without its end; false when there is none, or it is too long. */
static bool read_line(FILE *file, char line[MAIL_CREDENTIALS_BYTES_MAX])
{
    if (fgets(line, MAIL_CREDENTIALS_BYTES_MAX, file) == NULL)
        return false;
    size_t bytes = strcspn(line, "\r\n");
    bool is_whole = line[bytes] != '\0' || feof(file);
    line[bytes] = '\0';
    return is_whole && bytes > 0;
}

/* false: there is a file, and it cannot be used. */
static bool sign_in(struct mailer *mailer)
{
    char name[MAIL_CREDENTIALS_BYTES_MAX] = "", password[MAIL_CREDENTIALS_BYTES_MAX] = "";
    FILE *file = fopen(mailer->options.credentials, "re");
    if (file == NULL)
        return errno == ENOENT;
    bool is_good = read_line(file, name) && read_line(file, password);
    (void)fclose(file);
    if (is_good) {
        (void)curl_easy_setopt(mailer->easy, CURLOPT_USERNAME, name);
        (void)curl_easy_setopt(mailer->easy, CURLOPT_PASSWORD, password);
        /* never over a line that others can read */
        (void)curl_easy_setopt(mailer->easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    }
    explicit_bzero(password, sizeof password);
    return is_good;
}

static void set_envelope(struct mailer *mailer)
{
    char from[EMAIL_BYTES_MAX + 3], to[EMAIL_BYTES_MAX + 3];
    (void)snprintf(from, sizeof from, "<%s>", mailer->options.from);
    (void)snprintf(to, sizeof to, "<%s>", mailer->mail.recipient);
    mailer->recipients = curl_slist_append(NULL, to);
    assert(mailer->recipients != NULL);
    (void)curl_easy_setopt(mailer->easy, CURLOPT_MAIL_FROM, from);
    (void)curl_easy_setopt(mailer->easy, CURLOPT_MAIL_RCPT, mailer->recipients);
}

static void set_options(struct mailer *mailer)
{
    CURL *easy = mailer->easy;
    (void)curl_easy_setopt(easy, CURLOPT_URL, mailer->options.url);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)MAIL_CONNECT_MS_MAX);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)MAIL_MS_MAX);
    (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    (void)curl_easy_setopt(easy, CURLOPT_READDATA, mailer);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, mailer->error);
}

/* What is to be sent; false when the event cannot be read. */
static enum ledger_status write_text(struct mailer *mailer, int64_t now_ms)
{
    char link[URL_BYTES_MAX];
    json_t *event = NULL;
    const struct ledger_mail *mail = &mailer->mail;
    size_t site_bytes = strlen(mailer->options.public_url);
    while (site_bytes > 0 && mailer->options.public_url[site_bytes - 1] == '/')
        site_bytes--;
    int bytes = snprintf(link, sizeof link, "%.*s%s", (int)site_bytes, mailer->options.public_url,
                         mail->link);
    assert(bytes > 0 && (size_t)bytes < sizeof link);
    enum ledger_status status = ledger_event_json(mailer->store, mail->event, &event);
    if (status == LEDGER_OK) {
        const char *name = json_string_value(json_object_get(event, "name"));
        mailer->text = mail_text(&(struct mail_letter){.from = mailer->options.from,
                                                       .to = mail->recipient,
                                                       .event = name != NULL ? name : mail->event,
                                                       .link = link,
                                                       .nr = mail->nr,
                                                       .serial = mail->serial,
                                                       .ends_ms = mail->ends_ms,
                                                       .now_ms = now_ms},
                                 &mailer->text_bytes);
    }
    mailer->sent_bytes = 0;
    json_decref(event);
    return status;
}

static enum ledger_status begin(struct mailer *mailer, int64_t now_ms)
{
    if (mailer->mail.ends_ms <= now_ms) {
        done(mailer, LEDGER_MAIL_FAILED, "the link in it has ended");
        return LEDGER_OK;
    }
    enum ledger_status status = write_text(mailer, now_ms);
    if (status != LEDGER_OK)
        return status;
    mailer->easy = curl_easy_init();
    assert(mailer->easy != NULL);
    mailer->error[0] = '\0';
    mailer->state = MAILER_SENDING;
    set_options(mailer);
    set_envelope(mailer);
    if (!sign_in(mailer))
        done(mailer, LEDGER_MAIL_DUE, "the file of credentials cannot be used");
    else
        (void)curl_multi_add_handle(mailer->multi, mailer->easy);
    return LEDGER_OK;
}

enum ledger_status mailer_pump(struct mailer *mailer, int64_t now_ms)
{
    int running = 0;
    if (mailer == NULL)
        return LEDGER_OK;
    if (mailer->state == MAILER_SENDING) {
        (void)curl_multi_perform(mailer->multi, &running);
        collect(mailer);
    }
    if (mailer->state != MAILER_IDLE)
        return LEDGER_OK;
    enum ledger_status status = ledger_mail_due(mailer->store, now_ms, &mailer->mail);
    if (status == LEDGER_OK)
        status = begin(mailer, now_ms);
    return status == LEDGER_NOT_FOUND ? LEDGER_OK : status;
}

/* --- what came of it --- */

static int64_t back_off_ms(int64_t attempts)
{
    int64_t wait_ms = MAIL_BACK_OFF_MS;
    for (int64_t i = 0; i < attempts && wait_ms < MAIL_BACK_OFF_MS_MAX; i++)
        wait_ms *= 2;
    return wait_ms < MAIL_BACK_OFF_MS_MAX ? wait_ms : MAIL_BACK_OFF_MS_MAX;
}

enum ledger_status mailer_write(struct mailer *mailer, int64_t now_ms)
{
    if (!mailer_has_results(mailer))
        return LEDGER_OK;
    mailer->state = MAILER_WRITTEN;
    return ledger_mail_update(mailer->store, &mailer->mail, mailer->outcome,
                              now_ms + back_off_ms(mailer->mail.attempts), mailer->reason, now_ms);
}

void mailer_written(struct mailer *mailer)
{
    if (mailer != NULL && mailer->state == MAILER_WRITTEN)
        mailer->state = MAILER_IDLE;
}
