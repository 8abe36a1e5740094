/* Deadlines of requests to the ledger: they end those that are not answered, and not those whose
 * answer is there while this process was late. The requests are put into the list by hand; what is
 * sent is the contract tests' affair. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"

struct heard {
    int answers, silences;
};

static void on_answer(void *ctx, const json_t *answer)
{
    struct heard *heard = ctx;
    heard->answers += answer != NULL;
    heard->silences += answer == NULL;
}

static struct gateway *gateway_waiting(struct heard *heard, int64_t now_ms)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    struct office_request *request = calloc(1, sizeof *request);
    cr_assert(gateway != NULL && request != NULL);
    office_on_turn(gateway, now_ms);
    memcpy(request->id, "abcdefghijkl", sizeof request->id);
    request->deadline_ms = gateway->office.now_ms + OFFICE_DEADLINE_MS;
    request->on_answer = on_answer;
    request->ctx = heard;
    gateway->office.first = gateway->office.last = request;
    gateway->office.count = 1;
    return gateway;
}

Test(office_client, a_gateway_that_was_late_reads_the_answer_first)
{
    static const char reply[] = "{\"id\":\"abcdefghijkl\",\"ok\":true}";
    struct heard heard = {0};
    struct gateway *gateway = gateway_waiting(&heard, 1000);
    office_on_turn(gateway, 1000 + 20 * OFFICE_DEADLINE_MS); /* stopped, or nobody let it run */
    cr_expect_eq(heard.silences, 0);
    office_on_reply(gateway, reply, sizeof reply - 1);
    cr_expect_eq(heard.answers, 1);
    office_on_turn(gateway, 1000 + 40 * OFFICE_DEADLINE_MS);
    cr_expect_eq(heard.silences, 0);
    cr_expect_eq(gateway->office.count, 0);
    free(gateway);
}

Test(office_client, what_is_not_answered_ends_once_and_in_time)
{
    enum { TURN_MS = 50 };
    struct heard heard = {0};
    struct gateway *gateway = gateway_waiting(&heard, 1000);
    int64_t now_ms = 1000;
    for (; now_ms < 1000 + OFFICE_DEADLINE_MS - TURN_MS; now_ms += TURN_MS)
        office_on_turn(gateway, now_ms);
    cr_expect_eq(heard.silences, 0);
    for (int i = 0; i < 3; i++)
        office_on_turn(gateway, now_ms += TURN_MS);
    cr_expect_eq(heard.silences, 1);
    cr_expect_eq(heard.answers, 0);
    office_release(gateway);
    cr_expect_eq(heard.silences, 1);
    free(gateway);
}
