/* See the header. Level M: 15 % may be unreadable (a scratched screen, a fold). */
#include "server/gateway/orders/ticket_qr.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include "server/base/json_text.h"
#include "server/base/token.h"
#include "server/gateway/orders/qr_table.h"

#define B64 sodium_base64_VARIANT_ORIGINAL
#define TEXT_BYTES_MAX sodium_base64_ENCODED_LEN(QR_TABLE_PACKED_BYTES, B64)
static_assert(TICKET_CODE_BYTES == QR_TABLE_TEXT_BYTES, "a ticket's code is what the table is for");

static const struct qr_table *table(void)
{
    static struct qr_table drawn;
    static bool is_drawn;
    if (!is_drawn)
        qr_table_init(&drawn);
    is_drawn = true;
    return &drawn;
}

void ticket_qr_init(void)
{
    (void)table();
}

static void draw(const char *code, char text[TEXT_BYTES_MAX])
{
    uint8_t packed[QR_TABLE_PACKED_BYTES];
    qr_table_draw(table(), code, packed);
    sodium_bin2base64(text, TEXT_BYTES_MAX, packed, sizeof packed, B64);
}

static json_t *qr_of(const char *code)
{
    char text[TEXT_BYTES_MAX];
    draw(code, text);
    return json_pack("{si ss}", "side", QR_TABLE_SIDE, "modules", text);
}

void ticket_qr_add(json_t *tickets)
{
    size_t i;
    json_t *ticket;
    json_array_foreach(tickets, i, ticket) {
        const json_t *code = json_object_get(ticket, "code");
        bool is_code = json_string_length(code) == TICKET_CODE_BYTES;
        if (is_code && !json_is_true(json_object_get(ticket, "refunded")))
            (void)json_object_set_new(ticket, "qr", qr_of(json_string_value(code)));
    }
}

/* What stands between a code's opening quotation mark and the end is `left` bytes long. */
static bool is_whole_code(const char *code, size_t left)
{
    return left > TICKET_CODE_BYTES && code[TICKET_CODE_BYTES] == '"' &&
           memchr(code, '"', TICKET_CODE_BYTES) == NULL &&
           memchr(code, '\\', TICKET_CODE_BYTES) == NULL;
}

void ticket_qr_copy(struct json_text *out, const char *text, size_t bytes)
{
    static const char name[] = "\"code\":\"";
    const char *at = text, *end = text + bytes, *found;
    while ((found = memmem(at, (size_t)(end - at), name, sizeof name - 1)) != NULL) {
        const char *code = found + sizeof name - 1;
        bool is_code = is_whole_code(code, (size_t)(end - code));
        const char *next = is_code ? code + TICKET_CODE_BYTES + 1 : code;
        json_text_add(out, at, (size_t)(next - at));
        if (is_code) {
            char modules[TEXT_BYTES_MAX];
            draw(code, modules);
            json_text_whole(out, ",\"qr\":{\"side\":", QR_TABLE_SIDE);
            json_text_string(out, ",\"modules\":", modules);
            json_text_raw(out, "}");
        }
        at = next;
    }
    json_text_add(out, at, (size_t)(end - at));
}
