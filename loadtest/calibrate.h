/* What the tester itself can do on this machine: connections opened and frames received per second,
 * against a server that does next to nothing (loadtest/bench/floor.c). A run that comes near these
 * rates was limited by the tester. */
#ifndef STAMPEDE_CALIBRATE_H
#define STAMPEDE_CALIBRATE_H

#include <stdbool.h>
#include "loadtest/tester_load.h"

/* `stampede calibrate [--floor FILE] [--processes N] [--duration-s S] [--report FILE]`. Returns an
 * exit code: 0, 2 wrong usage, 3 it could not be carried out. */
int calibrate_command(int argc, char **argv);
/* Reads what --report wrote. False when it is no calibration. */
bool calibrate_read(const char *path, struct tester_rates *rates);

#endif
