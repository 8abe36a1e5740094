/* Plans: sealing, looking up, adding up, and PLAN to and from JSON. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "ticketing/plan_json.h"

/* Two levels with a section "1" each, one row of two seats each, and a standing area of three
 * places. */
static struct plan *small_plan(void)
{
    const struct plan_sizes sizes = {2, 2, 2, 4, 1, 1};
    static const char *const numbers[] = {"1", "2", "01", "7b"};
    struct plan *plan = plan_create(&sizes);
    plan->name = plan_text(plan, "Small", 5);
    plan->width = 200;
    plan->height = 100;
    plan->categories[0] = (struct plan_category){
        .name = "Front", .price_minor = 12900, .color = "#b3261e", .currency = "EUR"};
    plan->categories[1] = (struct plan_category){
        .name = "Back", .price_minor = 50, .color = "#00ff00", .currency = "EUR"};
    plan->sections[0] = (struct plan_section){.name = "1", .level = "Lower", .rows_count = 1};
    plan->sections[1] = (struct plan_section){.name = "1", .level = "Upper", .rows_count = 1};
    for (uint32_t i = 0; i < 2; i++)
        plan->rows[i] = (struct plan_row){.label = i == 0 ? "A" : "\xd0\x91", .seats_count = 2};
    for (uint32_t i = 0; i < 4; i++)
        plan->seats[i] = (struct plan_seat){
            .number = numbers[i], .x = 10.25 + i, .y = 5, .category = (uint16_t)(i % 2)};
    plan->seats[2].flags = PLAN_ACCESSIBLE;
    plan->seats[3].flags = PLAN_NOT_FOR_SALE;
    plan->areas[0] = (struct plan_area){
        .name = "Floor", .capacity = 3, .category = 1, .x = 1, .y = 2, .width = 30, .height = 40};
    plan->shapes[0] = (struct plan_shape){
        .kind = PLAN_ELLIPSE, .text = "Stage", .color = "#444444", .width = 5, .height = 6};
    return plan;
}

static struct plan *sealed_plan(void)
{
    char why[200] = "";
    struct plan *plan = small_plan();
    cr_assert(eq(int, plan_seal(plan, why, sizeof why), PLAN_OK), "%s", why);
    return plan;
}

Test(plan, numbers_everything_through)
{
    struct plan *plan = sealed_plan();
    struct plan_place place;
    cr_assert(eq(u32, plan_seats_count(plan), 7));
    cr_assert(eq(u32, plan->rows[1].first, 2));
    cr_assert(eq(int, plan_place(plan, 2, &place), PLAN_OK));
    cr_assert_str_eq(place.section, "Upper 1");
    cr_assert_str_eq(place.row, "\xd0\x91");
    cr_assert_str_eq(place.number, "01");
    cr_assert(eq(int, place.flags, PLAN_ACCESSIBLE));
    cr_assert(eq(i64, place.category->price_minor, 12900));
    cr_assert(eq(int, plan_place(plan, 6, &place), PLAN_OK));
    cr_assert_str_eq(place.section, "Floor");
    cr_assert_str_eq(place.row, "");
    cr_assert(place.area == plan_area(plan, 0));
    cr_assert(eq(int, place.category_index, 1));
    cr_assert(eq(int, plan_place(plan, 7, &place), PLAN_NO_SUCH_SEAT));
    cr_assert(plan_area(plan, 1) == NULL);
    cr_assert(plan_area_of(plan, 3) == NULL);
    cr_assert(plan_area_of(plan, 4) == plan_area(plan, 0));
    plan_free(plan);
}

Test(plan, a_level_is_in_the_title_only_where_it_is_needed)
{
    struct plan *plan = small_plan();
    plan->sections[1].name = "2";
    char why[200];
    cr_assert(eq(int, plan_seal(plan, why, sizeof why), PLAN_OK));
    cr_assert_str_eq(plan->sections[0].title, "1");
    plan_free(plan);
}

Test(plan, adds_up)
{
    struct plan *plan = sealed_plan();
    const uint32_t good[] = {0, 1, 5, 0}, gone[] = {0, 3}, outside[] = {7};
    int64_t total = -1;
    cr_assert(eq(int, plan_seats_total(plan, good, 4, &total), PLAN_OK));
    cr_assert(eq(i64, total, 12900 + 50 + 50 + 12900));
    cr_assert(eq(int, plan_seats_total(plan, NULL, 0, &total), PLAN_OK));
    cr_assert(eq(i64, total, 0));
    total = -1;
    cr_assert(eq(int, plan_seats_total(plan, gone, 2, &total), PLAN_NO_SUCH_SEAT));
    cr_assert(eq(int, plan_seats_total(plan, outside, 1, &total), PLAN_NO_SUCH_SEAT));
    memcpy(plan->categories[1].currency, "USD", 4);
    cr_assert(eq(int, plan_seats_total(plan, good, 4, &total), PLAN_CURRENCY_MIXED));
    cr_assert(eq(i64, total, -1));
    plan->categories[0].price_minor = INT64_MAX;
    cr_assert(eq(int, plan_seats_total(plan, (const uint32_t[]){0, 0}, 2, &total), PLAN_OVERFLOW));
    cr_assert(eq(i64, total, -1));
    plan_free(plan);
}

Test(plan, seat_3_is_not_for_sale)
{
    struct plan *plan = sealed_plan();
    const bool expected[] = {true, true, true, false, true, true, true, false};
    for (uint32_t i = 0; i < 8; i++)
        cr_assert(eq(int, plan_is_for_sale(plan, i), expected[i]), "seat %u", i);
    plan_free(plan);
}

Test(plan, sealing_refuses_what_does_not_hang_together)
{
    char why[200];
#define REFUSED(change, text)                                                                      \
    do {                                                                                           \
        struct plan *plan = small_plan();                                                          \
        change;                                                                                    \
        cr_assert(eq(int, plan_seal(plan, why, sizeof why), PLAN_BROKEN), "%s", #change);          \
        cr_assert(strstr(why, text) != NULL, "%s: %s", #change, why);                              \
        plan_free(plan);                                                                           \
    } while (0)
    REFUSED(plan->seats[1].category = 2, "category 2 does not exist");
    REFUSED(plan->seats[1].number = "", "number is empty");
    REFUSED(plan->seats[1].flags = 32, "unknown flags");
    REFUSED(plan->seats[1].x = 1e300, "out of range");
    REFUSED(plan->rows[1].seats_count = 1, "belong to no row");
    REFUSED(plan->rows[1].seats_count = 3, "more seats than");
    REFUSED(plan->sections[1].rows_count = 0, "belong to no section");
    REFUSED(plan->sections[1].rows_count = 2, "more rows than");
    REFUSED(plan->areas[0].capacity = 0, "capacity");
    REFUSED(plan->areas[0].capacity = PLAN_SEATS_MAX, "capacity");
    REFUSED(plan->areas[0].category = 9, "category 9");
    REFUSED(plan->categories[0].price_minor = -2, "price"); /* -1: a draft without one */
    REFUSED(plan->categories[0].price_minor = PRICE_MINOR_MAX + 1, "price");
    REFUSED(memcpy(plan->categories[0].color, "red", 4), "color");
    REFUSED(memcpy(plan->categories[0].currency, "eur", 4), "currency");
    REFUSED(plan->width = -1, "width");
}

Test(plan, the_empty_plan_is_refused)
{
    char why[200];
    struct plan *plan = plan_create(&(struct plan_sizes){0});
    cr_assert(eq(int, plan_seal(plan, why, sizeof why), PLAN_BROKEN));
    plan_free(plan);
    plan_free(NULL);
}

/* --- JSON --- */

static const char small_text[] =
    "{\"version\":1,\"name\":\"Small\",\"width\":200,\"height\":100,\"seats_count\":7,"
    "\"categories\":[{\"name\":\"Front\",\"color\":\"#b3261e\",\"price_minor\":12900,\"currency\":"
    "\"EUR\"},{\"name\":\"Back\",\"color\":\"#00ff00\",\"price_minor\":50,\"currency\":\"EUR\"}],"
    "\"sections\":[{\"name\":\"1\",\"level\":\"Lower\",\"rows\":[{\"label\":\"A\",\"first\":0,"
    "\"seats\":[[\"1\",10.25,5,0,0],[\"2\",11.25,5,1,0]]}]},"
    "{\"name\":\"1\",\"level\":\"Upper\",\"rows\":[{\"label\":\"\xd0\x91\",\"first\":2,"
    "\"seats\":[[\"01\",12.25,5,0,1],[\"7b\",13.25,5,1,16]]}]}],"
    "\"areas\":[{\"name\":\"Floor\",\"category\":1,\"first\":4,\"capacity\":3,\"x\":1,\"y\":2,"
    "\"width\":30,\"height\":40}],"
    "\"shapes\":[{\"kind\":\"ellipse\",\"text\":\"Stage\",\"color\":\"#444444\",\"x\":0,\"y\":0,"
    "\"width\":5,\"height\":6,\"rotation\":0}]}";

Test(plan_json, writes_PLAN)
{
    struct plan *plan = sealed_plan();
    size_t bytes;
    char *text = plan_to_text(plan, &bytes);
    cr_assert_str_eq(text, small_text);
    cr_assert(eq(sz, bytes, sizeof small_text - 1));
    free(text);
    plan_free(plan);
}

Test(plan_json, reads_what_it_wrote)
{
    struct plan *plan = NULL;
    char why[200];
    size_t bytes;
    cr_assert(
        eq(int, plan_from_text(small_text, sizeof small_text - 1, &plan, why, sizeof why), PLAN_OK),
        "%s", why);
    char *again = plan_to_text(plan, &bytes);
    cr_assert_str_eq(again, small_text);
    cr_assert_str_eq(plan->sections[1].title, "Upper 1");
    free(again);
    plan_free(plan);
}

/* Replaces the first occurrence of `from`; the caller frees the result. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *found = strstr(text, from);
    cr_assert(found != NULL, "%s", from);
    size_t head = (size_t)(found - text), bytes = strlen(text) + strlen(to) + 1;
    char *out = malloc(bytes);
    snprintf(out, bytes, "%.*s%s%s", (int)head, text, to, found + strlen(from));
    return out;
}

Test(plan_json, coordinates_survive_a_writer_that_does_not_know_their_precision)
{
    struct plan *plan = sealed_plan();
    plan->seats[0].x = plan_round(310.1);
    json_t *json = plan_to_json(plan);
    char *text = json_dumps(json, JSON_COMPACT);
    cr_assert(strstr(text, "[\"1\",310.0,5") != NULL || strstr(text, "[\"1\",310,5") != NULL);
    plan->seats[0].x = plan_round(310.2);
    free(text);
    json_decref(json);
    json = plan_to_json(plan);
    text = json_dumps(json, JSON_COMPACT);
    cr_assert(strstr(text, "[\"1\",310.25,5") != NULL, "%s", text);
    free(text);
    json_decref(json);
    plan_free(plan);
}

static const char typed[] =
    "50,\"currency\":\"EUR\",\"types\":[{\"name\":\"Adult\",\"price_minor\":50},"
    "{\"name\":\"Reduced\",\"price_minor\":20}]}";

static struct plan *typed_plan(char **text)
{
    struct plan *plan = NULL;
    char why[200];
    *text = replaced(small_text, "50,\"currency\":\"EUR\"}", typed);
    cr_assert(eq(int, plan_from_text(*text, strlen(*text), &plan, why, sizeof why), PLAN_OK), "%s",
              why);
    return plan;
}

Test(plan_json, ticket_types_come_back_as_they_were)
{
    char *text;
    struct plan *plan = typed_plan(&text);
    size_t bytes;
    char *again = plan_to_text(plan, &bytes);
    cr_assert_str_eq(again, text);
    free(again);
    free(text);
    plan_free(plan);
}

Test(plan, a_type_is_found_by_its_index)
{
    char *text;
    struct plan *plan = typed_plan(&text);
    struct plan_type type;
    cr_assert(plan_type_of(&plan->categories[0], 0, &type), "everybody's price is type 0");
    cr_assert_str_eq(type.name, "");
    cr_assert(eq(i64, type.price_minor, 12900));
    cr_assert_not(plan_type_of(&plan->categories[0], 1, &type));
    cr_assert(plan_type_of(&plan->categories[1], 1, &type));
    cr_assert_str_eq(type.name, "Reduced");
    cr_assert(eq(i64, type.price_minor, 20));
    cr_assert_not(plan_type_of(&plan->categories[1], 2, &type));
    free(text);
    plan_free(plan);
}

Test(plan_json, names_the_type_that_is_wrong)
{
    static const struct {
        const char *from, *to, *why;
    } cases[] = {
        {"\"types\":[", "\"types\":[],\"x\":[", "categories[1]: types must be a list of 1 to 16"},
        {"\"types\":[", "\"types\":7,\"x\":[", "categories[1]: types must be a list of 1 to 16"},
        {"\"Reduced\"", "\"\"", "categories[1].types[1]: the name is empty"},
        {"\"Reduced\"", "7", "categories[1].types[1]: name must be text"},
        {"\"Reduced\"", "\"Adult\"", "categories[1].types[1]: the name comes twice"},
        {"\"price_minor\":20", "\"price_minor\":-1", "categories[1].types[1]: price_minor"},
        {"50},", "51},", "categories[1]: the price is not that of its first type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan *plan = NULL;
        char why[200], *base = replaced(small_text, "50,\"currency\":\"EUR\"}", typed);
        char *text = replaced(base, cases[i].from, cases[i].to);
        enum plan_status status = plan_from_text(text, strlen(text), &plan, why, sizeof why);
        cr_expect(eq(int, status, PLAN_BROKEN), "%s", cases[i].to);
        cr_expect(strstr(why, cases[i].why) != NULL, "%s: %s", cases[i].to, why);
        free(base);
        free(text);
    }
}

Test(plan_json, names_the_field_that_is_wrong)
{
    static const struct {
        const char *from, *to, *why;
    } cases[] = {
        {"\"version\":1", "\"version\":2", "version 2 is not known"},
        {"\"version\":1,", "", "version must be a whole number"},
        {"\"name\":\"Small\"", "\"name\":7", "name must be text"},
        {"\"width\":200", "\"width\":-1", "width must be a number"},
        {"\"width\":200", "\"width\":\"200\"", "width must be a number"},
        {"\"seats_count\":7", "\"seats_count\":8", "seats_count must be 7"},
        {"\"seats_count\":7", "\"seats_count\":7.0", "seats_count must be a whole"},
        {"12900", "-2", "categories[0]: price_minor"},
        {"12900", "10000000001", "categories[0]: price_minor"},
        {"12900", "1.5", "categories[0]: price_minor"},
        {"#b3261e", "#b3261", "categories[0]: color"},
        {"#b3261e", "b3261ef", "color #rrggbb"},
        {"\"Front\"", "\"\"", "categories[0]: the name is empty"},
        {"\"first\":2", "\"first\":1", "sections[1].rows[0]: first must be 2"},
        {"\"first\":4", "\"first\":0", "areas[0]: first must be 4"},
        {"5,1,16]", "5,2,16]", "sections[1].rows[0].seats[1]: category 2 does not exist"},
        {"5,1,16]", "5,-1,16]", "seats[1]: category must be a whole number"},
        {"5,1,16]", "5,1,32]", "seats[1]: flags must be a whole number from 0 to 31"},
        {"5,1,16]", "5,1]", "a seat must be [number, x, y, category, flags]"},
        {"\"7b\",13.25", "7,13.25", "seats[1]: number must be text"},
        {"\"7b\",13.25", "\"7b\",1e9", "seats[1]: x must be a number"},
        {"\"capacity\":3", "\"capacity\":0", "areas[0]: the capacity"},
        {"\"capacity\":3", "\"capacity\":100001", "areas[0]: capacity"},
        {"\"kind\":\"ellipse\"", "\"kind\":\"blob\"", "shapes[0]: kind"},
        {"\"areas\":[", "\"areas\":7,\"x\":[", "areas must be a list"},
        {"\"rows\":[", "\"rows\":7,\"x\":[", "sections[0]: rows must be a list"},
        {"\"seats\":[[", "\"seats\":7,\"x\":[[", "sections[0].rows[0]: seats must be a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan *plan = NULL;
        char why[200], *text = replaced(small_text, cases[i].from, cases[i].to);
        enum plan_status status = plan_from_text(text, strlen(text), &plan, why, sizeof why);
        cr_expect(eq(int, status, PLAN_BROKEN), "%s", cases[i].to);
        cr_expect(strstr(why, cases[i].why) != NULL, "%s: %s", cases[i].to, why);
        cr_expect(plan == NULL);
        free(text);
    }
}

Test(plan_json, ignores_fields_it_does_not_know)
{
    struct plan *plan = NULL;
    char why[200], *text = replaced(small_text, "\"version\":1", "\"version\":1,\"later\":[1]");
    cr_assert(eq(int, plan_from_text(text, strlen(text), &plan, why, sizeof why), PLAN_OK));
    plan_free(plan);
    free(text);
}

Test(plan_json, refuses_text_that_is_no_plan)
{
    static const char *const cases[] = {
        "", "[]", "7", "{}", "null", "{\"version\":1}", "{\"a\":1,\"a\":2}"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan *plan = NULL;
        char why[200];
        enum plan_status status =
            plan_from_text(cases[i], strlen(cases[i]), &plan, why, sizeof why);
        cr_expect(eq(int, status, PLAN_BROKEN), "%s", cases[i]);
        cr_expect(why[0] != '\0');
    }
}

/* Every prefix of the text and every byte replaced by each of a few: no crash, and what is taken is
 * whole. */
Test(plan_json, damage_never_crashes)
{
    static const char replacements[] = "{}[]\",:09-e\\\0\xff";
    char text[sizeof small_text], why[200];
    struct plan *plan;
    for (size_t i = 0; i < sizeof small_text - 1; i++) {
        cr_assert(eq(int, plan_from_text(small_text, i, &plan, why, sizeof why), PLAN_BROKEN));
        for (size_t j = 0; j < sizeof replacements - 1; j++) {
            memcpy(text, small_text, sizeof small_text);
            text[i] = replacements[j];
            if (plan_from_text(text, sizeof small_text - 1, &plan, why, sizeof why) != PLAN_OK)
                continue;
            cr_assert(eq(u32, plan_seats_count(plan), 7));
            plan_free(plan);
        }
    }
}
