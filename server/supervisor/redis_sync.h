/* A blocking connection to Redis, for the command line and for the supervisor's waiting: never for
 * a gateway. */
#ifndef STANCHION_REDIS_SYNC_H
#define STANCHION_REDIS_SYNC_H

#include <hiredis/hiredis.h>
#include <stdint.h>

/* Connects to "unix:///path" or "redis://host:port" (checked by the configuration); connecting and
 * every command take at most limit_ms. Never NULL: look at ->err. The caller ends it with
 * redisFree. */
redisContext *redis_sync_connect(const char *url, uint32_t limit_ms);

#endif
