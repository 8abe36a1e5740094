/* See the header. Lines are read strictly (one space, no leading zeros), so that one content has
 * one text. */
#include "queue/chain.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/hex.h"

#define HASH_HEX (2 * sizeof(struct merkle_hash))
#define FIRST_WORDS "stanchion-history 1 "
#define HEAD_WORDS "stanchion-head 1 "
#define NUMBER_DIGITS_MAX 18

static void hash_pair(const struct merkle_hash *before, const char *text, size_t bytes,
                      struct merkle_hash *out)
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    if (before)
        crypto_hash_sha256_update(&state, before->bytes, sizeof before->bytes);
    crypto_hash_sha256_update(&state, (const unsigned char *)text, bytes);
    crypto_hash_sha256_final(&state, out->bytes);
}

/* A whole number without sign and leading zeros, and the space behind it. Moves *at on. */
static bool read_number(const char **at, const char *end, int64_t *out)
{
    const char *start = *at;
    for (*out = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (*at - start >= NUMBER_DIGITS_MAX)
            return false;
        *out = *out * 10 + (**at - '0');
    }
    bool is_plain = *at > start && (*start != '0' || *at - start == 1);
    return is_plain && *at < end && *(*at)++ == ' ';
}

static bool is_event_id(const char *text, size_t bytes)
{
    if (bytes == 0 || bytes > EVENT_ID_BYTES_MAX)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

size_t chain_start(struct chain *chain, const char *event, char out[CHAIN_LINE_BYTES_MAX])
{
    int bytes = snprintf(out, CHAIN_LINE_BYTES_MAX, FIRST_WORDS "%s\n", event);
    assert(bytes > 0 && bytes < CHAIN_LINE_BYTES_MAX);
    enum chain_status status = chain_open(chain, out, (size_t)bytes - 1);
    assert(status == CHAIN_OK);
    return (size_t)bytes;
}

enum chain_status chain_open(struct chain *chain, const char *line, size_t bytes)
{
    size_t words = strlen(FIRST_WORDS);
    if (bytes <= words || memcmp(line, FIRST_WORDS, words) != 0 ||
        !is_event_id(line + words, bytes - words))
        return CHAIN_BAD_FORM;
    *chain = (struct chain){0};
    memcpy(chain->event, line + words, bytes - words);
    hash_pair(NULL, line, bytes, &chain->hash);
    return CHAIN_OK;
}

size_t chain_append(struct chain *chain, const char *text, size_t text_bytes,
                    char out[CHAIN_LINE_BYTES_MAX])
{
    assert(text_bytes > 0 && text_bytes <= CHAIN_LINE_BYTES_MAX - CHAIN_OVERHEAD_BYTES);
    assert(!memchr(text, '\n', text_bytes) && !memchr(text, '\0', text_bytes));
    int bytes =
        snprintf(out, CHAIN_LINE_BYTES_MAX, "%" PRId64 " %.*s", ++chain->nr, (int)text_bytes, text);
    assert(bytes > 0 && (size_t)bytes + HASH_HEX + 2 < CHAIN_LINE_BYTES_MAX);
    hash_pair(&chain->hash, out, (size_t)bytes, &chain->hash);
    out[bytes] = ' ';
    hex_write(chain->hash.bytes, sizeof chain->hash.bytes, out + bytes + 1);
    size_t total = (size_t)bytes + 1 + HASH_HEX;
    out[total] = '\n';
    out[total + 1] = '\0';
    return total + 1;
}

enum chain_status chain_take(struct chain *chain, const char *line, size_t bytes, const char **text,
                             size_t *text_bytes)
{
    struct merkle_hash told, hash;
    int64_t nr;
    const char *at = line;
    if (bytes <= HASH_HEX + 1 || memchr(line, '\0', bytes))
        return CHAIN_BAD_FORM;
    size_t hashed_bytes = bytes - HASH_HEX - 1;
    const char *end = line + hashed_bytes;
    if (*end != ' ' || !hex_read(end + 1, told.bytes, sizeof told.bytes) ||
        !read_number(&at, end, &nr) || at == end)
        return CHAIN_BAD_FORM;
    if (nr != chain->nr + 1)
        return CHAIN_BAD_NUMBER;
    hash_pair(&chain->hash, line, hashed_bytes, &hash);
    if (sodium_memcmp(hash.bytes, told.bytes, sizeof hash.bytes) != 0)
        return CHAIN_BAD_HASH;
    chain->nr = nr;
    chain->hash = hash;
    *text = at;
    *text_bytes = (size_t)(end - at);
    return CHAIN_OK;
}

void chain_head_sign(const struct chain *chain, int64_t at_ms,
                     const unsigned char key[CHAIN_SIGN_KEY_BYTES], char out[CHAIN_HEAD_BYTES_MAX])
{
    char hash[HASH_HEX + 1];
    unsigned char signature[crypto_sign_BYTES];
    hex_write(chain->hash.bytes, sizeof chain->hash.bytes, hash);
    int bytes = snprintf(out, CHAIN_HEAD_BYTES_MAX, HEAD_WORDS "%s %" PRId64 " %s %" PRId64,
                         chain->event, chain->nr, hash, at_ms);
    assert(bytes > 0 && (size_t)bytes + 2 * sizeof signature + 2 < CHAIN_HEAD_BYTES_MAX);
    crypto_sign_detached(signature, NULL, (const unsigned char *)out, (size_t)bytes, key);
    out[bytes] = ' ';
    hex_write(signature, sizeof signature, out + bytes + 1);
}

/* The fields between the leading words and the signature. */
static bool read_head_fields(const char *at, const char *end, struct chain_head *head)
{
    const char *space = memchr(at, ' ', (size_t)(end - at));
    if (!space || !is_event_id(at, (size_t)(space - at)))
        return false;
    memcpy(head->event, at, (size_t)(space - at));
    at = space + 1;
    if (!read_number(&at, end, &head->nr) || (size_t)(end - at) <= HASH_HEX + 1 ||
        !hex_read(at, head->hash.bytes, sizeof head->hash.bytes) || at[HASH_HEX] != ' ')
        return false;
    at += HASH_HEX + 1;
    return read_number(&at, end + 1, &head->at_ms) && at == end + 1;
}

enum chain_status chain_head_read(const char *text, const unsigned char key[CHAIN_KEY_BYTES],
                                  struct chain_head *head)
{
    static const char white[] = " \t\r\n";
    unsigned char signature[crypto_sign_BYTES];
    struct chain_head in = {0};
    text += strspn(text, white);
    size_t bytes = strlen(text), words = strlen(HEAD_WORDS), tail = 2 * sizeof signature + 1;
    while (bytes > 0 && strchr(white, text[bytes - 1]))
        bytes--;
    if (bytes >= CHAIN_HEAD_BYTES_MAX || bytes <= words + tail ||
        memcmp(text, HEAD_WORDS, words) != 0)
        return CHAIN_BAD_FORM;
    const char *end = text + bytes - tail;
    if (*end != ' ' || !hex_read(end + 1, signature, sizeof signature) ||
        !read_head_fields(text + words, end, &in))
        return CHAIN_BAD_FORM;
    if (key && crypto_sign_verify_detached(signature, (const unsigned char *)text,
                                           (size_t)(end - text), key) != 0)
        return CHAIN_BAD_SIGNATURE;
    *head = in;
    return CHAIN_OK;
}

const char *chain_status_text(enum chain_status status)
{
    static const char *const texts[] = {
        [CHAIN_OK] = "right",
        [CHAIN_BAD_FORM] = "this is not a line of a history",
        [CHAIN_BAD_NUMBER] = "a line is missing, was inserted or stands in another place",
        [CHAIN_BAD_HASH] = "the hash does not fit: this line or one before it was changed",
        [CHAIN_BAD_SIGNATURE] = "the signature is not by this key",
    };
    _Static_assert(sizeof texts / sizeof texts[0] == CHAIN_STATUS_COUNT, "every status has a text");
    assert(status < CHAIN_STATUS_COUNT);
    return texts[status];
}
