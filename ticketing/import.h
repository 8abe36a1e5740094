/* Loading an organizer's inventory: seating plan, prices and event data from files of theirs.
 *
 * The whole input is read and checked before a plan exists; nothing is written anywhere. Every
 * fault is listed with file, line, column and what was expected, up to PLAN_ERRORS_MAX of them; the
 * rest is counted. What can be read in only one way but deserves a look is a warning. The formats
 * are described in docs/inventory.md.
 *
 * Reading the files is the only I/O; no clock, no randomness. Meant for a short-lived caller: one
 * load of 100,000 seats takes a few hundred milliseconds.
 */
#ifndef STANCHION_IMPORT_H
#define STANCHION_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/said.h"
#include "ticketing/plan.h"

#define IMPORT_MAPS_MAX 32
/* After so many, listed or not, the plan is read no further. */
#define IMPORT_ERRORS_COUNT_MAX 100000
/* About 12 to a seat are usual; more are refused unparsed. */
#define IMPORT_JSON_VALUES_MAX 4000000
#define IMPORT_MESSAGE_BYTES_MAX SAID_TEXT_BYTES_MAX /* longer messages are cut */

enum import_status {
    IMPORT_OK = 0,
    IMPORT_REFUSED,    /* the input has errors; the report lists them */
    IMPORT_UNREADABLE, /* a file is missing, cannot be read, is too large or not a file; in the
                          report too */
    IMPORT_NO_MEMORY,
    IMPORT_STATUS_COUNT
};

/* "--map section=sector": our column `ours` stands in the file under the header `theirs`. */
struct import_map {
    const char *ours;
    const char *theirs;
};

struct import_options {
    const char *path;        /* a plan file, or a directory (see docs/inventory.md) */
    const char *prices_path; /* price file; NULL = prices.csv of a directory, if there is one */
    const struct import_map *maps;
    size_t maps_count;    /* at most IMPORT_MAPS_MAX */
    const char *currency; /* of an event.ini that names none; NULL = none */
    bool may_lack_prices; /* a category without one gets PLAN_PRICE_NONE instead of an error */
};

struct import_problem {
    const char *file;
    uint32_t line, column; /* from 1, in characters; 0 = no particular place */
    const char *message;   /* one sentence without line breaks or control characters */
    const char *code;      /* of its words in other languages, such as "import.seat_twice" */
    const char *values;    /* what is filled in: so many texts, each with its NUL */
    size_t values_count;
};

/* From event.ini: section "" has name, currency, time_zone; "settings" has event settings,
 * opens_at_ms among them when the file says opens_at with an offset, opens_at itself when it is to
 * be read in the event's time zone (likewise prequeue_at, closes_at). The values are as written;
 * only the caller knows the settings. */
struct import_pair {
    const char *section, *key, *value;
    uint32_t line;
};

struct import_problems {
    struct import_problem *items;
    size_t listed; /* in items, at most PLAN_ERRORS_MAX */
    size_t count;  /* listed or not */
};

struct import_report {
    struct import_problems errors, warnings;
    struct import_pair *pairs;
    size_t pairs_count;
    const char *event_file; /* path of the event.ini that was read, or NULL */
    bool is_out_of_memory;
    struct plan *text; /* owns all strings of the report */
};

void import_report_init(struct import_report *report);
/* Frees everything the report lists; it is as after _init. */
void import_report_release(struct import_report *report);

/* "seats.csv:12:7: message", or without the numbers where there is no place. Returns out. */
char *import_problem_format(const struct import_problem *problem, char *out, size_t out_bytes_max);

/* The value of a pair, or NULL. */
const char *import_pair_get(const struct import_report *report, const char *section,
                            const char *key);

/* Loads and checks everything. On IMPORT_OK *out is a sealed plan, the caller's to plan_free;
 * otherwise *out is not touched and the report has at least one error (but for IMPORT_NO_MEMORY).
 * The report must have been initialised and is added to. */
enum import_status inventory_load(const struct import_options *options, struct plan **out,
                                  struct import_report *report);

#endif
