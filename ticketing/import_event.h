/* event.ini: name, currency, time zone, schedule and settings of the event, as pairs in the
 * report. */
#ifndef STANCHION_IMPORT_EVENT_H
#define STANCHION_IMPORT_EVENT_H

#include "ticketing/import_report.h"

/* inih's limit (INI_MAX_LINE in Debian's build): a longer line is an error. */
#define IMPORT_INI_LINE_BYTES_MAX 198

/* Reads the file; every pair goes to the report, faults too. The path lives
 * as long as the report. */
enum import_status import_event(struct import_report *report, const char *path);

#endif
