/* See the header. The file is text: a word, the public key and the secret one, a line each. */
#include "server/registrar/signer.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "queue/hex.h"

#define WORDS "stanchion-line-key 1\n"
#define FILE_BYTES_MAX 512

static bool write_key(const void *ctx, FILE *out)
{
    const struct signer *signer = ctx;
    char hex[2 * CHAIN_SIGN_KEY_BYTES + 1];
    hex_write(signer->key, sizeof signer->key, hex);
    bool is_good = fprintf(out, WORDS "%s\n%s\n", signer->public_hex, hex) > 0;
    sodium_memzero(hex, sizeof hex);
    return is_good;
}

static bool parse_key(struct signer *signer, const char *text)
{
    unsigned char public_key[CHAIN_KEY_BYTES];
    const char *at = text + strlen(WORDS);
    const char *secret = at + 2 * sizeof public_key + 1;
    if (strncmp(text, WORDS, strlen(WORDS)) != 0 || !hex_read(at, public_key, sizeof public_key) ||
        secret[-1] != '\n' || !hex_read(secret, signer->key, sizeof signer->key) ||
        crypto_sign_ed25519_sk_to_pk(signer->public_key, signer->key) != 0)
        return false;
    return memcmp(public_key, signer->public_key, sizeof public_key) == 0;
}

bool signer_load(struct signer *signer, const struct line_dir *dir)
{
    size_t bytes;
    char *text = line_dir_read(dir, SIGNER_FILE_NAME, FILE_BYTES_MAX, &bytes);
    bool is_good = false;
    if (text) {
        is_good = parse_key(signer, text);
        sodium_memzero(text, bytes);
        free(text);
        hex_write(signer->public_key, sizeof signer->public_key, signer->public_hex);
        errno = EBADMSG;
        return is_good;
    }
    if (errno != ENOENT)
        return false;
    crypto_sign_keypair(signer->public_key, signer->key);
    hex_write(signer->public_key, sizeof signer->public_key, signer->public_hex);
    return line_dir_write(dir, SIGNER_FILE_NAME, write_key, signer);
}
