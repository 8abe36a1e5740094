/* The end of a sale for those who still wait.
 *
 * When the event is closed, or all is sold and it keeps no standby line, waiting visitors have
 * heard so (`phase`), and their connections are closed with 1000, spread over some seconds and
 * never before the visitor's page had FAREWELL_MS_MIN to show it. Their places stay in Redis:
 * whoever returns should the sale go on stands where they stood. Visitors inside are left alone.
 */
#ifndef STANCHION_FAREWELL_H
#define STANCHION_FAREWELL_H

#include <stdint.h>

struct gateway;

#define FAREWELL_MS_MIN 2000     /* after what the visitor was told last */
#define FAREWELL_INTERVAL_MS 250 /* between two walks over the sessions of an event */

void farewell_on_turn(struct gateway *gateway, int64_t now_ms);

#endif
