/* Runs another program to its end, without a shell. */
#ifndef STAMPEDE_PROGRAM_H
#define STAMPEDE_PROGRAM_H

#include <stddef.h>

/* Runs argv[0] (a path) with no input. What it writes to stdout and stderr goes to `said`, cut off
 * at said_bytes_max - 1. Ctrl-C does not reach it. Returns its exit code, -1 when it could not be
 * run, ended by a signal, or was killed because it took longer than timeout_ms. */
int program_run(const char *const *argv, char *said, size_t said_bytes_max, int timeout_ms);

#endif
