/* See the header. */
#include "server/base/mail_address.h"

#include <string.h>
#include "server/base/account_id.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define LOCAL_BYTES_MAX 64

/* Words of these letters with single dots between them. */
static bool is_dotted(const char *text, size_t bytes, const char *letters)
{
    size_t at = 0;
    for (;;) {
        size_t word = strspn(text + at, letters);
        if (word == 0)
            return false;
        at += word;
        if (at == bytes)
            return true;
        if (at > bytes || text[at] != '.')
            return false;
        at++;
    }
}

bool mail_address_is_plain(const char *text)
{
    size_t bytes = strlen(text), local = strcspn(text, "@");
    if (bytes > EMAIL_BYTES_MAX || local > LOCAL_BYTES_MAX || local == bytes)
        return false;
    return is_dotted(text, local, LETTERS "!#$%&'*+/=?^_`{|}~-") &&
           is_dotted(text + local + 1, bytes - local - 1, LETTERS "-");
}
