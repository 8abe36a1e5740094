/* What the parts of the importer share: adding to the report, reading files, and text that can be
 * trusted. */
#ifndef STANCHION_IMPORT_REPORT_H
#define STANCHION_IMPORT_REPORT_H

#include <stdarg.h>
#include "ticketing/import.h"

/* Where in the input: a file with line and column, 0 when there is no particular place. */
struct import_source {
    const char *file; /* lives as long as the report */
    uint32_t line, column;
};

/* `code` is the key of the words that pages have for it (web/words); the format is the sentence in
 * English, and each of its conversions one of the values for those words. */
void import_error(struct import_report *report, struct import_source at, const char *code,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
void import_warning(struct import_report *report, struct import_source at, const char *code,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Adds an event.ini pair. */
void import_pair_add(struct import_report *report, const char *section, const char *key,
                     const char *value, uint32_t line);
/* Copies text into the report; "" when memory ran out (is_out_of_memory is set). */
const char *import_text(struct import_report *report, const char *text, size_t bytes);
/* Remembers that memory ran out; returns false for convenience. */
bool import_no_memory(struct import_report *report);

/* Grows *items (of item_bytes each) so that `needed` fit, doubling; false without memory. */
bool import_grow(struct import_report *report, void **items, size_t *capacity, size_t needed,
                 size_t item_bytes);

/* The file's name without its directories, for the middle of a sentence. */
const char *import_file_name(const char *path);

/* User text in a message: cut at 40 characters, control characters as '?'. One result at a time per
 * buffer. */
#define IMPORT_QUOTE_BYTES 192
struct import_quote {
    char text[IMPORT_QUOTE_BYTES];
};
const char *import_quote(struct import_quote *quote, const char *text);

/* Reads a file of at most PLAN_FILE_BYTES_MAX bytes into memory, NUL-terminated (the NUL is not
 * counted), and checks that it is UTF-8 without NUL and not empty; a byte order mark is skipped
 * over. The caller frees *memory; *text points into it. Faults go to the report. */
enum import_status import_read(struct import_report *report, const char *path, char **memory,
                               char **text, size_t *bytes);
/* The text part of import_read, for text already in memory; *text and *bytes are moved past a byte
 * order mark. */
enum import_status import_check_text(struct import_report *report, const char *file, char **text,
                                     size_t *bytes);

/* The text without blanks around it. */
const char *import_trim(const char *text, size_t *bytes);
/* Whether a trimmed text can be a label. */
bool import_is_label(const char *text, size_t bytes);
/* Checks a label in place: trimmed of blanks (moves *text), at most PLAN_LABEL_BYTES_MAX bytes, no
 * control characters. `what` names it in the error ("row"). */
bool import_label(struct import_report *report, struct import_source at, const char *what,
                  const char **text, size_t *bytes);

#endif
