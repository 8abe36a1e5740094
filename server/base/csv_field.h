/* One field of a CSV file that a person will open in a spreadsheet. */
#ifndef STANCHION_CSV_FIELD_H
#define STANCHION_CSV_FIELD_H

#include <stdio.h>

/* Writes text as an RFC 4180 field: quoted when it holds a comma, a quote or a line break. A text
 * that begins with = + - @ tab or CR gets a ' in front, so that no spreadsheet runs it as a formula
 * (OWASP "CSV Injection"). */
void csv_write_field(FILE *out, const char *text);

#endif
