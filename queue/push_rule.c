/* See the header. */
#include "queue/push_rule.h"

int64_t push_interval_ms(int64_t ahead)
{
    if (ahead < PUSH_NEAR_PLACES)
        return 0;
    if (ahead >= PUSH_INTERVAL_MS_MAX / PUSH_INTERVAL_MS_PER_PLACE)
        return PUSH_INTERVAL_MS_MAX;
    return ahead * PUSH_INTERVAL_MS_PER_PLACE;
}

bool push_is_due(const struct push_told *told, int64_t ahead, int64_t now_ms)
{
    if (told->ahead < 0)
        return true;
    if (ahead == told->ahead)
        return false;
    return now_ms - told->at_ms >= push_interval_ms(ahead);
}
