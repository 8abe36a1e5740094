/* The port's owner is found the way `ss -p` finds it: the listening socket's inode in
 * /proc/net/tcp, then the process whose descriptor links to that inode. Without the right to look
 * into other users' processes it stays unnamed. */
#include "server/supervisor/port_check.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TCP_LISTEN_STATE 0x0A
#define COMMAND_BYTES_MAX 64

static bool socket_name(const char *address, uint16_t port, struct sockaddr_storage *name,
                        socklen_t *name_bytes)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)name;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)name;
    memset(name, 0, sizeof *name);
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *name_bytes = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    *name_bytes = sizeof *v6;
    return true;
}

/* A bound socket, or -1 with errno. */
static int bind_port(const char *address, uint16_t port, int is_shared)
{
    const int on = 1;
    struct sockaddr_storage name;
    socklen_t name_bytes = 0;
    if (!socket_name(address, port, &name, &name_bytes)) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, is_shared ? SO_REUSEPORT : SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&name, name_bytes) == 0)
        return fd;
    int bind_errno = errno;
    (void)close(fd);
    errno = bind_errno;
    return -1;
}

bool port_is_free(const char *address, uint16_t port)
{
    int fd = bind_port(address, port, 0);
    if (fd < 0)
        return false;
    bool is_free = listen(fd, 1) == 0;
    (void)close(fd);
    return is_free;
}

static unsigned long listening_inode(const char *table, uint16_t port)
{
    char line[512];
    unsigned long inode = 0;
    FILE *file = fopen(table, "re");
    if (!file)
        return 0;
    while (inode == 0 && fgets(line, sizeof line, file)) {
        unsigned line_port = 0, state = 0;
        unsigned long line_inode = 0;
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu",
                   &line_port, &state, &line_inode) == 3 &&
            line_port == port && state == TCP_LISTEN_STATE)
            inode = line_inode;
    }
    (void)fclose(file);
    return inode;
}

static bool process_has_socket(int fds, const char *target)
{
    char link[64];
    DIR *dir = fdopendir(fds);
    bool is_found = false;
    if (!dir) {
        (void)close(fds);
        return false;
    }
    for (struct dirent *entry = readdir(dir); entry && !is_found; entry = readdir(dir)) {
        ssize_t bytes = readlinkat(dirfd(dir), entry->d_name, link, sizeof link - 1);
        if (bytes <= 0)
            continue;
        link[bytes] = '\0';
        is_found = strcmp(link, target) == 0;
    }
    (void)closedir(dir);
    return is_found;
}

static void command_of(int proc, const char *pid, char *command)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%.20s/comm", pid);
    command[0] = '\0';
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t bytes = read(fd, command, COMMAND_BYTES_MAX - 1);
    (void)close(fd);
    command[bytes > 0 ? bytes : 0] = '\0';
    command[strcspn(command, "\n")] = '\0';
}

/* Writes "name (pid N)" of the process that listens on the port, or "another program". */
static void describe_owner(uint16_t port, char *out, size_t out_bytes_max)
{
    char target[64], path[64], command[COMMAND_BYTES_MAX];
    unsigned long inode = listening_inode("/proc/net/tcp", port);
    if (inode == 0)
        inode = listening_inode("/proc/net/tcp6", port);
    (void)snprintf(out, out_bytes_max, "another program");
    (void)snprintf(target, sizeof target, "socket:[%lu]", inode);
    DIR *proc = inode ? opendir("/proc") : NULL;
    if (!proc)
        return;
    for (struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        (void)snprintf(path, sizeof path, "%.20s/fd", entry->d_name);
        int fds = openat(dirfd(proc), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fds < 0 || !process_has_socket(fds, target))
            continue;
        command_of(dirfd(proc), entry->d_name, command);
        (void)snprintf(out, out_bytes_max, "%s (pid %.20s)", command, entry->d_name);
        break;
    }
    (void)closedir(proc);
}

static enum start_status refuse_port(const char *address, uint16_t port, int why,
                                     struct start_error *error)
{
    char owner[128];
    if (why == EACCES || why == EPERM)
        return start_refuse(
            error,
            "no right to listen on port %u: ports below 1024 need root or CAP_NET_BIND_SERVICE; "
            "choose another with --listen.port",
            port);
    if (why == EADDRNOTAVAIL)
        return start_refuse(error, "this machine has no address %s: correct listen.address",
                            address);
    if (why != EADDRINUSE)
        return start_refuse(error, "cannot listen on %s port %u: %s", address, port, strerror(why));
    describe_owner(port, owner, sizeof owner);
    return start_refuse(
        error, "port %u of %s is in use by %s: stop it, or choose another port with --listen.port",
        port, address, owner);
}

enum start_status port_reserve(const char *address, uint16_t port, int *fd,
                               struct start_error *error)
{
    int alone = bind_port(address, port, 0);
    if (alone < 0)
        return refuse_port(address, port, errno, error);
    int listened = listen(alone, 1) == 0 ? 0 : errno;
    (void)close(alone);
    if (listened != 0)
        return refuse_port(address, port, listened, error);
    int shared = bind_port(address, port, 1);
    if (shared < 0)
        return refuse_port(address, port, errno, error);
    *fd = shared;
    return START_OK;
}
