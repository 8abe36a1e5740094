/* See the header. A module of libqrencode says in its other bits what it is for. */
#include "server/gateway/orders/qr_table.h"

#include <assert.h>
#include <qrencode.h>
#include <stdbool.h>
#include <string.h>

#define DARK 0x01
#define IS_FIXED 0x80 /* neither text nor its check bytes: no mask is laid over it */
#define MODULES (QR_TABLE_SIDE * QR_TABLE_SIDE)

/* ISO/IEC 18004, table of mask patterns. */
static bool is_flipped(unsigned mask, unsigned row, unsigned column)
{
    switch (mask) {
    case 0:
        return (row + column) % 2 == 0;
    case 1:
        return row % 2 == 0;
    case 2:
        return column % 3 == 0;
    case 3:
        return (row + column) % 3 == 0;
    case 4:
        return (row / 2 + column / 3) % 2 == 0;
    case 5:
        return row * column % 2 + row * column % 3 == 0;
    case 6:
        return (row * column % 2 + row * column % 3) % 2 == 0;
    default:
        return ((row + column) % 2 + row * column % 3) % 2 == 0;
    }
}

/* The three bits of the format information beside the upper left mark, with that information's own
 * fixed mask (101) taken off. */
static unsigned mask_of(const unsigned char *modules)
{
    const unsigned char *row = modules + 8 * QR_TABLE_SIDE;
    unsigned bits = (row[2] & DARK) << 2 | (row[3] & DARK) << 1 | (row[4] & DARK);
    return bits ^ 5;
}

static QRcode *draw(const unsigned char text[QR_TABLE_TEXT_BYTES])
{
    QRcode *symbol = QRcode_encodeData(QR_TABLE_TEXT_BYTES, text, 0, QR_ECLEVEL_M);
    assert(symbol != NULL && symbol->width == QR_TABLE_SIDE);
    return symbol;
}

/* The text's part of a symbol as it is before the mask. */
static void unmask(const QRcode *symbol, uint8_t out[MODULES])
{
    unsigned mask = mask_of(symbol->data);
    for (unsigned i = 0; i < MODULES; i++) {
        bool is_text = (symbol->data[i] & IS_FIXED) == 0;
        bool is_dark = (symbol->data[i] & DARK) != 0;
        out[i] = is_text && is_dark != is_flipped(mask, i / QR_TABLE_SIDE, i % QR_TABLE_SIDE);
    }
}

static void set(uint8_t packed[QR_TABLE_PACKED_BYTES], unsigned module, bool is_set)
{
    packed[module / 8] |= (uint8_t)(is_set << module % 8);
}

void qr_table_init(struct qr_table *table)
{
    unsigned char text[QR_TABLE_TEXT_BYTES] = {0};
    uint8_t plain[MODULES], changed[MODULES];
    memset(table, 0, sizeof *table);
    QRcode *zeros = draw(text);
    unmask(zeros, plain);
    for (unsigned i = 0; i < MODULES; i++)
        set(table->zeros, i, (zeros->data[i] & DARK) != 0);
    for (unsigned bit = 0; bit < QR_TABLE_TEXT_BYTES * 8; bit++) {
        text[bit / 8] = (unsigned char)(1u << bit % 8);
        QRcode *one = draw(text);
        text[bit / 8] = 0;
        unmask(one, changed);
        for (unsigned i = 0; i < MODULES; i++)
            set(table->bits[bit], i, plain[i] != changed[i]);
        QRcode_free(one);
    }
    QRcode_free(zeros);
}

void qr_table_draw(const struct qr_table *table, const char text[QR_TABLE_TEXT_BYTES],
                   uint8_t out[QR_TABLE_PACKED_BYTES])
{
    memcpy(out, table->zeros, QR_TABLE_PACKED_BYTES);
    for (unsigned bit = 0; bit < QR_TABLE_TEXT_BYTES * 8; bit++) {
        if (((unsigned char)text[bit / 8] >> bit % 8 & 1) == 0)
            continue;
        for (size_t i = 0; i < QR_TABLE_PACKED_BYTES; i++)
            out[i] ^= table->bits[bit][i];
    }
}
