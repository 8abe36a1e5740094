/* One inline command of Redis' protocol and its one-line answer. */
#include "loadtest/redis_flush.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static bool ask(int fd)
{
    static const char command[] = "FLUSHALL\r\n", good[] = "+OK";
    const struct timeval limit = {.tv_sec = 1};
    char answer[64] = "";
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
           write(fd, command, sizeof command - 1) == (ssize_t)sizeof command - 1 &&
           read(fd, answer, sizeof answer - 1) > 0 && strncmp(answer, good, sizeof good - 1) == 0;
}

bool redis_flush(const char *data_dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/redis/redis.sock", data_dir);
    if (n < 0 || (size_t)n >= sizeof address.sun_path)
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_good =
        fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 && ask(fd);
    if (fd >= 0)
        close(fd);
    return is_good;
}
