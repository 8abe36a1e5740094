#include "server/base/digest.h"
#include <sodium.h>

void digest_text(const char *text, size_t bytes, char out[DIGEST_CHARS + 1])
{
    unsigned char hash[DIGEST_CHARS / 2];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)text, bytes, NULL, 0);
    sodium_bin2hex(out, DIGEST_CHARS + 1, hash, sizeof hash);
}
