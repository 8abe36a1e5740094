/* The reader of comma-separated values.
 *
 * One pass, one character at a time; quoted fields are moved together over their doubled quotes,
 * which never makes them longer, so the text itself is the only buffer. A field's terminating NUL
 * lands on the separator or line end that was just read. Columns are counted in characters, not
 * bytes: an editor shows the same number.
 */
#include "ticketing/import_csv.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The one of comma and semicolon that is more frequent outside quotes in the first line; comma if
 * there is none. */
static char separator_of(const char *text)
{
    size_t commas = 0, semicolons = 0;
    bool is_quoted = false;
    for (; *text != '\0' && (is_quoted || (*text != '\n' && *text != '\r')); text++) {
        if (*text == '"')
            is_quoted = !is_quoted;
        commas += !is_quoted && *text == ',';
        semicolons += !is_quoted && *text == ';';
    }
    return semicolons > commas ? ';' : ',';
}

void csv_init(struct csv *csv, struct import_report *report, const char *file, char *text)
{
    *csv = (struct csv){.report = report,
                        .file = file,
                        .next = text,
                        .line = 1,
                        .column = 1,
                        .separator = separator_of(text)};
}

struct import_source csv_source(const struct csv *csv, const struct csv_field *field)
{
    return (struct import_source){.file = csv->file, .line = field->line, .column = field->column};
}

static struct import_source here(const struct csv *csv)
{
    return (struct import_source){.file = csv->file, .line = csv->line, .column = csv->column};
}

/* Takes one byte; a line end of any kind (LF, CRLF, CR) is taken whole and returned as '\n'. */
static char take(struct csv *csv)
{
    char c = *csv->next;
    if (c == '\0')
        return c;
    csv->next++;
    if (c == '\r' && *csv->next == '\n')
        csv->next++;
    if (c == '\r' || c == '\n') {
        csv->line++;
        csv->column = 1;
        return '\n';
    }
    csv->column += ((unsigned char)c & 0xc0) != 0x80;
    return c;
}

static bool is_end_of_field(const struct csv *csv)
{
    char c = *csv->next;
    return c == '\0' || c == '\n' || c == '\r' || c == csv->separator;
}

/* Reads the inside of a quoted field; what follows the closing quote is next. */
static bool read_quoted(struct csv *csv, struct csv_field *field)
{
    struct import_source start = here(csv);
    take(csv);
    char *out = csv->next;
    field->text = out;
    for (;;) {
        const char *from = csv->next;
        char c = take(csv);
        if (c == '\0') {
            import_error(csv->report, start, "import.quote_open",
                         "the quote that opens here is never closed");
            return false;
        }
        if (c == '"' && *csv->next != '"')
            break;
        if (c == '"')
            from = csv->next, take(csv);
        while (from < csv->next)
            *out++ = *from++;
    }
    field->bytes = (size_t)(out - field->text);
    if (is_end_of_field(csv))
        return true;
    import_error(csv->report, here(csv), "import.quote_end",
                 "expected \"%c\" or the end of the line after the closing quote", csv->separator);
    return false;
}

static bool read_plain(struct csv *csv, struct csv_field *field)
{
    field->text = csv->next;
    while (!is_end_of_field(csv)) {
        if (*csv->next == '"') {
            import_error(csv->report, here(csv), "import.quote_inside",
                         "a quote inside a field that does not begin with one: put the whole field "
                         "in quotes and double this one");
            return false;
        }
        take(csv);
    }
    field->bytes = (size_t)(csv->next - field->text);
    return true;
}

static enum csv_status skip_line(struct csv *csv)
{
    char c;
    do
        c = take(csv);
    while (c != '\0' && c != '\n');
    return CSV_BAD;
}

/* Reads one record, whatever is in it. */
static enum csv_status read_record(struct csv *csv)
{
    csv->fields_count = 0;
    for (;;) {
        if (csv->fields_count == IMPORT_COLUMNS_MAX) {
            import_error(csv->report, here(csv), "import.too_many_columns", "more than %d columns",
                         IMPORT_COLUMNS_MAX);
            return skip_line(csv);
        }
        struct csv_field *field = &csv->fields[csv->fields_count++];
        field->line = csv->line;
        field->column = csv->column;
        if (!(*csv->next == '"' ? read_quoted(csv, field) : read_plain(csv, field)))
            return skip_line(csv);
        char end = take(csv);
        ((char *)field->text)[field->bytes] = '\0';
        if (end != csv->separator)
            return CSV_RECORD;
    }
}

static bool is_blank(const struct csv *csv)
{
    for (size_t i = 0; i < csv->fields_count; i++)
        if (strspn(csv->fields[i].text, " \t") != csv->fields[i].bytes)
            return false;
    return true;
}

enum csv_status csv_next(struct csv *csv)
{
    while (*csv->next != '\0') {
        enum csv_status status = read_record(csv);
        if (status != CSV_RECORD || !is_blank(csv))
            return status;
    }
    return CSV_END;
}

/* --- columns --- */

static bool is_header(const struct csv_field *field, const char *name)
{
    const char *text = field->text + strspn(field->text, " \t");
    size_t bytes = strlen(text), wanted = strlen(name);
    while (bytes > 0 && (text[bytes - 1] == ' ' || text[bytes - 1] == '\t'))
        bytes--;
    return bytes == wanted && strncasecmp(text, name, bytes) == 0;
}

static int known_name(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* The header `theirs`; -1 with an error when it is missing or there twice. */
static int find_header(const struct csv *csv, const char *theirs, bool is_required)
{
    struct import_quote quote;
    int found = -1;
    for (size_t i = 0; i < csv->fields_count; i++) {
        if (!is_header(&csv->fields[i], theirs))
            continue;
        if (found >= 0)
            import_error(csv->report, csv_source(csv, &csv->fields[i]), "import.column_twice",
                         "there are two columns \"%s\"", import_quote(&quote, theirs));
        found = (int)i;
    }
    if (found < 0 && is_required)
        import_error(csv->report, csv_source(csv, &csv->fields[0]), "import.map_no_column",
                     "there is no column \"%s\", which --map names", import_quote(&quote, theirs));
    return found;
}

/* Says once which columns are passed over; a typing error in an optional header would be lost
 * otherwise. */
static void warn_unused(const struct csv *csv, const bool *is_used)
{
    struct import_quote quote;
    char list[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < csv->fields_count; i++) {
        if (is_used[i] || csv->fields[i].bytes == 0)
            continue;
        int written = snprintf(list + used, sizeof list - used, "%s\"%s\"", used == 0 ? "" : ", ",
                               import_quote(&quote, csv->fields[i].text));
        if (written < 0 || (size_t)written >= sizeof list - used)
            break;
        used += (size_t)written;
    }
    if (used > 0)
        import_warning(csv->report, csv_source(csv, &csv->fields[0]), "import.columns_unused",
                       "not used: column %s", list);
}

static bool read_maps(const struct csv *csv, const char *const *names,
                      const struct import_map *maps, size_t maps_count, struct csv_columns *columns)
{
    size_t errors = csv->report->errors.count;
    for (size_t i = 0; i < maps_count; i++) {
        int name = known_name(names, maps[i].ours);
        struct import_quote quote;
        if (name < 0)
            import_error(csv->report, csv_source(csv, &csv->fields[0]), "import.map_unknown",
                         "--map: there is no \"%s\" to be mapped here",
                         import_quote(&quote, maps[i].ours));
        else if (columns->at[name] >= 0)
            import_error(csv->report, csv_source(csv, &csv->fields[0]), "import.map_twice",
                         "--map: \"%s\" is mapped twice", maps[i].ours);
        else
            columns->at[name] = find_header(csv, maps[i].theirs, true);
    }
    return csv->report->errors.count == errors;
}

bool csv_columns_read(const struct csv *csv, const char *const *names,
                      const struct import_map *maps, size_t maps_count, struct csv_columns *columns)
{
    size_t errors = csv->report->errors.count;
    bool is_used[IMPORT_COLUMNS_MAX] = {false};
    columns->fields_count = csv->fields_count;
    columns->header = csv_source(csv, &csv->fields[0]);
    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++)
        columns->at[i] = -1;
    if (!read_maps(csv, names, maps, maps_count, columns))
        return false;
    for (int i = 0; i < IMPORT_COLUMNS_MAX; i++)
        if (columns->at[i] >= 0)
            is_used[columns->at[i]] = true;
    for (int i = 0; names[i] != NULL; i++) {
        assert(i < IMPORT_COLUMNS_MAX);
        int found = columns->at[i] < 0 ? find_header(csv, names[i], false) : -1;
        if (found < 0 || is_used[found])
            continue; /* a header that a map took for something else is not ours as well */
        columns->at[i] = found;
        is_used[found] = true;
    }
    warn_unused(csv, is_used);
    return csv->report->errors.count == errors;
}

const struct csv_field *csv_column(const struct csv *csv, const struct csv_columns *columns,
                                   int name)
{
    return columns->at[name] < 0 ? NULL : &csv->fields[columns->at[name]];
}

bool csv_cell(const struct csv *csv, const struct csv_columns *columns, int name, const char *what,
              const char **text, struct import_source *at)
{
    const struct csv_field *field = csv_column(csv, columns, name);
    *text = "";
    *at = csv_source(csv, field == NULL ? &csv->fields[0] : field);
    if (field == NULL)
        return true;
    size_t bytes = field->bytes;
    const char *label = field->text;
    if (!import_label(csv->report, *at, what, &label, &bytes))
        return false;
    if (label[bytes] != '\0')
        ((char *)label)[bytes] = '\0'; /* fields are cut up in place already */
    *text = label;
    return true;
}

bool csv_record_fits(const struct csv *csv, const struct csv_columns *columns)
{
    if (csv->fields_count == columns->fields_count)
        return true;
    import_error(
        csv->report, csv_source(csv, &csv->fields[0]), "import.fields_count",
        "%zu fields, but the header has %zu: a field with a \"%c\" in it must be in quotes",
        csv->fields_count, columns->fields_count, csv->separator);
    return false;
}
