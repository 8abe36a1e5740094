/* See the header. Level M (15 % may be unreadable: a scratched screen, a fold), the mask chosen by
 * the library. A code of 24 characters fits version 2, 25 modules a side. */
#include "server/gateway/ticket_qr.h"

#include <assert.h>
#include <errno.h>
#include <qrencode.h>
#include <sodium.h>
#include <string.h>
#include "server/base/token.h"

#define VERSION_MAX 2
#define SIDE_MAX (4 * VERSION_MAX + 17)
#define PACKED_BYTES_MAX ((SIDE_MAX * SIDE_MAX + 7) / 8)
#define B64 sodium_base64_VARIANT_ORIGINAL
#define TEXT_BYTES_MAX sodium_base64_ENCODED_LEN(PACKED_BYTES_MAX, B64)
#define DARK 1 /* the lowest bit of a module; the others say what it is for */

static json_t *modules_json(const QRcode *symbol)
{
    unsigned char packed[PACKED_BYTES_MAX] = {0};
    char text[TEXT_BYTES_MAX];
    assert(symbol->width <= SIDE_MAX);
    size_t count = (size_t)symbol->width * (size_t)symbol->width;
    for (size_t i = 0; i < count; i++) {
        packed[i / 8] |= (unsigned char)((symbol->data[i] & DARK) << (i % 8));
    }
    sodium_bin2base64(text, sizeof text, packed, (count + 7) / 8, B64);
    return json_pack("{si ss}", "side", symbol->width, "modules", text);
}

/* NULL when the text is too long to be a code. */
static json_t *qr_of(const char *code)
{
    if (strlen(code) > TICKET_CODE_BYTES) {
        return NULL;
    }
    QRcode *symbol = QRcode_encodeString8bit(code, 0, QR_ECLEVEL_M);
    assert(symbol != NULL || errno == EINVAL); /* the empty text; memory is never short here */
    json_t *qr = symbol != NULL ? modules_json(symbol) : NULL;
    QRcode_free(symbol);
    return qr;
}

void ticket_qr_add(json_t *tickets)
{
    size_t i;
    json_t *ticket;
    json_array_foreach(tickets, i, ticket)
    {
        const char *code = json_string_value(json_object_get(ticket, "code"));
        json_t *qr =
            code != NULL && !json_is_true(json_object_get(ticket, "refunded")) ? qr_of(code) : NULL;
        if (qr != NULL) {
            (void)json_object_set_new(ticket, "qr", qr);
        }
    }
}
