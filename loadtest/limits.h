/* Every limit of the load tester in one place, and what happens when it is reached. */
#ifndef STAMPEDE_LIMITS_H
#define STAMPEDE_LIMITS_H

/* A run. More is refused on the command line. */
#define STAMPEDE_VISITORS_MAX 2000000
#define STAMPEDE_DURATION_S_MAX 7200
#define STAMPEDE_PROCESSES_MAX 128
#define STAMPEDE_SERVER_PIDS_MAX 256
/* A scenario. More is refused with the line. */
#define STAMPEDE_EVENTS_MAX 4
#define STAMPEDE_CROWDS_MAX 8
#define STAMPEDE_FAULTS_MAX 32
#define STAMPEDE_EXPECTATIONS_MAX 24
#define STAMPEDE_SCENARIO_SETTINGS_MAX 24
#define STAMPEDE_GIVEN_MAX 64
#define STAMPEDE_NAME_BYTES_MAX 40
#define STAMPEDE_SETTING_BYTES_MAX 300
#define STAMPEDE_SCENARIO_BYTES_MAX 65536
#define STAMPEDE_MADE_SEATS_MAX 100000
/* Open files of a process that are not for visitors. */
#define STAMPEDE_FILES_SPARE 200

/* One visitor. A server that tells more seats than these in one hold is recorded as such. */
#define STAMPEDE_SEATS_MAX 10
/* Records in shared memory; more orders and holds are counted as not_recorded. */
#define STAMPEDE_ORDERS_PER_VISITOR 4
#define STAMPEDE_HOLDS_PER_VISITOR 4
/* Cookie, receipt, pass: a longer one counts as bad_answer. */
#define STAMPEDE_TOKEN_BYTES_MAX 600
#define STAMPEDE_ORDER_BYTES_MAX 40
#define STAMPEDE_VISITOR_BYTES_MAX 16
#define STAMPEDE_RELOADS_MAX 100
#define STAMPEDE_TABS_MAX 8
/* Then the visitor gives up: leaves the seats to others, or stops looking for the outcome. In a
 * row: seats that somebody has; looks at a house without a free seat. */
#define STAMPEDE_REFUSALS_MAX 10
#define STAMPEDE_LOOKS_MAX 3
#define STAMPEDE_LOOKUPS_MAX 10
/* Times that the turn seemed to be gone and was there. */
#define STAMPEDE_TURN_TRIES_MAX 20

/* The wire. Beyond: the connection is given up and counted as bad_frame. */
#define STAMPEDE_FRAME_BYTES_MAX (1u << 20)
#define STAMPEDE_OUT_BYTES_MAX 65536u
#define STAMPEDE_HANDSHAKE_BYTES_MAX 8192u
/* Beyond: counts as no answer, or an unusable one. */
#define STAMPEDE_HTTP_BYTES_MAX (64u << 20)
#define STAMPEDE_PLAN_SEATS_MAX 1000000
#define STAMPEDE_LEDGER_ROWS_MAX 20000000

/* Records over time. A run that lasts longer than its points is told more coarsely: two neighbours
 * become one, again and again. More server processes than series are not told. */
#define STAMPEDE_POINTS_MAX 600
#define STAMPEDE_SERIES_MAX 72
/* Visitors whose place is followed, and moments of each; when they are used up, every second one
 * goes. */
#define STAMPEDE_TRACKS_MAX 16
#define STAMPEDE_TRACK_MOMENTS_MAX 256
/* Visitors of whom a report tells the first estimate and how long it really took. */
#define STAMPEDE_ESTIMATES_MAX 400
/* Of a fault that is told in a report and in the live view. */
#define STAMPEDE_NOTE_BYTES_MAX 119

/* Times. Mode bad: so long a connection may take to come about. */
#define STAMPEDE_CONNECT_TIMEOUT_US INT64_C(15000000)
#define STAMPEDE_RETRY_US_MIN INT64_C(100000)
#define STAMPEDE_RETRY_US_MAX INT64_C(10000000)
/* The longest "come back in so many seconds" that is waited for. */
#define STAMPEDE_RETRY_S_MAX 60
/* Pauses double at most so often while the answer is "later". */
#define STAMPEDE_PUT_OFF_MAX 3
/* Between two looks at the tickets while an outcome is awaited; later longer. */
#define STAMPEDE_LOOKUP_US INT64_C(4000000)
/* After a refusal a thought becomes twice as long so many times, and never longer than this. */
#define STAMPEDE_REFUSED_DOUBLINGS_MAX 3
#define STAMPEDE_REFUSED_US_MAX INT64_C(30000000)
/* An older picture of the seats is asked for anew. */
#define STAMPEDE_PICTURE_US INT64_C(2000000)
/* The end of a run: a roll call, good-byes, the ends of our own processes. Large crowds get more
 * for each visitor. */
#define STAMPEDE_ROLL_CALL_MS 3000
#define STAMPEDE_ROLL_CALL_MS_EACH 0.05
#define STAMPEDE_LEAVE_MS 2000
#define STAMPEDE_LEAVE_MS_EACH 0.2
#define STAMPEDE_QUIT_MS 10000
#define STAMPEDE_QUIT_MS_EACH 0.05
/* Who was told that all is sold, and is not sent away by the server, goes after so long. */
#define STAMPEDE_FAREWELL_US INT64_C(90000000)
#define STAMPEDE_HTTP_TIMEOUT_MS 5000
/* A gateway that is not ready, or has not heard of the event yet: before the run it is asked again
 * for so long, by a visitor so often, with growing pauses (13 s). */
#define STAMPEDE_NOT_FOUND_TRIES 7
#define STAMPEDE_READY_MS 30000
#define STAMPEDE_READY_STEP_MS 200
#define STAMPEDE_SAMPLE_TIMEOUT_MS 900
/* `stanchion event ...`; then it is killed and the scenario is not carried out. */
#define STAMPEDE_PROGRAM_MS 90000

#endif
