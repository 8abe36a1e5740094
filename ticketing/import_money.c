/* ISO 4217 as a table, and decimal text without floating point.
 *
 * Two decimals is the rule and the exceptions are listed; the codes themselves are listed too,
 * because a mistyped currency must not silently become one with two decimals. Funds and metals
 * (XAU, CHE ...) are left out: nobody sells seats in them. Source: ISO 4217 list one; BGN and the
 * like stay for venues that use them.
 */
#include "ticketing/import_money.h"

#include <string.h>
#include "server/base/limits.h"

static const char no_decimals[] = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
static const char three_decimals[] = "BHD IQD JOD KWD LYD OMR TND";
static const char two_decimals[] =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

static bool is_listed(const char *list, const char *code)
{
    for (; *list != '\0'; list += list[3] == '\0' ? 3 : 4)
        if (strncmp(list, code, 3) == 0)
            return true;
    return false;
}

int money_exponent(const char *currency)
{
    if (strlen(currency) != 3)
        return -1;
    if (is_listed(two_decimals, currency))
        return 2;
    if (is_listed(no_decimals, currency))
        return 0;
    return is_listed(three_decimals, currency) ? 3 : -1;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Which of the usual mistakes it is. */
static enum money_status diagnose(const char *text)
{
    if (*text == '\0')
        return MONEY_EMPTY;
    if (*text == '-')
        return MONEY_NEGATIVE;
    if (!is_digit(*text) && *text != '.')
        return MONEY_NOT_NUMBER;
    size_t plain = strspn(text, "0123456789.");
    if (text[plain] == 'e' || text[plain] == 'E')
        return MONEY_EXPONENT;
    return strspn(text, "0123456789.,' ") == strlen(text) && strpbrk(text, ",' ") != NULL
               ? MONEY_COMMA
               : MONEY_NOT_NUMBER;
}

enum money_status money_parse(const char *text, int exponent, int64_t *minor)
{
    const char *digits = text;
    int64_t value = 0;
    int decimals = -1; /* digits behind the point; -1 = no point yet */
    if (!is_digit(*text))
        return diagnose(text);
    for (; *digits != '\0'; digits++) {
        if (*digits == '.' && decimals < 0 && is_digit(digits[1])) {
            decimals = 0;
            continue;
        }
        if (!is_digit(*digits))
            return diagnose(text);
        if (decimals >= 0 && ++decimals > exponent)
            return strspn(digits, "0123456789") == strlen(digits) ? MONEY_DECIMALS : diagnose(text);
        if (value <= PRICE_MINOR_MAX)
            value = value * 10 + (*digits - '0');
    }
    for (int i = decimals < 0 ? 0 : decimals; i < exponent && value <= PRICE_MINOR_MAX; i++)
        value *= 10;
    if (value > PRICE_MINOR_MAX)
        return MONEY_TOO_LARGE;
    *minor = value;
    return MONEY_OK;
}

const char *money_status_text(enum money_status status)
{
    static const char *const texts[MONEY_STATUS_COUNT] = {
        [MONEY_OK] = "is fine",
        [MONEY_EMPTY] = "is empty: expected an amount such as 12.50",
        [MONEY_NEGATIVE] = "is negative: expected 0 or more",
        [MONEY_EXPONENT] = "has an exponent: write the amount out, such as 12.50",
        [MONEY_COMMA] =
            "has a comma or thousands separator: expected digits and a point, such as 1250.00",
        [MONEY_NOT_NUMBER] = "is not an amount: expected digits, such as 12.50",
        [MONEY_DECIMALS] = "has more decimals than the currency",
        [MONEY_TOO_LARGE] = "is too large",
    };
    return texts[status];
}
