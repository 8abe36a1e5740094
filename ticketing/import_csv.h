/* Comma-separated values as in RFC 4180, with the separator taken from the header line.
 *
 * Reads text in memory and cuts it up in place: fields are NUL-terminated pieces of the text. A
 * record that breaks the rules is reported and skipped, so that one mistake does not hide the next.
 */
#ifndef STANCHION_IMPORT_CSV_H
#define STANCHION_IMPORT_CSV_H

#include "ticketing/import_report.h"

#define IMPORT_COLUMNS_MAX 64

struct csv_field {
    const char *text;
    size_t bytes;
    uint32_t line, column; /* of its first character (the quote, if quoted) */
};

enum csv_status { CSV_RECORD = 0, CSV_BAD, CSV_END, CSV_STATUS_COUNT };

struct csv {
    struct import_report *report;
    const char *file;
    char *next;
    uint32_t line, column;
    char separator;
    size_t fields_count;
    struct csv_field fields[IMPORT_COLUMNS_MAX];
};

/* `text` is NUL-terminated, checked UTF-8; it is written to and must outlive the fields. The first
 * line says whether commas or semicolons separate. */
void csv_init(struct csv *csv, struct import_report *report, const char *file, char *text);
/* CSV_RECORD: the next record is in fields (blank lines are passed over). CSV_BAD: it was faulty
 * and reported, reading can go on. CSV_END: there is no more. */
enum csv_status csv_next(struct csv *csv);
struct import_source csv_source(const struct csv *csv, const struct csv_field *field);

/* Columns by name. A table of known names (NULL-terminated) is matched with the header record just
 * read. */
struct csv_columns {
    size_t fields_count;         /* of the header */
    int at[IMPORT_COLUMNS_MAX];  /* index of the known name -> field, or -1 */
    struct import_source header; /* for messages about missing columns */
};

/* Matches without regard to ASCII case and to surrounding blanks; a map renames ours to theirs. A
 * mapped header that is missing, an unknown `ours`, a column twice: errors, false. Columns nobody
 * knows: one warning. */
bool csv_columns_read(const struct csv *csv, const char *const *names,
                      const struct import_map *maps, size_t maps_count,
                      struct csv_columns *columns);
/* The field of the current record in the known column, or NULL when the file has no such column. */
const struct csv_field *csv_column(const struct csv *csv, const struct csv_columns *columns,
                                   int name);
/* The same as a label: trimmed, checked; "" when there is no such column. *at is set in any case.
 * False after an error, which calls it `what`. */
bool csv_cell(const struct csv *csv, const struct csv_columns *columns, int name, const char *what,
              const char **text, struct import_source *at);
/* Whether the record has as many fields as the header; otherwise an error. */
bool csv_record_fits(const struct csv *csv, const struct csv_columns *columns);

#endif
