/* The settings of an event: one table with name, kind, unit, range, default and help.
 *
 * Everything that touches a setting goes through it: `event set`, the organizer's page, the
 * ledger's `events.settings` and the hash `ev:{E}:cfg` that the scripts read. Values travel as text
 * and are kept in one canonical form
 * ("50", "0.5", "open"), so that equal settings are equal texts.
 */
#ifndef STANCHION_EVENT_SETTINGS_H
#define STANCHION_EVENT_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/said.h"

#define SETTING_VALUE_BYTES_MAX 280 /* of a text in UTF-8; a longer one is refused */
#define SETTING_TEXT_BYTES (SETTING_VALUE_BYTES_MAX + 1) /* a canonical value with its NUL */

enum setting_kind {
    SETTING_WHOLE,    /* a whole number in [min, max] */
    SETTING_FRACTION, /* likewise, with up to three decimals */
    SETTING_PHASE,    /* a word of enum queue_phase */
    SETTING_TEXT,     /* UTF-8 of [min, max] bytes without control characters; canonical without
                         spaces at both ends */
    SETTING_KIND_COUNT
};

struct event_setting {
    const char *name;
    enum setting_kind kind;
    const char *unit;
    int64_t min, max;
    const char *initial; /* canonical */
    const char *help;
};

size_t event_settings_count(void);
const struct event_setting *event_setting_at(size_t index);
/* NULL when there is none of that name. */
const struct event_setting *event_setting_find(const char *name);

/* Checks `text` and writes it in canonical form. false: `problem` names
 * key, value and range. */
bool event_setting_format(const struct event_setting *setting, const char *text,
                          char canonical[SETTING_TEXT_BYTES], struct said *problem);

/* A new object with every setting at its default. */
json_t *event_settings_default(void);
/* Applies {key: text or whole number} to `settings`, all or nothing. false: `problem` says what is
 * wrong with which. */
bool event_settings_apply(json_t *settings, const json_t *changes, struct said *problem);
/* Whether `changes`, already applied to `settings`, make sense in time: a sale does not end before
 * it begins, and one that has ended by its schedule cannot be opened by a word alone. false:
 * `problem` says why. */
bool event_settings_check_schedule(const json_t *settings, const json_t *changes, int64_t now_ms,
                                   struct said *problem);
/* The value as a whole number (fractions are cut); the default when it is missing. */
int64_t event_setting_whole(const json_t *settings, const char *name);

#endif
