/* Prices as people write them, exactly: decimal text to minor units by the currency's exponent. */
#ifndef STANCHION_IMPORT_MONEY_H
#define STANCHION_IMPORT_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum money_status {
    MONEY_OK = 0,
    MONEY_EMPTY,
    MONEY_NEGATIVE,
    MONEY_EXPONENT,   /* "1e400" */
    MONEY_COMMA,      /* "1,234.50" or "12,50" */
    MONEY_NOT_NUMBER, /* anything else that is not digits with at most one point */
    MONEY_DECIMALS,   /* more decimals than the currency has */
    MONEY_TOO_LARGE,  /* beyond PRICE_MINOR_MAX */
    MONEY_STATUS_COUNT
};

/* Decimals of an ISO 4217 currency (EUR 2, KRW 0, KWD 3), or -1 for a code that is not one. Case
 * matters. */
int money_exponent(const char *currency);
/* Digits, optionally a point and decimals, nothing else; missing decimals are zeros. *minor is set
 * on MONEY_OK. */
enum money_status money_parse(const char *text, int exponent, int64_t *minor);
/* What was expected, for a message. */
const char *money_status_text(enum money_status status);

#endif
