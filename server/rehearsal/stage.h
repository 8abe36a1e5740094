/* The stage: an installation of its own in DATA/rehearsal, and the visitors on it.
 *
 * Its processes are children of this one. They are told by the kernel when this one dies, and tell
 * theirs in the same way; orphans come to this process, so that none is left unnoticed.
 */
#ifndef STANCHION_REHEARSAL_STAGE_H
#define STANCHION_REHEARSAL_STAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "server/supervisor/data_dir.h"

#define STAGE_DIR_NAME "rehearsal"
#define STAGE_WHY_BYTES 300

struct stage {
    char dir[DATA_PATH_BYTES_MAX];      /* DATA/rehearsal */
    char programs[DATA_PATH_BYTES_MAX]; /* the directory of stanchion and stampede */
    uint16_t port;
    pid_t server, crowd; /* 0 = not running */
    int crowd_end;       /* wait status; valid when crowd has become 0 */
};

struct stage_crowd {
    const char *event;
    uint32_t visitors;
    uint32_t arrive_s, run_s;
};

/* Finds the programs. Done once, before anything else. false: `why` of STAGE_WHY_BYTES says why. */
bool stage_init(struct stage *stage, const char *data_dir, char *why);
/* Ends what runs and removes the directory, also one that somebody else left there: then it waits
 * until nobody uses it any more. false: something of it could not be removed; logged. */
bool stage_clear(struct stage *stage);

/* A clean directory and `stanchion serve` in it. */
bool stage_start_server(struct stage *stage, char *why);
/* Whether the server's Redis and ledger have begun to work: then office_client may be used. */
bool stage_is_up(const struct stage *stage);
/* Whether its gateways serve the event's page. */
bool stage_serves(const struct stage *stage, const char *event);
/* `stampede`, whose reports will be the files below. */
bool stage_start_crowd(struct stage *stage, const struct stage_crowd *crowd, char *why);
/* Notes who has ended. To be called after SIGCHLD, or from time to time. */
void stage_reap(struct stage *stage);
/* The last line that the server or (`is_crowd`) the visitors wrote; "" = none. */
void stage_last_words(const struct stage *stage, bool is_crowd, char *why);

/* Paths in the stage: its data directory, and the two reports. */
bool stage_path(const struct stage *stage, const char *name, char *out, size_t out_bytes_max);
#define STAGE_DATA "data"
#define STAGE_REPORT "report.json"
#define STAGE_PAGE "report.html"

#endif
