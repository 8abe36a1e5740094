/* A case of seat_store.h's contract: `CONTRACT(name) { ... w ... }` runs against the fake and
 * against the real scripts in a real Redis. Criterion's header comes first. */
#ifndef STANCHION_TEST_SEAT_CONTRACT_H
#define STANCHION_TEST_SEAT_CONTRACT_H

#include "support/seat_ask.h"

#define CONTRACT(name)                                                                             \
    static void name(struct seat_world *w);                                                        \
    Test(seat_store_fake, name)                                                                    \
    {                                                                                              \
        struct seat_world *world = seat_world_create(WORLD_FAKE);                                  \
        name(world);                                                                               \
        seat_world_free(world);                                                                    \
    }                                                                                              \
    Test(seat_store_redis, name)                                                                   \
    {                                                                                              \
        struct seat_world *world = seat_world_create(WORLD_REDIS);                                 \
        name(world);                                                                               \
        seat_world_free(world);                                                                    \
    }                                                                                              \
    static void name(struct seat_world *w)

#endif
