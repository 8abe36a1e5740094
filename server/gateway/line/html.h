/* Writing HTML by hand: text that is escaped, and the catalogue's words with numbers, times and
 * money in them. `language` is one of web/words.h, `key` one of its keys.
 */
#ifndef STANCHION_HTML_H
#define STANCHION_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HTML_COUNT_BYTES 32

/* Escaped: it may come from anywhere. */
void html_text(FILE *out, const char *text);
/* An element with this text in it, escaped; class "" = none. */
void html_element(FILE *out, const char *tag, const char *class, const char *text);
/* The same for the organizer's own words, which may be in any language. */
void html_foreign(FILE *out, const char *tag, const char *class, const char *text);
/* "1,234,567"; what is below 0 is 0. */
void html_count(int64_t count, char out[HTML_COUNT_BYTES]);
/* A text with {n}, in the form for this number. */
void html_number(FILE *out, size_t language, const char *key, int64_t n);
/* A text with {time}, a duration. */
void html_span(FILE *out, size_t language, const char *key, int64_t ms);
/* A duration in words; the caller frees it. */
char *html_span_text(size_t language, int64_t ms);
/* "25.80 EUR" */
void html_money(FILE *out, int64_t minor, const char *currency);

#endif
