/* Shares of a round of heartbeats: even, and all of the sessions in a round, however the turns
 * fall. */
#include <criterion/criterion.h>
#include "server/gateway/wire/heartbeat.h"

enum { SLOTS = 19000, ROUND_MS = 60000 };

static uint32_t round_of(int64_t turn_ms, uint32_t *most)
{
    struct heartbeat heartbeat = {0};
    uint32_t sum = 0;
    for (int64_t ms = 0; ms < ROUND_MS; ms += turn_ms) {
        uint32_t share = heartbeat_share(&heartbeat, SLOTS, turn_ms, ROUND_MS);
        *most = share > *most ? share : *most;
        sum += share;
    }
    return sum;
}

Test(heartbeat, a_round_looks_at_everybody_and_evenly)
{
    static const struct {
        int64_t turn_ms;
        uint32_t most;
    } rows[] = {{1, 1}, {50, 16}, {200, 64}, {60000, SLOTS}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t most = 0;
        cr_expect_eq(round_of(rows[i].turn_ms, &most), SLOTS, "turns of %lld ms",
                     (long long)rows[i].turn_ms);
        cr_expect_leq(most, rows[i].most, "turns of %lld ms: %u", (long long)rows[i].turn_ms, most);
    }
}

Test(heartbeat, a_gateway_that_was_late_does_not_look_twice)
{
    struct heartbeat heartbeat = {.rest = 59999};
    cr_assert_eq(heartbeat_share(&heartbeat, SLOTS, INT64_C(1) << 60, ROUND_MS), SLOTS);
    cr_assert_eq(heartbeat_share(&heartbeat, SLOTS, 0, ROUND_MS), 0);
}
