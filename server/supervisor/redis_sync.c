/* hiredis' own blocking calls behind one URL. */
#include "server/supervisor/redis_sync.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HOST_BYTES_MAX 256

static redisContext *connect_host(const char *address, struct timeval limit)
{
    char host[HOST_BYTES_MAX];
    const char *colon = strrchr(address, ':');
    assert(colon && (size_t)(colon - address) < sizeof host);
    memcpy(host, address, (size_t)(colon - address));
    host[colon - address] = '\0';
    return redisConnectWithTimeout(host, (int)strtol(colon + 1, NULL, 10), limit);
}

redisContext *redis_sync_connect(const char *url, uint32_t limit_ms)
{
    const struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = limit_ms % 1000 * 1000L};
    redisContext *redis = strncmp(url, "unix://", 7) == 0
                              ? redisConnectUnixWithTimeout(url + 7, limit)
                              : connect_host(url + 8, limit);
    assert(redis); /* NULL only without memory */
    if (redis->err == 0)
        (void)redisSetTimeout(redis, limit);
    return redis;
}
