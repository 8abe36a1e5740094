/* Quoting, and the apostrophe against formulas. */
#include "server/base/csv_field.h"

#include <stdbool.h>
#include <string.h>

void csv_write_field(FILE *out, const char *text)
{
    bool is_formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (is_quoted)
        (void)fputc('"', out);
    if (is_formula)
        (void)fputc('\'', out);
    for (; *text; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    if (is_quoted)
        (void)fputc('"', out);
}
