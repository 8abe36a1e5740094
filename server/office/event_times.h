/* The moments of an event's schedule as people write them: opens_at="2026-03-29 10:00" beside the
 * setting opens_at_ms. The event's time zone says what is meant. */
#ifndef STANCHION_EVENT_TIMES_H
#define STANCHION_EVENT_TIMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/said.h"

/* The setting that `key` is the local time of ("opens_at" -> "opens_at_ms"); NULL when none. */
const char *event_time_setting(const char *key);
/* Reads one such value; "0" and "" are 0. false: `problem` says what is
 * wrong, for a time that the clocks skip or show twice with both moments that may have been meant.
 */
bool event_time_read(const char *key, const char *text, const char *time_zone, int64_t *ms,
                     struct said *problem);
/* A copy of `changes` with every local time replaced by its setting in ms. NULL: `problem`. The
 * caller releases it. */
json_t *event_times_resolve(const json_t *changes, const char *time_zone, struct said *problem);
/* Adds the local times of those settings that are not 0 to `shown`. */
void event_times_show(const json_t *settings, const char *time_zone, json_t *shown);

#endif
