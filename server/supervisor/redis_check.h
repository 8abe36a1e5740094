/* A Redis of the operator's own, looked at before the start. */
#ifndef STANCHION_REDIS_CHECK_H
#define STANCHION_REDIS_CHECK_H

#include "server/supervisor/data_dir.h"

/* Refused when nothing answers at the URL, when it wants a password, and when it may drop keys.
 * Waits at most 2 s for each answer. */
enum start_status redis_check(const char *url, struct start_error *error);

#endif
