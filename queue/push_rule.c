/* See the header. */
#include "queue/push_rule.h"

#include <assert.h>

int64_t push_floor_ms(const struct push_rule *rule, int64_t ahead)
{
    if (ahead < rule->near_places)
        return 0;
    if (rule->floor_ms_per_1000 == 0)
        return 0;
    if (ahead / 1000 >= rule->interval_ms_max / rule->floor_ms_per_1000 + 1)
        return rule->interval_ms_max; /* and the product below cannot overflow */
    int64_t floor_ms = ahead * rule->floor_ms_per_1000 / 1000;
    return floor_ms < rule->interval_ms_max ? floor_ms : rule->interval_ms_max;
}

int64_t push_told_ms(const struct push_rule *rule, int64_t ahead, uint64_t salt, int64_t now_ms)
{
    if (push_floor_ms(rule, ahead) < rule->interval_ms_max)
        return now_ms;
    uint64_t lot = (salt * UINT64_C(0x9E3779B97F4A7C15)) >> 32; /* Fibonacci hashing */
    return now_ms - (int64_t)(lot % (uint64_t)(rule->interval_ms_max / 4 + 1));
}

/* A change by so much of what was told; places are below 10^13, so nothing overflows. */
static bool is_considerable(const struct push_rule *rule, int64_t told, int64_t ahead)
{
    int64_t change = told > ahead ? told - ahead : ahead - told;
    return change * 100 >= told * rule->change_percent;
}

bool push_is_due(const struct push_rule *rule, const struct push_told *told, int64_t ahead,
                 uint32_t news, int64_t now_ms)
{
    if (told->ahead < 0)
        return true;
    bool has_moved = ahead != told->ahead;
    if (!has_moved && news == told->news)
        return false;
    if (ahead < rule->near_places)
        return true;
    int64_t age_ms = now_ms - told->at_ms;
    if (age_ms >= rule->interval_ms_max)
        return true;
    return has_moved && is_considerable(rule, told->ahead, ahead) &&
           age_ms >= push_floor_ms(rule, ahead);
}

int64_t push_spread_ms(int64_t visitors, int64_t per_s)
{
    assert(per_s > 0);
    if (visitors >= SPREAD_MS_MAX / 1000 * per_s)
        return SPREAD_MS_MAX;
    int64_t spread_ms = visitors * 1000 / per_s;
    return spread_ms > SPREAD_MS_MIN ? spread_ms : SPREAD_MS_MIN;
}
