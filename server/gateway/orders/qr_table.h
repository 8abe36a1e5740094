/* QR codes of texts of one fixed length, without searching for a mask each time.
 *
 * Everything in a QR code between text and mask is linear over bits: so the code of a text is the
 * code of zeros, changed by one pattern for each bit that is set. The library draws zeros and
 * single bits once (13 ms); a text then costs some 200 exclusive-ors of 80 bytes instead of eight
 * masks tried and judged. All codes have the mask that the library chose for zeros. Readers take
 * any; the choice matters for texts with long runs, which ours, being random, have not
 * (docs/decisions/0051).
 */
#ifndef STANCHION_QR_TABLE_H
#define STANCHION_QR_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define QR_TABLE_TEXT_BYTES 24
#define QR_TABLE_SIDE 25 /* version 2, level M */
#define QR_TABLE_PACKED_BYTES ((QR_TABLE_SIDE * QR_TABLE_SIDE + 7) / 8)

struct qr_table {
    uint8_t zeros[QR_TABLE_PACKED_BYTES];
    uint8_t bits[QR_TABLE_TEXT_BYTES * 8][QR_TABLE_PACKED_BYTES];
};

/* Lowest bit of a byte first, in both senses. */
void qr_table_init(struct qr_table *table);
/* The modules, row after row from the top, 1 = dark, the first in the lowest bit of byte 0. */
void qr_table_draw(const struct qr_table *table, const char text[QR_TABLE_TEXT_BYTES],
                   uint8_t out[QR_TABLE_PACKED_BYTES]);

#endif
