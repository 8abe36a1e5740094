/* The gateway's view of the seats: versions, gaps, what a push says, packing. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticketing/seat_map.h"

static struct seat_map *map_with(int64_t version, const char *digits)
{
    struct seat_map *map = seat_map_create();
    uint8_t states[64];
    for (size_t i = 0; digits[i] != '\0'; i++)
        states[i] = (uint8_t)(digits[i] - '0');
    struct seat_snapshot snapshot = {.version = version, .states = states, .count = strlen(digits)};
    cr_assert_eq(seat_map_apply_snapshot(map, &snapshot), SEAT_MAP_OK);
    return map;
}

static enum seat_map_status say(struct seat_map *map, const char *text)
{
    return seat_map_apply_message(map, text, strlen(text));
}

static enum seat_map_status snapshot(struct seat_map *map, int64_t version, const char *digits)
{
    uint8_t states[64];
    for (size_t i = 0; digits[i] != '\0'; i++)
        states[i] = (uint8_t)(digits[i] - '0');
    struct seat_snapshot read = {.version = version, .states = states, .count = strlen(digits)};
    return seat_map_apply_snapshot(map, &read);
}

/* The state of every seat as digits. */
static void expect(const struct seat_map *map, int64_t version, const char *digits)
{
    cr_expect_eq(seat_map_version(map), version);
    cr_assert_eq(seat_map_seats_count(map), strlen(digits));
    for (uint32_t i = 0; digits[i] != '\0'; i++)
        cr_expect_eq(seat_map_state(map, i), digits[i] - '0', "seat %u", i);
}

Test(seat_map, a_new_one_needs_a_snapshot_and_has_nothing_to_tell)
{
    struct seat_map *map = seat_map_create();
    struct seat_changes changes;
    cr_expect(seat_map_needs_snapshot(map));
    cr_expect_not(seat_map_take_changes(map, &changes));
    cr_expect_eq(seat_map_packed_bytes(map), 0);
    seat_map_pack(map, NULL);
    cr_expect_eq(seat_map_state(map, 0), SEAT_NOT_FOR_SALE);
    seat_map_free(map);
    seat_map_free(NULL);
}

Test(seat_map, messages_follow_the_snapshot)
{
    struct seat_map *map = map_with(7, "00040");
    cr_expect_not(seat_map_needs_snapshot(map));
    cr_expect_eq(say(map, "7|0=1"), SEAT_MAP_OK, "known already");
    expect(map, 7, "00040");
    cr_expect_eq(say(map, "8|0=1,4=1"), SEAT_MAP_OK);
    cr_expect_eq(say(map, "9|4=2"), SEAT_MAP_OK);
    cr_expect_eq(say(map, "10|4=3,0=0"), SEAT_MAP_OK);
    expect(map, 10, "00043");
    cr_expect_eq(seat_map_state(map, 5), SEAT_NOT_FOR_SALE);
    seat_map_free(map);
}

Test(seat_map, a_gap_asks_for_a_snapshot_and_keeps_what_comes)
{
    struct seat_map *map = map_with(7, "0000");
    cr_expect_eq(say(map, "9|1=1"), SEAT_MAP_NEEDS_SNAPSHOT);
    cr_expect_eq(say(map, "10|2=3"), SEAT_MAP_NEEDS_SNAPSHOT);
    cr_expect(seat_map_needs_snapshot(map));
    expect(map, 7, "0000");
    cr_expect_eq(snapshot(map, 9, "1100"), SEAT_MAP_OK);
    expect(map, 10, "1130");
    cr_expect_not(seat_map_needs_snapshot(map));
    seat_map_free(map);
}

Test(seat_map, a_snapshot_older_than_the_gap_asks_again)
{
    struct seat_map *map = map_with(7, "0000");
    cr_expect_eq(say(map, "9|1=1"), SEAT_MAP_NEEDS_SNAPSHOT);
    cr_expect_eq(snapshot(map, 7, "0000"), SEAT_MAP_NEEDS_SNAPSHOT);
    cr_expect_eq(snapshot(map, 9, "1100"), SEAT_MAP_OK);
    expect(map, 9, "1100");
    cr_expect_eq(snapshot(map, 8, "0000"), SEAT_MAP_OK, "an old one changes nothing");
    expect(map, 9, "1100");
    seat_map_free(map);
}

Test(seat_map, nonsense_asks_for_a_snapshot_and_applies_nothing)
{
    static const char *const texts[] = {"",
                                        "8",
                                        "8|",
                                        "8|x=1",
                                        "8|1",
                                        "8|1=",
                                        "8|1=5",
                                        "8|1=1,",
                                        "8|4=1",
                                        "8|1=1,4=1",
                                        "8|-1=1",
                                        "8| 1=1",
                                        "8|1=1;2=1",
                                        "x|1=1",
                                        "8|*,",
                                        "8|*",
                                        "99999999999999999999|1=1",
                                        "8|99999999999999999999=1",
                                        "8|1=99999999999",
                                        "-8|1=1",
                                        "8|1=1 "};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct seat_map *map = map_with(7, "0000");
        cr_expect_eq(say(map, texts[i]), SEAT_MAP_NEEDS_SNAPSHOT, "%s", texts[i]);
        expect(map, 7, "0000");
        (void)snapshot(map, 8, "0100");
        (void)snapshot(map, 8, "0100");
        cr_expect_not(seat_map_needs_snapshot(map), "%s", texts[i]);
        expect(map, 8, "0100");
        seat_map_free(map);
    }
}

Test(seat_map, a_message_needs_no_nul)
{
    struct seat_map *map = map_with(7, "0000");
    char *text = malloc(5);
    memcpy(text, "8|1=1", 5);
    cr_expect_eq(seat_map_apply_message(map, text, 5), SEAT_MAP_OK);
    free(text);
    expect(map, 8, "0100");
    seat_map_free(map);
}

Test(seat_map, too_many_kept_messages_are_forgotten_and_found_out)
{
    struct seat_map *map = map_with(7, "0000");
    char text[64];
    for (int version = 9; version < 40000; version++) {
        cr_assert_gt(snprintf(text, sizeof(text), "%d|1=%d", version, version % 2), 0);
        cr_assert_eq(say(map, text), SEAT_MAP_NEEDS_SNAPSHOT);
    }
    cr_expect_eq(snapshot(map, 10, "0000"), SEAT_MAP_NEEDS_SNAPSHOT);
    cr_expect_eq(snapshot(map, 39999, "0100"), SEAT_MAP_OK);
    expect(map, 39999, "0100");
    seat_map_free(map);
}

static void expect_list(const char *name, const uint32_t *list, size_t count, const char *wanted)
{
    char text[128] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u", i ? "," : "", list[i]);
    cr_expect_str_eq(text, wanted, "%s: %s instead of %s", name, text, wanted);
}

static void expect_changes(struct seat_map *map, const char *free_seats, const char *held,
                           const char *sold)
{
    struct seat_changes changes;
    bool is_any = seat_map_take_changes(map, &changes);
    cr_expect_eq(is_any, *free_seats || *held || *sold);
    cr_expect_not(changes.is_reset);
    cr_expect_eq(changes.version, seat_map_version(map));
    expect_list("free", changes.free, changes.free_count, free_seats);
    expect_list("held", changes.held, changes.held_count, held);
    expect_list("sold", changes.sold, changes.sold_count, sold);
}

Test(seat_map, a_push_says_what_is_different_and_only_once)
{
    struct seat_map *map = map_with(7, "000014");
    struct seat_changes changes;
    cr_expect(seat_map_take_changes(map, &changes));
    cr_expect(changes.is_reset, "the first time browsers need the whole map");
    expect_changes(map, "", "", "");
    say(map, "8|3=1,0=1");
    say(map, "9|4=0");
    say(map, "10|2=1");
    say(map, "11|2=2");
    say(map, "12|2=3");
    expect_changes(map, "4", "0,3", "2");
    expect_changes(map, "", "", "");
    say(map, "13|3=2");
    expect_changes(map, "", "", "");
    say(map, "14|3=0");
    say(map, "15|3=1");
    expect_changes(map, "", "", "");
    seat_map_free(map);
}

Test(seat_map, a_snapshot_after_a_gap_is_pushed_as_changes)
{
    struct seat_map *map = map_with(7, "0000");
    struct seat_changes changes;
    cr_expect(seat_map_take_changes(map, &changes));
    say(map, "9|1=1");
    cr_expect_eq(snapshot(map, 9, "0130"), SEAT_MAP_OK);
    expect_changes(map, "", "1", "2");
    seat_map_free(map);
}

Test(seat_map, another_plan_or_seats_off_sale_are_a_reset)
{
    struct seat_map *map = map_with(7, "0000");
    struct seat_changes changes;
    cr_expect(seat_map_take_changes(map, &changes));
    say(map, "8|*");
    cr_expect_eq(snapshot(map, 8, "00000"), SEAT_MAP_OK);
    cr_expect(seat_map_take_changes(map, &changes) && changes.is_reset);
    cr_expect_eq(changes.free_count + changes.held_count + changes.sold_count, 0);
    say(map, "9|*");
    cr_expect_eq(snapshot(map, 9, "00004"), SEAT_MAP_OK);
    cr_expect(seat_map_take_changes(map, &changes) && changes.is_reset);
    expect_changes(map, "", "", "");
    seat_map_free(map);
}

Test(seat_map, packs_two_bits_a_seat_from_the_lowest)
{
    struct seat_map *map = map_with(7, "0123401");
    uint8_t packed[2] = {0xff, 0xff};
    cr_assert_eq(seat_map_packed_bytes(map), 2);
    seat_map_pack(map, packed);
    /* wire: 0 1 1 2 | 3 0 1 */
    cr_expect_eq(packed[0], 0 | 1 << 2 | 1 << 4 | 2 << 6);
    cr_expect_eq(packed[1], 3 | 0 << 2 | 1 << 4);
    seat_map_free(map);
}

/* What counting all seats says. */
static void expect_counts(const struct seat_map *map, const uint16_t *categories, size_t known)
{
    uint32_t counts[3][SEAT_STATE_COUNT] = {{0}}, totals[SEAT_STATE_COUNT] = {0};
    for (uint32_t seat = 0; seat < seat_map_seats_count(map); seat++) {
        totals[seat_map_state(map, seat)]++;
        if (seat < known)
            counts[categories[seat]][seat_map_state(map, seat)]++;
    }
    for (size_t category = 0; category < 3; category++)
        for (int state = 0; state < SEAT_STATE_COUNT; state++)
            cr_assert_eq(seat_map_count(map, category, (enum seat_state)state),
                         counts[category][state], "category %zu state %d", category, state);
    cr_assert_eq(seat_map_is_held_out(map),
                 totals[SEAT_FREE] == 0 && totals[SEAT_HELD] + totals[SEAT_PAYING] > 0);
}

Test(seat_map, counts_of_categories_follow_every_change)
{
    static const uint16_t categories[] = {0, 2, 1, 1, 0, 2, 2, 0, 1, 0};
    unsigned seed = 4711;
    struct seat_map *map = map_with(1, "0000040000");
    expect_counts(map, categories, 0);
    cr_assert(seat_map_set_categories(map, categories, 8));
    expect_counts(map, categories, 8);
    cr_assert(seat_map_set_categories(map, categories, 10));
    for (int version = 2; version < 3000; version++) {
        char text[64];
        /* Mostly held and paying, so that "nothing is free" happens. */
        static const char states[] = "0112231";
        snprintf(text, sizeof text, "%d|%d=%c,%d=%c", version, rand_r(&seed) % 10,
                 states[rand_r(&seed) % 7], rand_r(&seed) % 10, states[rand_r(&seed) % 7]);
        if (version % 97 == 0) {
            cr_assert_eq(snapshot(map, version, version % 2 ? "1111112223" : "00123400111"),
                         SEAT_MAP_OK);
        } else {
            say(map, text);
        }
        expect_counts(map, categories, 10);
    }
    cr_assert_eq(seat_map_count(map, PLAN_CATEGORIES_MAX, SEAT_FREE), 0);
    cr_assert(seat_map_set_categories(map, NULL, 0));
    expect_counts(map, categories, 0);
    seat_map_free(map);
}

Test(seat_map, held_out_is_not_sold_out)
{
    struct seat_map *map = map_with(1, "0134");
    cr_expect_not(seat_map_is_held_out(map), "one is free");
    say(map, "2|0=3");
    cr_expect(seat_map_is_held_out(map));
    say(map, "3|1=2");
    cr_expect(seat_map_is_held_out(map), "a payment may fail");
    say(map, "4|1=3");
    cr_expect_not(seat_map_is_held_out(map), "all is sold");
    seat_map_free(map);
}
