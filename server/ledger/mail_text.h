/* The text of a letter with a link to tickets, as SMTP wants it: plain text in every language there
 * are words for (part `mail` of web/words), one after the other.
 *
 * Nothing from outside can add a header or end the letter: addresses are plain (asserted), the
 * subject goes as encoded words (RFC 2047), the body as base64 (RFC 2045). Pure.
 */
#ifndef STANCHION_MAIL_TEXT_H
#define STANCHION_MAIL_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct mail_letter {
    const char *from, *to; /* mail_address_is_plain */
    const char *event;     /* its name */
    const char *link;      /* whole, with the site's address */
    int64_t nr, serial;    /* name the letter: sent twice it is the same one */
    int64_t ends_ms, now_ms;
};

/* Lines end with CR LF. The caller frees it. */
char *mail_text(const struct mail_letter *letter, size_t *bytes);

#endif
