/* `stampede run NAME|FILE`: sets the events of a scenario up, sends its crowds at the same time,
 * triggers its faults, and adds up what the crowds report. */
#ifndef STAMPEDE_SCENARIO_RUN_H
#define STAMPEDE_SCENARIO_RUN_H

/* argv[0] is "run". Returns an exit code. */
int scenario_run(int argc, char **argv);

#endif
