/* The list of what is wrong with an inventory.
 *
 * Problems are listed in the order in which they are found, which is the order of the file. The
 * list has an end (PLAN_ERRORS_MAX): a wrong separator makes an error of every line, and nobody
 * reads a million of them. All text is kept in one growing store, the same that plans use.
 */
#include "ticketing/import_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/said.h"

void import_report_init(struct import_report *report)
{
    memset(report, 0, sizeof *report);
}

void import_report_release(struct import_report *report)
{
    plan_free(report->text);
    free(report->errors.items);
    free(report->warnings.items);
    free(report->pairs);
    import_report_init(report);
}

bool import_no_memory(struct import_report *report)
{
    report->is_out_of_memory = true;
    return false;
}

const char *import_text(struct import_report *report, const char *text, size_t bytes)
{
    if (report->text == NULL)
        report->text = plan_create(&(struct plan_sizes){0});
    const char *copy = report->text == NULL ? NULL : plan_text(report->text, text, bytes);
    if (copy != NULL)
        return copy;
    import_no_memory(report);
    return "";
}

bool import_grow(struct import_report *report, void **items, size_t *capacity, size_t needed,
                 size_t item_bytes)
{
    if (needed <= *capacity)
        return true;
    size_t wanted = *capacity < 16 ? 16 : *capacity * 2;
    if (wanted < needed)
        wanted = needed;
    void *grown = reallocarray(*items, wanted, item_bytes);
    if (grown == NULL)
        return import_no_memory(report);
    *items = grown;
    *capacity = wanted;
    return true;
}

static void add_problem(struct import_report *report, struct import_problems *problems,
                        struct import_source at, const struct said *said)
{
    problems->count++;
    if (problems->listed == PLAN_ERRORS_MAX)
        return;
    if (problems->items == NULL)
        problems->items = calloc(PLAN_ERRORS_MAX, sizeof *problems->items);
    if (problems->items == NULL) {
        import_no_memory(report);
        return;
    }
    problems->items[problems->listed++] = (struct import_problem){
        .file = at.file,
        .line = at.line,
        .column = at.column,
        .message = import_text(report, said->text, strlen(said->text)),
        .code = said->code,
        .values = import_text(report, said->values, said->values_bytes),
        .values_count = said->values_count,
    };
}

void import_error(struct import_report *report, struct import_source at, const char *code,
                  const char *format, ...)
{
    struct said problem;
    va_list arguments;
    va_start(arguments, format);
    said_with(&problem, code, format, arguments);
    va_end(arguments);
    add_problem(report, &report->errors, at, &problem);
}

void import_warning(struct import_report *report, struct import_source at, const char *code,
                    const char *format, ...)
{
    struct said problem;
    va_list arguments;
    va_start(arguments, format);
    said_with(&problem, code, format, arguments);
    va_end(arguments);
    add_problem(report, &report->warnings, at, &problem);
}

void import_pair_add(struct import_report *report, const char *section, const char *key,
                     const char *value, uint32_t line)
{
    struct import_pair *grown =
        reallocarray(report->pairs, report->pairs_count + 1, sizeof *report->pairs);
    if (grown == NULL) {
        import_no_memory(report);
        return;
    }
    report->pairs = grown;
    report->pairs[report->pairs_count++] = (struct import_pair){
        .section = import_text(report, section, strlen(section)),
        .key = import_text(report, key, strlen(key)),
        .value = import_text(report, value, strlen(value)),
        .line = line,
    };
}

const char *import_pair_get(const struct import_report *report, const char *section,
                            const char *key)
{
    for (size_t i = 0; i < report->pairs_count; i++)
        if (strcmp(report->pairs[i].section, section) == 0 &&
            strcmp(report->pairs[i].key, key) == 0)
            return report->pairs[i].value;
    return NULL;
}

char *import_problem_format(const struct import_problem *problem, char *out, size_t out_bytes_max)
{
    int written;
    if (problem->line == 0)
        written = snprintf(out, out_bytes_max, "%s: %s", problem->file, problem->message);
    else if (problem->column == 0)
        written = snprintf(out, out_bytes_max, "%s:%u: %s", problem->file, problem->line,
                           problem->message);
    else
        written = snprintf(out, out_bytes_max, "%s:%u:%u: %s", problem->file, problem->line,
                           problem->column, problem->message);
    if (written < 0 && out_bytes_max > 0)
        out[0] = '\0';
    return out;
}

const char *import_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

const char *import_quote(struct import_quote *quote, const char *text)
{
    size_t used = 0, characters = 0;
    for (; *text != '\0' && characters < 40; text++) {
        quote->text[used++] = *text;
        /* Stop only in front of a new character: 40 of at most 4 bytes fit. */
        if (((unsigned char)text[1] & 0xc0) != 0x80)
            characters++;
        if (used == IMPORT_QUOTE_BYTES - 4)
            break;
    }
    if (*text != '\0' && used < IMPORT_QUOTE_BYTES - 3) {
        memcpy(quote->text + used, "...", 3);
        used += 3;
    }
    quote->text[used] = '\0';
    return quote->text;
}
