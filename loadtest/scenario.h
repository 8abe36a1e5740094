/* A scenario: events to set up, crowds to send there, faults to trigger, thresholds to keep; read
 * from an INI file (docs/stampede.md, "Scenario files"). Pure: text in, struct or an error with its
 * line out.
 *
 *   [scenario]          title, about
 *   [event NAME]        inventory or seats; everything else is a setting of the event
 *   [crowd NAME]        event, and the options of the command line without their dashes
 *   [faults]            SECONDS = kill PROCESS | flush redis | drop SHARE | set EVENT KEY=VALUE
 *   [expect CROWD]      thresholds, one a line (expect.h)
 *
 * A name may be left out where there is only one. */
#ifndef STAMPEDE_SCENARIO_H
#define STAMPEDE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loadtest/limits.h"
#include "loadtest/options.h"

/* A setting of an event. A value "+8s" means: that long after the first visitor may come, as
 * milliseconds since 1970. */
struct scenario_setting {
    const char *key, *value;
};

struct scenario_event {
    const char *name;
    const char *inventory; /* what `stanchion event load` gets; NULL: `seats` are made up */
    uint32_t seats;
    struct scenario_setting settings[STAMPEDE_SCENARIO_SETTINGS_MAX];
    size_t settings_count;
};

struct scenario_crowd {
    const char *name;
    size_t event;                    /* index */
    struct stampede_options options; /* with the thresholds of [expect] */
};

enum fault_kind {
    FAULT_KILL,  /* kill -9 a process of the server, or all whose names begin like that */
    FAULT_FLUSH, /* Redis forgets everything */
    FAULT_DROP,  /* that share of all who are connected lose their connection at once */
    FAULT_SET,   /* changes a setting of an event */
    FAULT_KIND_COUNT
};

struct scenario_fault {
    enum fault_kind kind;
    double at_s;
    const char *process; /* kill: "gateway 0", "gateways", "redis" */
    double share;        /* drop */
    size_t event;        /* set */
    struct scenario_setting setting;
};

/* Strings point into `text`, which is owned. */
struct scenario {
    char *text;
    const char *title, *about;
    struct scenario_event events[STAMPEDE_EVENTS_MAX];
    struct scenario_crowd crowds[STAMPEDE_CROWDS_MAX];
    struct scenario_fault faults[STAMPEDE_FAULTS_MAX];
    size_t events_count, crowds_count, faults_count;
};

struct scenario_error {
    unsigned line; /* from 1; 0 = the file as a whole */
    char text[200];
};

/* Reads a scenario out of `bytes` bytes of text, which are copied. Crowds begin with `defaults`.
 * NULL with *error set when something is wrong: the first fault in the file. */
struct scenario *scenario_parse(const char *text, size_t bytes,
                                const struct stampede_options *defaults,
                                struct scenario_error *error);
/* NULL is fine. */
void scenario_free(struct scenario *s);

/* The value of a setting as the server takes it: "+8s" counted from start_ms, all else as it is.
 * False when it does not fit or is no such time. */
bool scenario_setting_value(const char *value, int64_t start_ms, char *out, size_t out_bytes_max);

#endif
