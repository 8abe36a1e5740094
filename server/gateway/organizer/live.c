/* See the header. */
#include "server/gateway/organizer/live.h"

void organizer_live_end_those_gone(struct gateway *gateway)
{
    (void)gateway;
}
