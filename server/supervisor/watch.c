#include "server/supervisor/watch.h"

bool watch_look(struct watch *watch, double sign)
{
    watch->unchanged = watch->sign < sign || sign < watch->sign ? 0 : watch->unchanged + 1;
    watch->sign = sign;
    return watch->unchanged >= WATCH_LOOKS;
}
