/* Addresses that mail is sent to and from. Narrower than an account's name (account_id.h): only
 * what may stand in an envelope and in a header as it is, so nothing in it ends a line, a command
 * or an address. Pure. */
#ifndef STANCHION_MAIL_ADDRESS_H
#define STANCHION_MAIL_ADDRESS_H

#include <stdbool.h>

/* dot-atom@domain in ASCII (RFC 5321 section 4.1.2 without quoted strings and address literals), at
 * most EMAIL_BYTES_MAX bytes. */
bool mail_address_is_plain(const char *text);

#endif
