/* The processes of a server on this machine, from the lines "name pid" of its file `children`. */
#ifndef STAMPEDE_SERVER_PROCESSES_H
#define STAMPEDE_SERVER_PROCESSES_H

#include <stddef.h>
#include <sys/types.h>

#define SERVER_PROCESS_NAME_BYTES 64

struct server_process {
    pid_t pid;
    char name[SERVER_PROCESS_NAME_BYTES];
};

/* Reads at most `max` of them; returns how many, 0 when the file cannot be read or there
 * is none (NULL). */
size_t server_processes_read(const char *path, struct server_process *processes, size_t max);
/* kill -9 of those called `name`, or, when that ends in "s", of all whose names begin with what
 * stands before the s ("gateways"). Only children of the server whose pid stands in `stanchion.pid`
 * beside `path` are touched. Returns how many were killed. */
size_t server_processes_kill(const char *path, const char *name);

#endif
