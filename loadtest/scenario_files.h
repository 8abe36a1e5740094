/* Where scenarios come from: those that are built in (loadtest/scenarios/NAME.ini), or a file. */
#ifndef STAMPEDE_SCENARIO_FILES_H
#define STAMPEDE_SCENARIO_FILES_H

#include "loadtest/scenario.h"

/* `stampede scenarios [NAME]`: lists names, titles and crowds, or prints one file. Returns an exit
 * code. */
int scenario_files_list(int argc, char **argv);
/* Reads the built-in scenario of that name, or the file when the name has a dot or a slash. NULL
 * with the reason on stderr. */
struct scenario *scenario_files_read(const char *name, const struct stampede_options *defaults);

#endif
