/* The command line of stampede. */
#ifndef STAMPEDE_OPTIONS_H
#define STAMPEDE_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include "loadtest/limits.h"

enum stampede_mode { MODE_JOURNEY, MODE_WAIT, MODE_HOLD, MODE_COUNT };

/* Strings point into argv or are static. */
struct stampede_options {
    const char *url, *event, *ledger, *report, *children, *own_host;
    enum stampede_mode mode;
    uint32_t visitors, processes; /* processes: 0 = as few as the open-file limit allows */
    double arrive_within_s, duration_s;
    double leave, no_pay, decline, double_click, tabs, refresh, grab,
        slow_cards;    /* shares, 0 to 1 */
    double finish_min; /* share that must come to an end */
    double hold_rate;  /* holds/s over all, 0 = no pause */
    uint32_t seats_min, seats_max;
    int64_t think_ms_min, think_ms_max;
    uint64_t seed;
    int64_t cap; /* -1 = from the ledger's settings of the event */
    bool is_plain;
    pid_t server_pids[STAMPEDE_SERVER_PIDS_MAX];
    uint32_t server_pids_count;
};

enum options_status {
    OPTIONS_OK = 0,
    OPTIONS_HELP,  /* help was asked for and printed to stdout */
    OPTIONS_WRONG, /* said on stderr */
    OPTIONS_STATUS_COUNT
};

enum options_status stampede_options_read(int argc, char **argv, struct stampede_options *o);
const char *stampede_mode_name(enum stampede_mode mode);

/* Where the target is. */
struct stampede_target {
    char base[300];      /* "http://127.0.0.1:8080" */
    char authority[280]; /* "127.0.0.1:8080" */
    struct sockaddr_in address;
    bool is_loopback;
};

/* Takes the URL apart and looks its host up. Refuses, with the reason in `why`, what is not http,
 * and what is not loopback unless own_host names exactly this host. */
bool stampede_target_init(struct stampede_target *t, const struct stampede_options *o, char *why,
                          size_t why_bytes_max);

#endif
