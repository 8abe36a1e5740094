/* Which seats a request about allotments means: numbers of the plan, a section or one of its rows,
 * a standing area; and of those only so many, when there is a `count`. */
#ifndef STANCHION_STOCK_CHOICE_H
#define STANCHION_STOCK_CHOICE_H

#include "server/office/office.h"

struct stock_choice {
    uint32_t *seats; /* the caller frees them; NULL = none were named */
    size_t count;
};

/* Whose seats a count is taken from. */
enum stock_from {
    STOCK_FROM_FREE, /* what nobody has, the last ones first: the first ones are those people see */
    STOCK_FROM_KEPT  /* what is kept under `name`, or under any, in the order of the plan */
};

/* false: the answer has failed. With a `count` at most so many come back, and one at least. */
bool stock_choice_read(struct office *office, const struct office_request *request,
                       struct office_answer *answer, const char *event, enum stock_from from,
                       struct stock_choice *out);

#endif
