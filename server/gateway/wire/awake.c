#include "server/gateway/wire/awake.h"

static void on_idle(struct ev_loop *loop, ev_idle *watcher, int events)
{
    (void)loop, (void)watcher, (void)events; /* that it runs is all it is for */
}

void awake_init(ev_idle *awake)
{
    ev_idle_init(awake, on_idle);
}
