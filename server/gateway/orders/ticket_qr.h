/* The QR code of each ticket, as modules for the page to draw.
 *
 * docs/decisions/0068-qr-codes.md says why here: the code itself never leaves the message it is in,
 * pages need no library, and a ticket's picture is 79 bytes.
 */
#ifndef STANCHION_TICKET_QR_H
#define STANCHION_TICKET_QR_H

#include <jansson.h>
#include <stddef.h>

struct json_text;

/* Draws what all codes have in common, 13 ms; otherwise the first ticket waits for it. */
void ticket_qr_init(void);
/* Gives each ticket of `tickets` (an array as in `confirmed` and `tickets`) that has a `code` and
 * is not refunded the field `qr`: {"side":25,"modules":"<base64>"}, row after row from the top, one
 * bit each, 1 = dark, the first module in the lowest bit of the first byte; the quiet zone is the
 * page's. A ticket whose code has not TICKET_CODE_BYTES gets none. Anything but an array is left as
 * it is. About 1 us a ticket. */
void ticket_qr_add(json_t *tickets);
/* Copies a text with tickets of ours, as the ledger tells it, and gives each ticket with a `code`
 * its `qr` behind it. In JSON no string has a quotation mark that is not escaped, so the name of
 * the field is never found where it is none. */
void ticket_qr_copy(struct json_text *out, const char *text, size_t bytes);

#endif
