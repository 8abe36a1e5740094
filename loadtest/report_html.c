/* The page is a template in which {{words}} stand for the parts; the parts are files of page/,
 * compiled in. Figures go in as JSON with every '<' escaped, so that no text in them can end the
 * script element. */
#include "loadtest/report_html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/load_run.h"
#include "loadtest/report.h"
#include "page_files.h"

static void write_data(const json_t *report, FILE *f)
{
    char *text = json_dumps(report, JSON_COMPACT);
    for (const char *at = text; at && *at; at++)
        if (*at == '<')
            fputs("\\u003c", f);
        else
            putc(*at, f);
    free(text);
}

static void write_escaped(const char *text, FILE *f)
{
    for (; *text; text++)
        if (*text == '<')
            fputs("&lt;", f);
        else if (*text == '&')
            fputs("&amp;", f);
        else
            putc(*text, f);
}

static void write_title(const json_t *report, FILE *f)
{
    const char *title = json_string_value(json_object_get(report, "title"));
    const char *event = json_string_value(json_object_get(json_object_get(report, "run"), "event"));
    write_escaped(title ? title : event ? event : "a run", f);
    fputs(" - stampede", f);
}

static void write_part(const char *name, size_t name_bytes, const json_t *report, FILE *f)
{
    static const struct {
        const char *name;
        const unsigned char *text;
        const unsigned long *bytes;
    } parts[] = {{"css", page_report_css, &page_report_css_bytes},
                 {"plots", page_plots_js, &page_plots_js_bytes},
                 {"report", page_report_js, &page_report_js_bytes}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strlen(parts[i].name) == name_bytes && memcmp(name, parts[i].name, name_bytes) == 0)
            fwrite(parts[i].text, 1, *parts[i].bytes, f);
    if (name_bytes == 4 && memcmp(name, "data", 4) == 0)
        write_data(report, f);
    if (name_bytes == 5 && memcmp(name, "title", 5) == 0)
        write_title(report, f);
}

static void write_page(const json_t *report, FILE *f)
{
    const char *at = (const char *)page_report_html, *mark, *end;
    while ((mark = strstr(at, "{{")) && (end = strstr(mark, "}}"))) {
        fwrite(at, 1, (size_t)(mark - at), f);
        write_part(mark + 2, (size_t)(end - mark - 2), report, f);
        at = end + 2;
    }
    fputs(at, f);
}

bool report_html_write(const json_t *report, const char *path)
{
    FILE *f = fopen(path, "we");
    if (f)
        write_page(report, f);
    bool is_good = f && !ferror(f);
    if (f)
        is_good = fclose(f) == 0 && is_good;
    if (!is_good)
        fprintf(stderr, "stampede: the page %s cannot be written\n", path);
    return is_good;
}

int report_html_command(int argc, char **argv)
{
    json_error_t error;
    if (argc != 3) {
        fprintf(stderr, "usage: stampede page REPORT.json FILE.html\n");
        return LOAD_RUN_USAGE;
    }
    json_t *report = json_load_file(argv[1], 0, &error);
    if (!json_object_get(report, "verdict")) {
        fprintf(stderr, "stampede: %s is no report of stampede%s%s\n", argv[1], report ? "" : ": ",
                report ? "" : error.text);
        json_decref(report);
        return LOAD_RUN_USAGE;
    }
    bool is_good = report_html_write(report, argv[2]);
    json_decref(report);
    return is_good ? 0 : VERDICT_NOT_CARRIED_OUT;
}
