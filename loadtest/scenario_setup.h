/* Events on the server, through its command line program: it needs the server's data directory and
 * no password. */
#ifndef STAMPEDE_SCENARIO_SETUP_H
#define STAMPEDE_SCENARIO_SETUP_H

#include "loadtest/scenario.h"

#define EVENT_ID_ROOM 64

/* Lifetime: one scenario run. */
struct scenario_setup {
    char program[4096]; /* of `stanchion` */
    const char *data_dir;
    char ids[STAMPEDE_EVENTS_MAX][EVENT_ID_ROOM]; /* of the scenario's events on the server */
    size_t loaded_count;                          /* the first of them that are there */
};

/* Finds the program and makes up ids that are new on the server. False, with the reason on stderr,
 * when there is none. `name` is the scenario's. */
bool scenario_setup_init(struct scenario_setup *u, const struct stampede_options *o,
                         const struct scenario *s, const char *name);
/* Loads every event; nothing is on sale yet. False when it failed (said on stderr). */
bool scenario_setup_load(struct scenario_setup *u, const struct scenario *s);
/* Sets every event's settings, then those of the command line (--set), and opens the sale of
 * events that do not say otherwise. Times count from start_ms. */
bool scenario_setup_open(const struct scenario_setup *u, const struct scenario *s,
                         const struct stampede_options *o, int64_t start_ms);
/* Changes one setting of one event. */
bool scenario_setup_set(const struct scenario_setup *u, size_t event,
                        const struct scenario_setting *setting, int64_t start_ms);
/* Closes the events that were loaded, so that the server does not go on selling. */
void scenario_setup_close(const struct scenario_setup *u);

#endif
