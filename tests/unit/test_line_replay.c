/* The history read again: who is inside, who has gone, and whether anybody was overtaken. */
#include <criterion/criterion.h>
#include <string.h>

#include "queue/line_replay.h"

static enum replay_status take(struct line_replay *replay, const char *text)
{
    return line_replay_take(replay, text, strlen(text));
}

static void take_all(struct line_replay *replay, const char *const *notes, size_t count)
{
    cr_assert(line_replay_init(replay));
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(take(replay, notes[i]), REPLAY_OK, "%s", notes[i]);
}

static const char *const usual[] = {
    "- 1000 epoch 5",
    "5-0 1001 set cli phase: \"announced\" -> \"open\"",
    "5-1 1002 join 1 a b c",
    "5-2 1003 join 4 d",
    "5-3 1004 leave b 2 waiting",
    "5-4 1005 tick 1 open 3 in 1 9000 a 1 c 3 out",
    "5-5 1006 join 5 e f",
    "5-6 1007 tick 2 open 3 in 3 9002 out a no_show",
    "5-7 1008 leave f 6 waiting",
};

Test(line_replay, knows_who_is_where)
{
    struct line_replay replay;
    take_all(&replay, usual, sizeof usual / sizeof usual[0]);
    cr_expect_eq(replay.epoch, 5);
    cr_expect_eq(replay.seq, 6);
    cr_expect_eq(replay.head, 3);
    cr_expect_eq(replay.joins, 6);
    cr_expect_eq(replay.admissions, 2);
    cr_expect_eq(replay.expiries, 1);
    cr_expect_eq(replay.leaves, 2);
    cr_expect_eq(replay.settings, 1);
    cr_expect_eq(json_object_size(replay.inside), 1);
    cr_expect_eq(json_integer_value(json_object_get(replay.inside, "c")), 3);
    cr_expect(line_replay_is_gone(&replay, 6) && line_replay_is_gone(&replay, 2));
    cr_expect_not(line_replay_is_gone(&replay, 5) || line_replay_is_gone(&replay, 1));
    cr_expect_not(line_replay_is_gone(&replay, 1000000));
    cr_expect_eq(replay.first_ms, 1000);
    cr_expect_eq(replay.last_ms, 1008);
    line_replay_release(&replay);
}

Test(line_replay, somebody_overtaken_is_found)
{
    struct line_replay replay;
    take_all(&replay, usual, sizeof usual / sizeof usual[0]);
    cr_assert_eq(take(&replay, "5-8 1009 tick 3 open 3 in 3 9000 e 5 out"), REPLAY_OVERTAKEN);
    cr_assert_eq(replay.overtaken_seq, 4);
    cr_assert_eq(replay.overtaken_by_seq, 5);
    line_replay_release(&replay);
}

/* Ticks were noted as JSON once; such files stay readable. */
Test(line_replay, an_older_file_says_the_same)
{
    struct line_replay replay;
    take_all(&replay, usual, 5);
    cr_assert_eq(
        take(&replay, "5-4 1005 tick 1 open 3 in [[\"a\",1,1,9000],[\"c\",3,2,9000]] out []"),
        REPLAY_OK);
    cr_assert_eq(take(&replay, "5-6 1007 tick 2 open 3 in [] out [[\"a\",\"no_show\"]]"),
                 REPLAY_OK);
    cr_expect_eq(replay.admissions, 2);
    cr_expect_eq(replay.expiries, 1);
    cr_expect_eq(json_integer_value(json_object_get(replay.inside, "c")), 3);
    cr_assert_eq(take(&replay, "5-7 1008 join 5 e"), REPLAY_OK);
    cr_assert_eq(take(&replay, "5-8 1009 tick 3 open 3 in [[\"e\",5,3,9000]] out []"),
                 REPLAY_OVERTAKEN);
    line_replay_release(&replay);
}

Test(line_replay, after_a_gap_nobody_can_tell)
{
    struct line_replay replay;
    take_all(&replay, usual, sizeof usual / sizeof usual[0]);
    cr_assert_eq(take(&replay, "- 1009 gap 5-8 5-20"), REPLAY_OK);
    cr_assert_eq(take(&replay, "5-21 1010 tick 9 open 3 in 3 9000 e 5 out"), REPLAY_OK);
    cr_assert_not(replay.is_order_known);
    cr_assert_eq(replay.gaps, 1);
    line_replay_release(&replay);
}

/* d (4) did not come back; c (3) was inside and did. */
Test(line_replay, who_did_not_come_back_is_not_overtaken)
{
    struct line_replay replay;
    take_all(&replay, usual, sizeof usual / sizeof usual[0]);
    cr_assert_eq(take(&replay, "- 2000 epoch 6"), REPLAY_OK);
    cr_assert_eq(take(&replay, "6-0 2001 back 5:e 3:c"), REPLAY_OK);
    cr_assert_eq(json_object_size(replay.inside), 0);
    cr_assert_eq(take(&replay, "6-1 2002 gone 4 4"), REPLAY_OK);
    cr_assert_eq(take(&replay, "6-2 2003 tick 1 open 4 in 3 9000 c 3 out"), REPLAY_OK);
    cr_assert_eq(take(&replay, "6-3 2004 tick 2 open 5 in 4 9000 e 5 out"), REPLAY_OK);
    cr_assert_eq(json_object_size(replay.inside), 2);
    line_replay_release(&replay);
}

Test(line_replay, other_texts_are_refused)
{
    static const char *const texts[] = {"",
                                        "5-1",
                                        "5-1 1000",
                                        "5-1 1000 dance",
                                        "5-1 x join 1 a",
                                        "5-1 1000 join x a",
                                        "5-1 1000 leave a",
                                        "5-1 1000 gone 1 x",
                                        "5-1 1000 back 1",
                                        "5-1 1000 tick 1 open 3",
                                        "5-1 1000 tick 1 open 3 in",
                                        "5-1 1000 tick 1 open 3 in 1 9000 a 1",
                                        "5-1 1000 tick 1 open 3 in 1 9000 a out",
                                        "5-1 1000 tick 1 open 3 in 1 9000 thirteen-char 1 out",
                                        "5-1 1000 tick 1 open 3 in 1 9000 out a",
                                        "5-1 1000 tick 1 open 3 in x 9000 out",
                                        "5-1 1000 tick 1 open 3 in [ out []",
                                        "5-1 1000 tick 1 open 3 in [[1,2]] out []"};
    struct line_replay replay;
    cr_assert(line_replay_init(&replay));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_expect_eq(take(&replay, texts[i]), REPLAY_BAD_NOTE, "%s", texts[i]);
    line_replay_release(&replay);
}

Test(line_replay, reads_the_source)
{
    int64_t epoch, number;
    cr_assert(line_replay_source("5-17 1000 x", 11, &epoch, &number));
    cr_assert_eq(epoch, 5);
    cr_assert_eq(number, 17);
    cr_assert_not(line_replay_source("- 1000 x", 8, &epoch, &number));
    cr_assert_not(line_replay_source("5-17", 4, &epoch, &number));
}
