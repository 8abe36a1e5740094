/* See the header. Level M: 15 % may be unreadable (a scratched screen, a fold). */
#include "server/gateway/ticket_qr.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include "server/base/token.h"
#include "server/gateway/qr_table.h"

#define B64 sodium_base64_VARIANT_ORIGINAL
#define TEXT_BYTES_MAX sodium_base64_ENCODED_LEN(QR_TABLE_PACKED_BYTES, B64)
static_assert(TICKET_CODE_BYTES == QR_TABLE_TEXT_BYTES, "a ticket's code is what the table is for");

static const struct qr_table *table(void)
{
    static struct qr_table drawn;
    static bool is_drawn;
    if (!is_drawn) {
        qr_table_init(&drawn);
    }
    is_drawn = true;
    return &drawn;
}

void ticket_qr_init(void)
{
    (void)table();
}

static json_t *qr_of(const char *code)
{
    uint8_t packed[QR_TABLE_PACKED_BYTES];
    char text[TEXT_BYTES_MAX];
    qr_table_draw(table(), code, packed);
    sodium_bin2base64(text, sizeof text, packed, sizeof packed, B64);
    return json_pack("{si ss}", "side", QR_TABLE_SIDE, "modules", text);
}

void ticket_qr_add(json_t *tickets)
{
    size_t i;
    json_t *ticket;
    json_array_foreach(tickets, i, ticket)
    {
        const json_t *code = json_object_get(ticket, "code");
        bool is_code = json_string_length(code) == TICKET_CODE_BYTES;
        if (is_code && !json_is_true(json_object_get(ticket, "refunded"))) {
            (void)json_object_set_new(ticket, "qr", qr_of(json_string_value(code)));
        }
    }
}
