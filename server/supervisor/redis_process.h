/* The private redis-server: found, started in the data directory, waited for. */
#ifndef STANCHION_REDIS_PROCESS_H
#define STANCHION_REDIS_PROCESS_H

#include "server/supervisor/data_dir.h"

/* Path of redis-server (or valkey-server) on PATH. Refused when neither is installed. */
enum start_status redis_process_find(char *program, size_t program_bytes_max,
                                     struct start_error *error);
/* Creates data/redis. */
enum start_status redis_process_prepare(const struct data_dir *dir, struct start_error *error);
/* Replaces this process; returns only when that failed (exit code). */
int redis_process_exec(const char *program, const struct data_dir *dir);
enum redis_state {
    REDIS_SILENT,
    REDIS_LOADING, /* it answers, and reads its file yet */
    REDIS_READY
};
/* How far the Redis at this URL is. Waits at most 200 ms. */
enum redis_state redis_process_ask(const char *url);

#endif
