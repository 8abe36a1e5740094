/* CSV fields: RFC 4180 quoting and the guard against formulas. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "server/base/csv_field.h"

Test(csv_field, quoting_and_formulas)
{
    static const struct {
        const char *text, *field;
    } cases[] = {{"", ""},
                 {"plain", "plain"},
                 {"12-16", "12-16"},
                 {"a,b", "\"a,b\""},
                 {"say \"hi\"", "\"say \"\"hi\"\"\""},
                 {"two\nlines", "\"two\nlines\""},
                 {"=1+1", "'=1+1"},
                 {"+49 30", "'+49 30"},
                 {"-5", "'-5"},
                 {"@SUM(A1)", "'@SUM(A1)"},
                 {"\tx", "'\tx"},
                 {"\r=1", "\"'\r=1\""},
                 {"=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""},
                 {"Ränge é 席", "Ränge é 席"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t bytes = 0;
        FILE *out = open_memstream(&text, &bytes);
        csv_write_field(out, cases[i].text);
        cr_assert_eq(fclose(out), 0);
        cr_assert_str_eq(text, cases[i].field);
        free(text);
    }
}
