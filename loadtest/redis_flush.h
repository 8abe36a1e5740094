/* The worst that can happen to Redis, on purpose: it forgets everything, and goes on running. */
#ifndef STAMPEDE_REDIS_FLUSH_H
#define STAMPEDE_REDIS_FLUSH_H

#include <stdbool.h>

/* FLUSHALL to the private Redis of the server with this data directory, over its Unix socket. False
 * when there is none there or it did not say OK within a second. */
bool redis_flush(const char *data_dir);

#endif
