/* A sentence, and what it is made of: a code and the values that were filled in.
 *
 * The sentence is English, for the command line, the log, and whoever reads the wire. Pages have
 * words of their own for the code, in the reader's language, and fill in the same values
 * (web/words); so whoever refuses something writes one printf format, and nothing is said twice.
 * Plain data, no memory of its own.
 */
#ifndef STANCHION_SAID_H
#define STANCHION_SAID_H

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>

#define SAID_TEXT_BYTES_MAX 600 /* of the sentence with its NUL; a longer one is cut */
#define SAID_VALUES_MAX 12      /* of one sentence; more are not told apart */

struct said {
    const char *code;               /* a constant */
    char text[SAID_TEXT_BYTES_MAX]; /* one line without control characters */
    size_t values_count, values_bytes;
    char values[SAID_TEXT_BYTES_MAX]; /* each with its NUL, in their order */
};

/* Every conversion of the format becomes a value, as it stands in the sentence. */
void said_set(struct said *out, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void said_with(struct said *out, const char *code, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* A new list of texts, the caller's: `count` of them one after the other, each with its NUL. */
json_t *said_values_json(const char *values, size_t count);

#endif
