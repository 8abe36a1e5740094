/* The words of the pages, by language: one JSON file each in web/words, found at build time.
 *
 * A file has a name (of the language, in it), a direction ("ltr" or "rtl") and parts: keys with
 * their texts, fetched by the pages part by part (web/text.js). A text is a string, or an object of
 * plural forms; {name} is filled in by whoever asks. Every language has the same keys; a test
 * compares them. English is there always and is what somebody gets whose languages we do not have.
 *
 * Plain data after init: any number of readers, no I/O, no locks.
 */
#ifndef STANCHION_WEB_WORDS_H
#define STANCHION_WEB_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define WEB_LANGUAGES_MAX 32

/* Reads the embedded files; a damaged one is a programmer's error. A repeated call does nothing. */
void web_words_init(void);
void web_words_release(void);

/* Languages are numbered from 0, English first, the others by their ids. */
size_t web_languages_count(void);
const char *web_language_id(size_t language);        /* "ko" */
const char *web_language_name(size_t language);      /* as its speakers call it */
const char *web_language_direction(size_t language); /* "ltr" or "rtl" */

/* The language with this id, or web_languages_count(). */
size_t web_language_find(const char *id);
/* The best for a value of Accept-Language (RFC 9110, 12.5.4): the highest weight of those we have,
 * of equal ones the first; "pt-BR" is content with "pt". NULL or nothing we have: English. */
size_t web_language_accepted(const char *accept_language);

/* A text by its key, whichever part it is in; of a plural the form for `count` (only "one" and
 * "other" are told apart). The empty text when there is no such key. Lives until release. */
const char *web_word(size_t language, const char *key, int64_t count);

/* The parts of all languages have the same names. */
size_t web_words_parts_count(void);
const char *web_words_part_name(size_t part);
/* One part as a compact JSON object of keys and texts. The caller frees it. */
char *web_words_part_json(size_t language, size_t part);

#endif
