/* See the header. */
#include "queue/receipt.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PAYLOAD_BYTES_MAX 320 /* two ids and three numbers with their names: at most 230 */

/* The ids go into JSON as they are, so they must need no escaping. */
static bool is_plain(const char *id, size_t bytes_max)
{
    size_t bytes = strnlen(id, bytes_max + 1);
    if (bytes == 0 || bytes > bytes_max)
        return false;
    return strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == bytes;
}

static void sign(const struct token_keys *keys, enum token_kind kind, const char *payload,
                 int length, char *out)
{
    assert(length > 0 && length < PAYLOAD_BYTES_MAX);
    enum token_status status = token_sign(keys, kind, payload, out, TOKEN_BYTES_MAX + 1);
    assert(status == TOKEN_OK);
    (void)status;
}

void receipt_issue(const struct token_keys *keys, const struct receipt *receipt,
                   char out[TOKEN_BYTES_MAX + 1])
{
    assert(is_plain(receipt->event, EVENT_ID_BYTES_MAX));
    assert(is_plain(receipt->visitor, VISITOR_ID_BYTES));
    char payload[PAYLOAD_BYTES_MAX];
    int length = snprintf(payload, sizeof(payload),
                          "{\"event\":\"%s\",\"visitor\":\"%s\",\"seq\":%" PRId64
                          ",\"epoch\":%" PRId64 ",\"at_ms\":%" PRId64 "%s}",
                          receipt->event, receipt->visitor, receipt->seq, receipt->epoch,
                          receipt->at_ms, receipt->is_drawn ? ",\"drawn\":true" : "");
    sign(keys, TOKEN_RECEIPT, payload, length, out);
}

void pass_issue(const struct token_keys *keys, const struct pass *pass,
                char out[TOKEN_BYTES_MAX + 1])
{
    assert(is_plain(pass->event, EVENT_ID_BYTES_MAX));
    assert(is_plain(pass->visitor, VISITOR_ID_BYTES));
    char payload[PAYLOAD_BYTES_MAX];
    int length = snprintf(payload, sizeof(payload),
                          "{\"event\":\"%s\",\"visitor\":\"%s\",\"admission\":%" PRId64
                          ",\"seq\":%" PRId64 ",\"ends_ms\":%" PRId64 "}",
                          pass->event, pass->visitor, pass->admission, pass->seq, pass->ends_ms);
    sign(keys, TOKEN_PASS, payload, length, out);
}

/* Copies a text member; false when it is missing, empty or too long. */
static bool read_id(const json_t *object, const char *name, char *out, size_t bytes_max)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text || !is_plain(text, bytes_max))
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool read_number(const json_t *object, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = json_integer_value(value);
    return true;
}

/* NULL unless the signature is right and the payload is an object; the caller releases it. */
static json_t *open_token(const struct token_keys *keys, enum token_kind kind, const char *token,
                          size_t token_bytes)
{
    char payload[TOKEN_BYTES_MAX + 1];
    if (token_bytes > TOKEN_BYTES_MAX)
        return NULL;
    if (token_open(keys, kind, token, token_bytes, payload, sizeof(payload)) != TOKEN_OK)
        return NULL;
    json_t *object = json_loads(payload, JSON_REJECT_DUPLICATES, NULL);
    if (object && !json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static enum receipt_status whose(const char *event_in, const char *visitor_in, const char *event,
                                 const char *visitor)
{
    if (strcmp(event_in, event) != 0)
        return RECEIPT_OTHER_EVENT;
    bool is_theirs = visitor == NULL || strcmp(visitor_in, visitor) == 0;
    return is_theirs ? RECEIPT_OK : RECEIPT_OTHER_VISITOR;
}

enum receipt_status receipt_read(const struct token_keys *keys, const char *token,
                                 size_t token_bytes, const char *event, const char *visitor,
                                 struct receipt *receipt)
{
    json_t *object = open_token(keys, TOKEN_RECEIPT, token, token_bytes);
    struct receipt in = {0};
    bool is_complete = object && read_id(object, "event", in.event, EVENT_ID_BYTES_MAX) &&
                       read_id(object, "visitor", in.visitor, VISITOR_ID_BYTES) &&
                       read_number(object, "seq", &in.seq) &&
                       read_number(object, "epoch", &in.epoch) &&
                       read_number(object, "at_ms", &in.at_ms);
    in.is_drawn = json_is_true(json_object_get(object, "drawn"));
    json_decref(object);
    if (!is_complete)
        return RECEIPT_INVALID;
    enum receipt_status status = whose(in.event, in.visitor, event, visitor);
    if (status == RECEIPT_OK)
        *receipt = in;
    return status;
}

enum receipt_status pass_read(const struct token_keys *keys, const char *token, size_t token_bytes,
                              const char *event, const char *visitor, int64_t now_ms,
                              struct pass *pass)
{
    json_t *object = open_token(keys, TOKEN_PASS, token, token_bytes);
    struct pass in = {0};
    bool is_complete = object && read_id(object, "event", in.event, EVENT_ID_BYTES_MAX) &&
                       read_id(object, "visitor", in.visitor, VISITOR_ID_BYTES) &&
                       read_number(object, "admission", &in.admission) &&
                       read_number(object, "seq", &in.seq) &&
                       read_number(object, "ends_ms", &in.ends_ms);
    json_decref(object);
    if (!is_complete)
        return RECEIPT_INVALID;
    enum receipt_status status = whose(in.event, in.visitor, event, visitor);
    if (status == RECEIPT_OK && now_ms >= in.ends_ms)
        status = RECEIPT_EXPIRED;
    if (status == RECEIPT_OK)
        *pass = in;
    return status;
}
