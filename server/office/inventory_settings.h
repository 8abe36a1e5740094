/* The settings in an inventory's event.ini, checked against the table of event settings: for the
 * command line and for the console. */
#ifndef STANCHION_INVENTORY_SETTINGS_H
#define STANCHION_INVENTORY_SETTINGS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include "ticketing/import.h"

typedef void inventory_setting_fn(void *ctx, const char *file, uint32_t line,
                                  const struct said *problem);

/* Adds the good ones to `settings`, as event.load takes them, and tells of the others. Returns how
 * many were wrong. */
size_t inventory_settings_read(const struct import_report *report, const char *time_zone,
                               json_t *settings, inventory_setting_fn *on_wrong, void *ctx);

#endif
