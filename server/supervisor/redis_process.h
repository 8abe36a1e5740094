/* The private redis-server: found, started in the data directory, waited for. */
#ifndef STANCHION_REDIS_PROCESS_H
#define STANCHION_REDIS_PROCESS_H

#include <stdbool.h>

#include "server/supervisor/data_dir.h"

/* Path of redis-server (or valkey-server) on PATH. Refused when neither is installed. */
enum start_status redis_process_find(char *program, size_t program_bytes_max,
                                     struct start_error *error);
/* Creates data/redis. */
enum start_status redis_process_prepare(const struct data_dir *dir, struct start_error *error);
/* Replaces this process; returns only when that failed (exit code). */
int redis_process_exec(const char *program, const struct data_dir *dir);
/* True when the Redis at this URL accepts connections and answers, even if only "LOADING". Waits at
 * most 200 ms. */
bool redis_process_answers(const char *url);

#endif
