/* The command line of stampede. */
#ifndef STAMPEDE_OPTIONS_H
#define STAMPEDE_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include "loadtest/arrival.h"
#include "loadtest/expect.h"
#include "loadtest/limits.h"
#include "loadtest/pause.h"

enum stampede_mode { MODE_JOURNEY, MODE_WAIT, MODE_HOLD, MODE_BUY, MODE_BAD, MODE_COUNT };
/* Which seats people want. */
enum stampede_choice {
    CHOICE_NEAR,  /* some that look free, near each other, anywhere */
    CHOICE_BEST,  /* the server's best */
    CHOICE_FRONT, /* the first row, and the next when it is gone */
    CHOICE_COUNT
};

/* What a calibration found out about the tester on this machine; 0 = not known. */
struct tester_rates {
    double connects_per_s, messages_per_s;
};

/* Strings point into argv or are static. */
struct stampede_options {
    const char *url, *event, *ledger, *report, *html, *own_host;
    const char *children, *provider;  /* NULL = beside the ledger */
    const char *data_dir, *stanchion; /* of a scenario; NULL = not said */
    const char *label;                /* printed before each line; NULL = none */
    enum stampede_mode mode;
    enum stampede_choice choice;
    uint32_t visitors, processes; /* processes: 0 = as few as the open-file limit allows */
    struct arrival arrival;
    double duration_s;
    double answer_s;   /* a connection without an answer for so long is given up */
    double split_at_s; /* latencies of what is due from then on are told apart; 0 = never */
    double no_show, leave, no_pay, decline, double_click, tabs, refresh, grab, slow_cards,
        maps;          /* shares, 0 to 1 */
    double finish_min; /* share that must come to an end */
    double hold_rate;  /* holds/s (mode buy: orders/s) over all, 0 = no pause */
    uint32_t buyers;   /* mode buy without a rate: so many at a time over all */
    uint32_t seats_min, seats_max;
    uint32_t reloads;      /* how often those who reload do so */
    uint32_t tabs_each;    /* how many more tabs those open who do */
    struct pause think;    /* before each step inside */
    struct pause patience; /* in line, then they leave; is_patient: for ever */
    bool is_patient;
    uint64_t seed;
    int64_t cap;               /* -1 = from the ledger's settings of the event */
    bool is_plain, is_lenient; /* is_lenient: a missed threshold is told and changes nothing */
    struct tester_rates rates;
    pid_t server_pids[STAMPEDE_SERVER_PIDS_MAX];
    uint32_t server_pids_count;
    struct expectation expectations[STAMPEDE_EXPECTATIONS_MAX];
    const char *expectation_texts[STAMPEDE_EXPECTATIONS_MAX];
    size_t expectations_count;
    /* As given on the command line, in order: those win over a scenario's file. */
    struct options_given {
        const char *name, *value;
    } given[STAMPEDE_GIVEN_MAX];
    size_t given_count;
};

enum options_status {
    OPTIONS_OK = 0,
    OPTIONS_HELP,    /* help was asked for and printed to stdout */
    OPTIONS_WRONG,   /* said on stderr */
    OPTIONS_UNKNOWN, /* of stampede_options_set(): no such option of a crowd */
    OPTIONS_STATUS_COUNT
};

/* Reads the command line behind argv[0]. Strings are not copied. */
enum options_status stampede_options_read(int argc, char **argv, struct stampede_options *o);
/* Sets one option that a crowd of a scenario can have. OPTIONS_WRONG: the value does not fit, and
 * *help says what it may be (static). `value` is not copied. */
enum options_status stampede_options_set(struct stampede_options *o, const char *name,
                                         const char *value, const char **help);
/* Adds a threshold; the text is not copied. False when it is none or there are too many. */
bool stampede_options_expect(struct stampede_options *o, const char *text);
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
