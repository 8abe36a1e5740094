/* Is the port free, and if not, who has it? */
#ifndef STANCHION_PORT_CHECK_H
#define STANCHION_PORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/supervisor/start_error.h"

/* Makes sure that the port can be listened on, and reserves it: *fd is a bound socket that does not
 * listen, with SO_REUSEPORT, so that gateways of this user can bind the port and others cannot. The
 * caller closes it. The check itself is made without SO_REUSEPORT: otherwise another server of the
 * same user would share the visitors. */
enum start_status port_reserve(const char *address, uint16_t port, int *fd,
                               struct start_error *error);
/* True when nothing listens on it. */
bool port_is_free(const char *address, uint16_t port);

#endif
