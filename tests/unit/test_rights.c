/* The table of roles and rights, written down a second time: a change must be meant. */
#include <criterion/criterion.h>
#include "server/base/rights.h"

static const struct {
    const char *right;
    bool owner, operator, door;
} expected[] = {
    {"event.read", true, true, true},     {"event.edit", true, true, false},
    {"event.live", true, true, false},    {"event.steer", true, true, false},
    {"order.read", true, true, false},    {"order.refund", true, true, false},
    {"order.resend", true, true, false},  {"order.export", true, false, false},
    {"door.check", true, true, true},     {"log.read", true, true, false},
    {"account.edit", true, false, false},
};

Test(rights, each_role_has_what_the_table_says)
{
    cr_assert_eq(sizeof expected / sizeof expected[0], (size_t)RIGHT_COUNT);
    for (int i = 0; i < RIGHT_COUNT; i++) {
        enum right right = (enum right)i;
        cr_expect_str_eq(right_word(right), expected[i].right);
        cr_expect_eq(role_has(ROLE_OWNER, right), expected[i].owner, "%s", expected[i].right);
        cr_expect_eq(role_has(ROLE_OPERATOR, right), expected[i].operator, "%s", expected[i].right);
        cr_expect_eq(role_has(ROLE_DOOR, right), expected[i].door, "%s", expected[i].right);
    }
}

Test(rights, roles_are_read_exactly)
{
    enum role role = ROLE_COUNT;
    for (int i = 0; i < ROLE_COUNT; i++) {
        cr_assert(role_parse(role_word((enum role)i), &role));
        cr_expect_eq((int)role, i);
    }
    role = ROLE_COUNT;
    const char *const wrong[] = {"", "Owner", "owner ", "organizer", "king"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(role_parse(wrong[i], &role), "\"%s\"", wrong[i]);
    cr_expect_not(role_parse(NULL, &role));
    cr_expect_eq((int)role, ROLE_COUNT);
}

Test(rights, a_refusal_names_who_may)
{
    cr_expect_str_eq(right_holders(RIGHT_ACCOUNT_EDIT), "Only an owner may do this.");
    cr_expect_str_eq(right_holders(RIGHT_EVENT_STEER), "Only an owner or an operator may do this.");
}
