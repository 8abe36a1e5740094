/* See the header. */
#include "server/base/rights.h"

#include <assert.h>
#include <string.h>

static const char *const roles[ROLE_COUNT] = {"owner", "operator", "door"};

static const struct {
    const char *word;
    bool is_given[ROLE_COUNT]; /* owner, operator, door */
} table[RIGHT_COUNT] = {
    [RIGHT_EVENT_READ] = {"event.read", {true, true, true}},
    [RIGHT_EVENT_EDIT] = {"event.edit", {true, true, false}},
    [RIGHT_EVENT_LIVE] = {"event.live", {true, true, false}},
    [RIGHT_EVENT_STEER] = {"event.steer", {true, true, false}},
    [RIGHT_ORDER_READ] = {"order.read", {true, true, false}},
    [RIGHT_ORDER_REFUND] = {"order.refund", {true, true, false}},
    [RIGHT_ORDER_RESEND] = {"order.resend", {true, true, false}},
    [RIGHT_ORDER_EXPORT] = {"order.export", {true, false, false}},
    [RIGHT_DOOR_CHECK] = {"door.check", {true, true, true}},
    [RIGHT_LOG_READ] = {"log.read", {true, true, false}},
    [RIGHT_ACCOUNT_EDIT] = {"account.edit", {true, false, false}},
};

const char *role_word(enum role role)
{
    assert(role < ROLE_COUNT);
    return roles[role];
}

bool role_parse(const char *word, enum role *out)
{
    for (int i = 0; word != NULL && i < ROLE_COUNT; i++)
        if (strcmp(roles[i], word) == 0) {
            *out = (enum role)i;
            return true;
        }
    return false;
}

const char *right_word(enum right right)
{
    assert(right < RIGHT_COUNT);
    return table[right].word;
}

bool role_has(enum role role, enum right right)
{
    assert(role < ROLE_COUNT && right < RIGHT_COUNT);
    return table[right].is_given[role];
}

const char *right_holders(enum right right)
{
    assert(right < RIGHT_COUNT);
    return table[right].is_given[ROLE_OPERATOR] ? "Only an owner or an operator may do this."
                                                : "Only an owner may do this.";
}
