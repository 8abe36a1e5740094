/* The importer's parts, each as a table: money, ranges, text, CSV, time. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticketing/import_csv.h"
#include "ticketing/import_money.h"
#include "ticketing/import_ranges.h"
#include "ticketing/import_table.h"

/* --- money --- */

Test(money, is_exact)
{
    static const struct {
        const char *text, *currency;
        enum money_status status;
        int64_t minor;
    } cases[] = {
        {"12.50", "EUR", MONEY_OK, 1250},
        {"12.5", "EUR", MONEY_OK, 1250},
        {"12", "EUR", MONEY_OK, 1200},
        {"0", "EUR", MONEY_OK, 0},
        {"0.07", "EUR", MONEY_OK, 7},
        {"0012.50", "EUR", MONEY_OK, 1250},
        {"1500", "KRW", MONEY_OK, 1500},
        {"1.234", "KWD", MONEY_OK, 1234},
        {"100000000.00", "EUR", MONEY_OK, 10000000000},
        {"100000000.01", "EUR", MONEY_TOO_LARGE, 0},
        {"99999999999999999999999999999999999", "EUR", MONEY_TOO_LARGE, 0},
        {"10000000001", "KRW", MONEY_TOO_LARGE, 0},
        {"12.345", "EUR", MONEY_DECIMALS, 0},
        {"12.000", "EUR", MONEY_DECIMALS, 0},
        {"1.5", "KRW", MONEY_DECIMALS, 0},
        {"-1", "EUR", MONEY_NEGATIVE, 0},
        {"-0", "EUR", MONEY_NEGATIVE, 0},
        {"1e400", "EUR", MONEY_EXPONENT, 0},
        {"1E2", "EUR", MONEY_EXPONENT, 0},
        {"1.5e2", "EUR", MONEY_EXPONENT, 0},
        {"12,50", "EUR", MONEY_COMMA, 0},
        {"1,234.50", "EUR", MONEY_COMMA, 0},
        {"1'234.50", "CHF", MONEY_COMMA, 0},
        {"1 234.50", "EUR", MONEY_COMMA, 0},
        {"1.234.567", "EUR", MONEY_NOT_NUMBER, 0},
        {"", "EUR", MONEY_EMPTY, 0},
        {".", "EUR", MONEY_NOT_NUMBER, 0},
        {".5", "EUR", MONEY_NOT_NUMBER, 0},
        {"5.", "EUR", MONEY_NOT_NUMBER, 0},
        {"+5", "EUR", MONEY_NOT_NUMBER, 0},
        {"5 EUR", "EUR", MONEY_NOT_NUMBER, 0},
        {"0x10", "EUR", MONEY_NOT_NUMBER, 0},
        {"inf", "EUR", MONEY_NOT_NUMBER, 0},
        {"nan", "EUR", MONEY_NOT_NUMBER, 0},
        {"\xd9\xa1\xd9\xa2", "EUR", MONEY_NOT_NUMBER, 0}, /* Arabic digits: not guessed at */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t minor = -1;
        int exponent = money_exponent(cases[i].currency);
        enum money_status status = money_parse(cases[i].text, exponent, &minor);
        cr_expect(eq(int, status, cases[i].status), "\"%s\" %s", cases[i].text, cases[i].currency);
        cr_expect(eq(i64, minor, status == MONEY_OK ? cases[i].minor : -1), "\"%s\"",
                  cases[i].text);
        cr_expect(money_status_text(status) != NULL);
    }
}

Test(money, knows_currencies)
{
    static const struct {
        const char *code;
        int exponent;
    } cases[] = {{"EUR", 2}, {"USD", 2},  {"UAH", 2},  {"ZWG", 2},  {"AED", 2},
                 {"KRW", 0}, {"JPY", 0},  {"BIF", 0},  {"XPF", 0},  {"KWD", 3},
                 {"BHD", 3}, {"TND", 3},  {"eur", -1}, {"EU", -1},  {"EURO", -1},
                 {"", -1},   {"XAU", -1}, {"CLF", -1}, {"UR ", -1}, {"R U", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(eq(int, money_exponent(cases[i].code), cases[i].exponent), "%s", cases[i].code);
}

/* --- ranges --- */

struct labels {
    char text[400];
    size_t count;
};

static bool collect(void *ctx, struct import_source at, const char *label)
{
    struct labels *labels = ctx;
    (void)at;
    size_t used = strlen(labels->text);
    if (labels->count++ < 20)
        snprintf(labels->text + used, sizeof labels->text - used, "%s%s", used == 0 ? "" : " ",
                 label);
    return true;
}

Test(ranges, are_lists_of_labels)
{
    static const struct {
        const char *list, *labels;
        uint32_t step;
        size_t errors, warnings;
    } cases[] = {
        {"1-5", "1 2 3 4 5", 1, 0, 0},
        {"1-10,12-16", "1 2 3 4 5 6 7 8 9 10 12 13 14 15 16", 1, 0, 0},
        {" 1 - 3 ; 7 ", "1 2 3 7", 1, 0, 0},
        {"20-15", "20 19 18 17 16 15", 1, 0, 0},
        {"2-10", "2 4 6 8 10", 2, 0, 0},
        {"10-2", "10 8 6 4 2", 2, 0, 0},
        {"1-10", "1 3 5 7 9", 2, 0, 1},
        {"08-11", "08 09 10 11", 1, 0, 0},
        {"01-03,1-2", "01 02 03 1 2", 1, 0, 0},
        {"0-2", "0 1 2", 1, 0, 0},
        {"A", "A", 1, 0, 0},
        {"A, B,12a", "A B 12a", 1, 0, 0},
        {"\xd0\x90,\xe4\xb8\x80", "\xd0\x90 \xe4\xb8\x80", 1, 0, 0},
        {"5-5", "5", 1, 0, 0},
        {"A-F", "", 1, 1, 0},
        {"1-", "", 1, 1, 0},
        {"-5", "", 1, 1, 0},
        {"1-2-3", "", 1, 1, 0},
        {"1,,3", "1", 1, 1, 0},
        {"1,", "1", 1, 1, 0},
        {"9-010", "", 1, 1, 0},
        {"1-999999999", "", 1, 1, 0},
        {"1-9999999999", "", 1, 1, 0},
        {"1\xe2\x80\x93"
         "5",
         "", 1, 1, 0}, /* en dash */
        {"1\xe2\x88\x92"
         "5",
         "", 1, 1, 0}, /* minus sign */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct import_report report;
        struct labels labels = {.text = ""};
        import_report_init(&report);
        bool is_good = import_ranges(&report, (struct import_source){"x", 1, 1}, cases[i].list,
                                     cases[i].step, collect, &labels);
        cr_expect_str_eq(labels.text, cases[i].labels, "%s", cases[i].list);
        cr_expect(eq(sz, report.errors.count, cases[i].errors), "%s", cases[i].list);
        cr_expect(eq(sz, report.warnings.count, cases[i].warnings), "%s", cases[i].list);
        cr_expect(eq(int, is_good, cases[i].errors == 0), "%s", cases[i].list);
        import_report_release(&report);
    }
}

Test(ranges, name_the_column_of_the_faulty_part)
{
    struct import_report report;
    struct labels labels = {.text = ""};
    import_report_init(&report);
    import_ranges(&report, (struct import_source){"x", 3, 10}, "1-2, \xd0\x90, B-C", 1, collect,
                  &labels);
    cr_assert(eq(sz, report.errors.count, 1));
    cr_assert(eq(u32, report.errors.items[0].line, 3));
    cr_assert(eq(u32, report.errors.items[0].column, 18));
    import_report_release(&report);
}

/* --- text --- */

Test(text, is_utf8_and_nothing_else)
{
    static const struct {
        const char *bytes;
        size_t count;
        uint32_t line, column; /* of the error; 0 = good */
    } cases[] = {
#define BYTES(text) (text), sizeof(text) - 1
        {BYTES("abc"), 0, 0},
        {BYTES("\xef\xbb\xbfxyz"), 0, 0},
        {BYTES("\xd0\x91\xe4\xb8\x80\xf0\x9f\x8e\xab"), 0, 0},
        {BYTES("\xf4\x8f\xbf\xbf"), 0, 0},
        {BYTES("ab\xff"), 1, 3},
        {BYTES("\xd0\x91\nx\xc3"), 2, 2}, /* cut off */
        {BYTES("\xc3("), 1, 1},
        {BYTES("\xc0\xaf"), 1, 1}, /* overlong / */
        {BYTES("\xc1\xbf"), 1, 1},
        {BYTES("\xe0\x80\xaf"), 1, 1},     /* overlong */
        {BYTES("\xf0\x80\x80\xaf"), 1, 1}, /* overlong */
        {BYTES("\xed\xa0\x80"), 1, 1},     /* surrogate */
        {BYTES("\xf4\x90\x80\x80"), 1, 1}, /* beyond U+10FFFF */
        {BYTES("\xf8\x88\x80\x80\x80"), 1, 1},
        {BYTES("\x80"), 1, 1},
        {BYTES("caf\xe9"), 1, 4}, /* Latin-1 */
        {BYTES("ab\0cd"), 1, 3},
        {BYTES("\xff\xfe"
               "a\0"),
         1, 1}, /* UTF-16 */
        {BYTES("\xfe\xff\0a"), 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct import_report report;
        char bytes[64], *text = bytes;
        size_t count = cases[i].count;
        import_report_init(&report);
        memcpy(bytes, cases[i].bytes, count);
        bytes[count] = '\0';
        enum import_status status = import_check_text(&report, "x", &text, &count);
        cr_expect(eq(int, status, cases[i].line == 0 ? IMPORT_OK : IMPORT_REFUSED), "case %zu", i);
        if (cases[i].line > 0) {
            cr_assert(eq(sz, report.errors.count, 1), "case %zu", i);
            cr_expect(eq(u32, report.errors.items[0].line, cases[i].line), "case %zu", i);
            cr_expect(eq(u32, report.errors.items[0].column, cases[i].column), "case %zu", i);
        }
        import_report_release(&report);
    }
}

Test(text, messages_are_one_printable_line)
{
    struct import_report report;
    char line[2 * IMPORT_MESSAGE_BYTES_MAX], long_text[1200];
    import_report_init(&report);
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 1; i + 2 < sizeof long_text; i += 2)
        memcpy(long_text + i, "\xd0\x91", 2);
    long_text[sizeof long_text - 1] = '\0';
    import_error(&report, (struct import_source){"f.csv", 1, 2}, "import.x",
                 "a\nb\x1b[31m\xc2\x9b"
                 "c\x7f");
    import_error(&report, (struct import_source){"f.csv", 1, 0}, "import.x", "%s", long_text);
    import_error(&report, (struct import_source){"f.csv", 0, 0}, "import.x", "x%s", long_text);
    cr_assert_str_eq(import_problem_format(&report.errors.items[0], line, sizeof line),
                     "f.csv:1:2: a?b?[31m??c?");
    for (size_t i = 1; i < 3; i++) {
        const char *message = report.errors.items[i].message;
        char copy[IMPORT_MESSAGE_BYTES_MAX + 1], *text = copy;
        size_t bytes = strlen(message);
        cr_assert(bytes < IMPORT_MESSAGE_BYTES_MAX);
        memcpy(copy, message, bytes + 1);
        cr_assert(eq(int, import_check_text(&report, "x", &text, &bytes), IMPORT_OK));
    }
    cr_assert(strncmp(import_problem_format(&report.errors.items[1], line, sizeof line),
                      "f.csv:1: ", 9) == 0);
    cr_assert(strncmp(import_problem_format(&report.errors.items[2], line, sizeof line),
                      "f.csv: ", 7) == 0);
    import_report_release(&report);
}

Test(text, more_errors_than_the_list_holds_are_counted)
{
    struct import_report report;
    import_report_init(&report);
    for (size_t i = 0; i < PLAN_ERRORS_MAX + 7; i++)
        import_error(&report, (struct import_source){"x", 1, 1}, "import.x", "%zu", i);
    cr_assert(eq(sz, report.errors.listed, PLAN_ERRORS_MAX));
    cr_assert(eq(sz, report.errors.count, PLAN_ERRORS_MAX + 7));
    import_report_release(&report);
}

/* --- CSV --- */

/* All records as "a|b|c;" and errors as "!line:column;". */
static void csv_to_text(const char *input, char *out, size_t max)
{
    struct import_report report;
    struct csv csv;
    char text[400];
    size_t used = 0, seen = 0;
    import_report_init(&report);
    memcpy(text, input, strlen(input) + 1);
    csv_init(&csv, &report, "x", text);
    out[0] = '\0';
    for (enum csv_status status; (status = csv_next(&csv)) != CSV_END;) {
        for (size_t i = 0; status == CSV_RECORD && i < csv.fields_count; i++)
            used += (size_t)snprintf(out + used, max - used, "%s%s", i == 0 ? "" : "|",
                                     csv.fields[i].text);
        for (; seen < report.errors.listed; seen++)
            used +=
                (size_t)snprintf(out + used, max - used, "!%u:%u", report.errors.items[seen].line,
                                 report.errors.items[seen].column);
        used += (size_t)snprintf(out + used, max - used, ";");
    }
    import_report_release(&report);
}

Test(csv, reads_what_rfc_4180_says)
{
    static const struct {
        const char *input, *expected;
    } cases[] = {
        {"a,b\n1,2\n", "a|b;1|2;"},
        {"a,b\r\n1,2\r\n", "a|b;1|2;"},
        {"a,b\r1,2", "a|b;1|2;"},
        {"a;b\n1,5;2\n", "a|b;1,5|2;"},
        {"\"a;x\",b\n1,2\n", "a;x|b;1|2;"},
        {"a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "a|b;x,y|say \"hi\";"},
        {"a,b\n\"two\r\nlines\",2\n", "a|b;two\r\nlines|2;"},
        {"a,b\n\"\",\n", "a|b;"}, /* a blank record */
        {"a,b\n,x\n", "a|b;|x;"},
        {"a,b\n1,\n", "a|b;1|;"},
        {"a,b\n1,", "a|b;1|;"},
        {"\n\n a , b \n\n1,2\n,,\n  \n", " a | b ;1|2;"},
        {"a,b\n\"x\"y,2\n3,4\n", "a|b;!2:4;3|4;"},
        {"a,b\nx\"y,2\n3,4\n", "a|b;!2:2;3|4;"},
        {"a,b\n1,\"open\n3,4\n", "a|b;!2:3;"},
        {"\xd0\x91,b\n\xd0\x91\xd0\x91,x\"\n", "\xd0\x91|b;!2:5;"},
        {"", ""},
        {"a", "a;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[400];
        csv_to_text(cases[i].input, out, sizeof out);
        cr_expect_str_eq(out, cases[i].expected, "case %zu: %s", i, out);
    }
}

Test(csv, knows_where_fields_are)
{
    struct import_report report;
    struct csv csv;
    char text[] = "a,b,c\n\xd0\x91,\"x\ny\", z\n1,2,3";
    import_report_init(&report);
    csv_init(&csv, &report, "x", text);
    cr_assert(eq(int, csv_next(&csv), CSV_RECORD));
    cr_assert(eq(int, csv_next(&csv), CSV_RECORD));
    const uint32_t expected[][2] = {{2, 1}, {2, 3}, {3, 4}};
    for (size_t i = 0; i < 3; i++) {
        cr_expect(eq(u32, csv.fields[i].line, expected[i][0]), "%zu", i);
        cr_expect(eq(u32, csv.fields[i].column, expected[i][1]), "%zu", i);
    }
    cr_assert(eq(int, csv_next(&csv), CSV_RECORD));
    cr_assert(eq(u32, csv.fields[0].line, 4));
    import_report_release(&report);
}

Test(csv, has_a_limit_of_columns)
{
    struct import_report report;
    struct csv csv;
    char text[2 * IMPORT_COLUMNS_MAX + 20] = "";
    import_report_init(&report);
    for (size_t i = 0; i < IMPORT_COLUMNS_MAX; i++)
        memcpy(&text[2 * i], "x,", 3);
    memcpy(&text[sizeof text - 20], "x\n1\n", 5);
    csv_init(&csv, &report, "x", text);
    cr_assert(eq(int, csv_next(&csv), CSV_BAD));
    cr_assert(eq(sz, report.errors.count, 1));
    cr_assert(eq(int, csv_next(&csv), CSV_RECORD));
    cr_assert(eq(int, csv_next(&csv), CSV_END));
    import_report_release(&report);
}

/* --- table --- */

Test(table, finds_what_was_put)
{
    struct import_table table = {0};
    static char keys[5000][8];
    bool is_stored;
    cr_assert(eq(u32, import_table_get(&table, 0, "x"), IMPORT_TABLE_NONE));
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(keys[i], sizeof keys[i], "%u", i / 2);
        cr_assert(
            eq(u32, import_table_put(&table, i % 2, keys[i], i, &is_stored), IMPORT_TABLE_NONE));
        cr_assert(is_stored);
    }
    for (uint32_t i = 0; i < 5000; i++) {
        cr_assert(eq(u32, import_table_get(&table, i % 2, keys[i]), i));
        cr_assert(eq(u32, import_table_put(&table, i % 2, keys[i], 9, &is_stored), i));
    }
    cr_assert(eq(u32, import_table_get(&table, 2, "1"), IMPORT_TABLE_NONE));
    cr_assert(eq(u32, import_table_get(&table, 0, "01"), IMPORT_TABLE_NONE));
    import_table_release(&table);
}
