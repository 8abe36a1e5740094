/* What a checkout offers: the types asked for, their prices, the sum. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "ticketing/offer.h"
#include "ticketing/plan_json.h"

/* Seats 0 to 2 (0 and 1 of a category with types, 2 without, 3 not for sale), places 4 to 6. */
static const char text[] =
    "{\"version\":1,\"name\":\"Hall\",\"width\":9,\"height\":9,\"seats_count\":7,"
    "\"categories\":[{\"name\":\"Front\",\"color\":\"#b3261e\",\"price_minor\":900,"
    "\"currency\":\"EUR\",\"types\":[{\"name\":\"Adult\",\"price_minor\":900},"
    "{\"name\":\"Reduced\",\"price_minor\":450}]},"
    "{\"name\":\"Back\",\"color\":\"#00ff00\",\"price_minor\":50,\"currency\":\"EUR\"}],"
    "\"sections\":[{\"name\":\"S\",\"level\":\"\",\"rows\":[{\"label\":\"A\",\"first\":0,"
    "\"seats\":[[\"1\",1,1,0,0],[\"2\",2,1,0,0],[\"3\",3,1,1,0],[\"4\",4,1,1,16]]}]}],"
    "\"areas\":[{\"name\":\"Floor\",\"category\":0,\"first\":4,\"capacity\":3,\"x\":1,\"y\":2,"
    "\"width\":3,\"height\":4}],\"shapes\":[]}";

static struct plan *hall(void)
{
    struct plan *plan = NULL;
    char why[200];
    cr_assert(eq(int, plan_from_text(text, sizeof text - 1, &plan, why, sizeof why), PLAN_OK), "%s",
              why);
    return plan;
}

static const struct held_seat held[] = {{1, 0}, {2, 1}, {5, 0}};
enum { HELD = sizeof held / sizeof *held };

static enum offer_status types_of(const char *json, uint8_t out[HOLD_SEATS_MAX], uint32_t *seat)
{
    struct plan *plan = hall();
    json_t *types = json != NULL ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
    enum offer_status status = offer_read_types(types, plan, held, HELD, out, seat);
    json_decref(types);
    plan_free(plan);
    return status;
}

Test(offer, types_are_given_by_seat)
{
    uint8_t types[HOLD_SEATS_MAX];
    uint32_t seat = 0;
    cr_assert(eq(int, types_of(NULL, types, &seat), OFFER_OK));
    cr_assert(types[0] == 0 && types[1] == 0 && types[2] == 0);
    cr_assert(eq(int, types_of("{}", types, &seat), OFFER_OK));
    cr_assert(eq(int, types_of("{\"5\":1,\"2\":0}", types, &seat), OFFER_OK));
    cr_assert(types[0] == 0 && types[1] == 0 && types[2] == 1);
}

Test(offer, wrong_types_are_refused_with_the_seat)
{
    static const struct {
        const char *json;
        enum offer_status status;
        uint32_t seat; /* 99 = none is to blame */
    } cases[] = {
        {"[1]", OFFER_BAD_TYPES, 99},
        {"null", OFFER_BAD_TYPES, 99},
        {"{\"x\":1}", OFFER_BAD_TYPES, 99},
        {"{\"\":1}", OFFER_BAD_TYPES, 99},
        {"{\"-1\":1}", OFFER_BAD_TYPES, 99},
        {"{\"01\":1}", OFFER_BAD_TYPES, 99},
        {"{\"9999999\":1}", OFFER_BAD_TYPES, 99},
        {"{\"1\":\"1\"}", OFFER_BAD_TYPES, 1},
        {"{\"1\":1.5}", OFFER_BAD_TYPES, 1},
        {"{\"0\":1}", OFFER_NOT_HELD, 0},
        {"{\"999999\":0}", OFFER_NOT_HELD, 999999},
        {"{\"1\":2}", OFFER_NO_SUCH_TYPE, 1},
        {"{\"1\":-1}", OFFER_NO_SUCH_TYPE, 1},
        {"{\"1\":4294967296}", OFFER_NO_SUCH_TYPE, 1},
        {"{\"2\":1}", OFFER_NO_SUCH_TYPE, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t types[HOLD_SEATS_MAX];
        uint32_t seat = 99;
        cr_expect(eq(int, types_of(cases[i].json, types, &seat), cases[i].status), "%s",
                  cases[i].json);
        cr_expect(eq(u32, seat, cases[i].seat), "%s", cases[i].json);
    }
}

Test(offer, is_summed_and_written_out)
{
    struct plan *plan = hall();
    const uint8_t types[HELD] = {1, 0, 0};
    struct offer offer;
    cr_assert(eq(int, offer_make(plan, held, HELD, types, &offer), OFFER_OK));
    cr_assert(eq(i64, offer.amount_minor, 450 + 50 + 900));
    cr_assert_str_eq(offer.text, "[{\"seat\":1,\"section\":\"S\",\"row\":\"A\",\"number\":\"2\","
                                 "\"category\":\"Front\",\"type\":\"Reduced\",\"price_minor\":450},"
                                 "{\"seat\":2,\"section\":\"S\",\"row\":\"A\",\"number\":\"3\","
                                 "\"category\":\"Back\",\"type\":\"\",\"price_minor\":50},"
                                 "{\"seat\":5,\"section\":\"Floor\",\"row\":\"\",\"number\":\"\","
                                 "\"category\":\"Front\",\"type\":\"Adult\",\"price_minor\":900}]");
    offer_release(&offer);
    plan_free(plan);
}

Test(offer, of_what_is_not_sold_there_is_none)
{
    struct plan *plan = hall();
    const struct held_seat gone = {7, 0}, blocked = {3, 1};
    const uint8_t adult = 0, second = 1;
    struct offer offer;
    cr_assert(eq(int, offer_make(plan, &gone, 1, &adult, &offer), OFFER_NO_SUCH_SEAT));
    cr_assert(eq(int, offer_make(plan, &blocked, 1, &adult, &offer), OFFER_NO_SUCH_SEAT));
    cr_assert(eq(int, offer_make(plan, &held[1], 1, &second, &offer), OFFER_NO_SUCH_TYPE));
    plan_free(plan);
}
