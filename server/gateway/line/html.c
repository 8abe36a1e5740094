#include "server/gateway/line/html.h"
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "ticketing/import_money.h"
#include "web/words.h"

void html_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

void html_element(FILE *out, const char *tag, const char *class, const char *text)
{
    fprintf(out, "<%s%s%s%s>", tag, class[0] != '\0' ? " class=\"" : "", class,
            class[0] != '\0' ? "\"" : "");
    html_text(out, text);
    fprintf(out, "</%s>\n", tag);
}

void html_foreign(FILE *out, const char *tag, const char *class, const char *text)
{
    fprintf(out, "<%s class=\"%s\" dir=\"auto\">", tag, class);
    html_text(out, text);
    fprintf(out, "</%s>\n", tag);
}

void html_count(int64_t count, char out[HTML_COUNT_BYTES])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, count < 0 ? 0 : count);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

/* A text in which {name} is replaced by the value. */
static void with(FILE *out, const char *text, const char *name, const char *value)
{
    char mark[32];
    int bytes = snprintf(mark, sizeof mark, "{%s}", name);
    assert(bytes > 0 && (size_t)bytes < sizeof mark);
    const char *found = strstr(text, mark);
    for (const char *at = text; *at != '\0';) {
        if (at == found) {
            html_text(out, value);
            at += bytes;
        } else {
            char one[2] = {*at++, '\0'};
            html_text(out, one);
        }
    }
}

void html_number(FILE *out, size_t language, const char *key, int64_t n)
{
    char count[HTML_COUNT_BYTES];
    html_count(n, count);
    with(out, web_word(language, key, n), "n", count);
}

static char *number_text(size_t language, const char *key, int64_t n)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert(out != NULL);
    html_number(out, language, key, n);
    fclose(out);
    return text;
}

char *html_span_text(size_t language, int64_t ms)
{
    int64_t minutes = (ms + 59999) / 60000;
    if (ms <= 60000)
        return strdup(web_word(language, "time.underMinute", 0));
    if (minutes < 120)
        return number_text(language, "time.minutes", minutes);
    return minutes < 48 * 60 ? number_text(language, "time.hours", (minutes + 30) / 60)
                             : number_text(language, "plain.days", (minutes + 12 * 60) / (24 * 60));
}

void html_span(FILE *out, size_t language, const char *key, int64_t ms)
{
    char *span = html_span_text(language, ms);
    with(out, web_word(language, key, 0), "time", span);
    free(span);
}

void html_money(FILE *out, int64_t minor, const char *currency)
{
    char whole[HTML_COUNT_BYTES];
    int exponent = money_exponent(currency);
    int64_t unit = 1;
    for (int i = 0; i < exponent; i++)
        unit *= 10;
    html_count(minor / unit, whole);
    fputs(whole, out);
    if (exponent > 0)
        fprintf(out, ".%0*" PRId64, exponent, minor % unit);
    fputc(' ', out);
    html_text(out, currency);
}
