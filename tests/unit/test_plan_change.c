/* What a new plan does to the seats of an old one, case by case. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ticketing/plan_change.h"
#include "ticketing/plan_json.h"

/* Seats 0 to 2 in section S, row A; 3 in section T, row A, not for sale; places 4 to 6. */
static const char before[] =
    "{\"version\":1,\"name\":\"Hall\",\"width\":9,\"height\":9,\"seats_count\":7,"
    "\"categories\":[{\"name\":\"Front\",\"color\":\"#b3261e\",\"price_minor\":900,\"currency\":"
    "\"EUR\"},{\"name\":\"Back\",\"color\":\"#00ff00\",\"price_minor\":50,\"currency\":\"EUR\"}],"
    "\"sections\":[{\"name\":\"S\",\"level\":\"\",\"rows\":[{\"label\":\"A\",\"first\":0,"
    "\"seats\":[[\"1\",1,1,0,0],[\"2\",2,1,0,0],[\"3\",3,1,1,0]]}]},"
    "{\"name\":\"T\",\"level\":\"\",\"rows\":[{\"label\":\"A\",\"first\":3,"
    "\"seats\":[[\"9\",4,1,1,16]]}]}],"
    "\"areas\":[{\"name\":\"Floor\",\"category\":1,\"first\":4,\"capacity\":3,\"x\":1,\"y\":2,"
    "\"width\":3,\"height\":4}],\"shapes\":[]}";

struct edit {
    const char *from, *to;
};

struct change_case {
    const char *what;
    struct edit edits[3];
    const char *of_seat; /* one digit each, enum seat_change */
    bool is_stock_changed;
};

static const struct change_case cases[] = {
    {"nothing", {{"", ""}}, "0000000", false},
    {"prices, colours, names, places on the map",
     {{"900", "1000"}, {"\"Front\"", "\"Vorne\""}, {"[\"1\",1,1,0,0]", "[\"1\",8,8,0,0]"}},
     "0000000",
     false},
    {"a remark", {{"[\"2\",2,1,0,0]", "[\"2\",2,1,0,5]"}}, "0000000", false},
    {"a seat off sale", {{"[\"2\",2,1,0,0]", "[\"2\",2,1,0,16]"}}, "0100000", true},
    {"a seat on sale", {{"[\"9\",4,1,1,16]", "[\"9\",4,1,1,0]"}}, "0000000", true},
    {"another category", {{"[\"2\",2,1,0,0]", "[\"2\",2,1,1,0]"}}, "0200000", false},
    {"another number", {{"[\"2\",", "[\"2a\","}}, "0200000", false},
    {"another row", {{"\"label\":\"A\"", "\"label\":\"B\""}}, "2220000", false},
    {"another section", {{"\"name\":\"T\"", "\"name\":\"U\""}}, "0002000", false},
    {"another level", {{"\"T\",\"level\":\"\"", "\"T\",\"level\":\"Up\""}}, "0002000", false},
    {"another area", {{"\"Floor\"", "\"Pit\""}}, "0000222", false},
    {"more places at the end",
     {{"\"capacity\":3", "\"capacity\":5"}, {"\"seats_count\":7", "\"seats_count\":9"}},
     "0000000",
     true},
    {"fewer places at the end",
     {{"\"capacity\":3", "\"capacity\":1"}, {"\"seats_count\":7", "\"seats_count\":5"}},
     "0000011",
     true},
    {"a seat less in the middle",
     {{",[\"3\",3,1,1,0]", ""}, {"\"first\":3", "\"first\":2"}, {"\"first\":4", "\"first\":3"}},
     "0022221",
     true},
};

static void replace(char *text, size_t text_bytes, const struct edit *edit)
{
    char *found = edit->from == NULL || edit->from[0] == '\0' ? NULL : strstr(text, edit->from);
    if (found == NULL) {
        cr_assert(edit->from == NULL || edit->from[0] == '\0', "%s", edit->from);
        return;
    }
    char rest[2048];
    cr_assert_lt(snprintf(rest, sizeof rest, "%s%s", edit->to, found + strlen(edit->from)),
                 (int)sizeof rest);
    cr_assert_lt(strlen(rest), text_bytes - (size_t)(found - text));
    memcpy(found, rest, strlen(rest) + 1);
}

static struct plan *plan_of(const char *text)
{
    struct plan *plan = NULL;
    char why[200];
    cr_assert(eq(int, plan_from_text(text, strlen(text), &plan, why, sizeof why), PLAN_OK), "%s",
              why);
    return plan;
}

static void check(const struct change_case *one)
{
    char text[2048], found[16] = "";
    (void)snprintf(text, sizeof text, "%s", before);
    for (size_t i = 0; i < 3; i++)
        replace(text, sizeof text, &one->edits[i]);
    if (strcmp(one->what, "a seat less in the middle") == 0)
        replace(text, sizeof text, &(struct edit){"\"seats_count\":7", "\"seats_count\":6"});
    struct plan *old_plan = plan_of(before), *new_plan = plan_of(text);
    struct plan_change change;
    cr_assert(plan_change_init(&change, old_plan, new_plan));
    uint32_t counts[SEAT_CHANGE_COUNT] = {0};
    for (uint32_t seat = 0; seat < change.seats_count; seat++) {
        found[seat] = (char)('0' + change.of_seat[seat]);
        counts[change.of_seat[seat]]++;
    }
    cr_expect_str_eq(found, one->of_seat, "%s: %s", one->what, found);
    cr_expect(memcmp(counts, change.counts, sizeof counts) == 0, "%s", one->what);
    cr_expect(eq(int, change.is_stock_changed, one->is_stock_changed), "%s", one->what);
    plan_change_release(&change);
    plan_free(old_plan);
    plan_free(new_plan);
}

Test(plan_change, is_found_seat_by_seat)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
}
