/* A report as one HTML file that needs nothing else: styles, script and figures are inside. */
#ifndef STAMPEDE_REPORT_HTML_H
#define STAMPEDE_REPORT_HTML_H

#include <jansson.h>
#include <stdbool.h>

/* Writes the page of a report, of one crowd (report_json.c) or of a scenario (scenario_run.c).
 * False when the file cannot be written (said on stderr). */
bool report_html_write(const json_t *report, const char *path);
/* `stampede page REPORT.json FILE.html`: the page of a report that was
 * kept. Returns an exit code. */
int report_html_command(int argc, char **argv);

#endif
