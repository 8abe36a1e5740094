/* What the importer takes: each format, labels of any script, gaps, levels, standing areas, layout;
 * and damage. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/inventory_try.h"
#include "ticketing/plan_json.h"

/* "Level/Section Row: 1 2 3; ..." with flags behind a colon, then "[Area 5]". */
static char *describe(const struct plan *plan)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    for (size_t i = 0; i < plan->rows_count; i++) {
        const struct plan_row *row = &plan->rows[i];
        const struct plan_section *section = &plan->sections[row->section];
        fprintf(out, "%s%s%s %s:", section->level, section->level[0] == '\0' ? "" : "/",
                section->name, row->label);
        for (uint32_t j = 0; j < row->seats_count; j++) {
            const struct plan_seat *seat = &plan->seats[row->first + j];
            fprintf(out, " %s", seat->number);
            if (seat->flags != 0)
                fprintf(out, "~%u", seat->flags);
        }
        fputs("; ", out);
    }
    for (size_t i = 0; i < plan->areas_count; i++)
        fprintf(out, "[%s %u]", plan->areas[i].name, plan->areas[i].capacity);
    fclose(out);
    return text;
}

static void expect_plan(struct inventory_try *t, const char *expected)
{
    char *lines = inventory_try_lines(t);
    cr_assert(eq(int, t->status, IMPORT_OK), "%s", lines);
    char *got = describe(t->plan);
    cr_expect_str_eq(got, expected, "\ngot      %s\nexpected %s", got, expected);
    free(got);
    free(lines);
}

/* Every seat inside the frame, no two in one place, and the JSON can be read again. */
static void expect_drawable(const struct plan *plan)
{
    char why[200];
    size_t bytes;
    struct plan *again = NULL;
    cr_expect(plan->width > 0 && plan->height > 0);
    for (uint32_t i = 0; i < plan->seated_count; i++) {
        const struct plan_seat *a = &plan->seats[i];
        cr_assert(a->x >= 0 && a->x <= plan->width && a->y >= 0 && a->y <= plan->height, "seat %u",
                  i);
        for (uint32_t j = plan->seated_count < 3000 ? 0 : i; j < i; j++) {
            const struct plan_seat *b = &plan->seats[j];
            cr_assert(hypot(a->x - b->x, a->y - b->y) > 20, "seats %u and %u at %g,%g", j, i, a->x,
                      a->y);
        }
    }
    for (size_t i = 0; i < plan->areas_count; i++)
        cr_assert(plan->areas[i].width > 0 && plan->areas[i].height > 0);
    char *text = plan_to_text(plan, &bytes);
    cr_assert(eq(int, plan_from_text(text, bytes, &again, why, sizeof why), PLAN_OK), "%s", why);
    cr_assert(eq(u32, plan_seats_count(again), plan_seats_count(plan)));
    plan_free(again);
    free(text);
}

Test(import, tables)
{
    static const struct {
        const char *seats, *prices, *expected;
    } cases[] = {
        {"section,row,seat_from,seat_to,step,category,price,currency,flags\n"
         "A,1,5,8,,G,1.00,EUR,\n",
         NULL, "A 1: 5 6 7 8; "},
        /* BOM, CRLF, semicolons, lists, gaps, step, one row from several lines */
        {"\xef\xbb\xbfsection;row;seat_from;seat_to;step;category;price;currency;flags\r\n"
         "A;1;1-3,5-6;;;G;1.00;EUR;\r\nA;1;4;;;G;1.00;EUR;accessible\r\nA;2;2;8;2;G;1.00;EUR;\r\n",
         NULL, "A 1: 1 2 3 4~1 5 6; A 2: 2 4 6 8; "},
        /* flags in every spelling of a list */
        {"section,row,seat_from,flags,category,price,currency\n"
         "A,1,1,accessible companion,G,1.00,EUR\nA,1,2,\"restricted_view,aisle\",G,1.00,EUR\n"
         "A,1,3,not_for_sale|aisle,G,1.00,EUR\n",
         NULL, "A 1: 1~3 2~12 3~24; "},
        /* labels are text */
        {"section,row,seat_from,category,price,currency\nA,1,\"1,01,001\",G,1.00,EUR\nA,01,1,G,1."
         "00,EUR\n",
         NULL, "A 1: 1 01 001; A 01: 1; "},
        {"section,row,seat,category,price,currency\n\xd0\x91\xd0\xbb\xd0\xbe\xd0\xba "
         "1,\xe4\xb8\x80,\xd9\xa1,G,1.00,EUR\n",
         NULL, "\xd0\x91\xd0\xbb\xd0\xbe\xd0\xba 1 \xe4\xb8\x80: \xd9\xa1; "},
        /* the same row on two levels */
        {"level,section,row,seat_from,seat_to,category,price,currency\nUp,A,1,1,2,G,1.00,EUR\nDown,"
         "A,1,1,2,G,1.00,EUR\n",
         NULL, "Up/A 1: 1 2; Down/A 1: 1 2; "},
        /* sections and rows come in the order of their first line, wherever
         * their other lines stand */
        {"section,row,seat,category,price,currency\nB,2,1,G,1.00,EUR\nA,1,3,G,1.00,EUR\nB,2,2,G,1."
         "00,EUR\nA,1,1,G,1.00,EUR\nA,1,2,G,1.00,EUR\nB,1,1,G,1.00,EUR\n",
         NULL, "B 2: 1 2; B 1: 1; A 1: 1 2 3; "},
        /* a row may fall; one with other labels keeps its order */
        {"section,row,seat_from,seat_to,category,price,currency\nA,1,5,1,G,1.00,EUR\nA,2,\"b,a,1\","
         ",G,1.00,EUR\n",
         NULL, "A 1: 5 4 3 2 1; A 2: b a 1; "},
        /* standing areas, by capacity or by range */
        {"section,row,seat_from,seat_to,category,price,currency,flags,capacity\nPit,,,,G,1.00,EUR,"
         "standing,300\nPen,,1,50,H,2.00,EUR,standing,\nA,1,1,2,G,1.00,EUR,,\n",
         NULL, "A 1: 1 2; [Pit 300][Pen 50]"},
        /* prices and categories by section: the closest line counts */
        {"section,level,row,seat\nA,Up,1,1\nA,Down,1,1\nB,Up,1,1\nC,Down,1,1\n",
         "category,price,currency,section,level\nGold,9.00,EUR,A,Up\nSilver,5.00,EUR,A|B,\nRest,1."
         "00,EUR,*,\n",
         "Up/A 1: 1; Down/A 1: 1; Up/B 1: 1; Down/C 1: 1; "},
        /* blank lines, padding, quotes */
        {"\n section , row ,\"seat\", category ,price,currency\n\n A , 1 , 1 , G , 1.00 , EUR "
         "\n,,,,,\n\"A\",\"1\",\"2\",\"G\",\"1.00\",\"EUR\"\n",
         NULL, "A 1: 1 2; "},
        /* positions of the organizer's own */
        {"section,row,seat,category,price,currency,x,y\nA,1,1,G,1.00,EUR,-50,10\nA,1,2,G,1.00,EUR,"
         "0,10.5\n",
         NULL, "A 1: 1 2; "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct inventory_try t;
        inventory_try_init(&t);
        inventory_try_file(&t, "seats.csv", cases[i].seats);
        if (cases[i].prices != NULL)
            inventory_try_file(&t, "prices.csv", cases[i].prices);
        inventory_try_load(&t, NULL, NULL, NULL, 0);
        expect_plan(&t, cases[i].expected);
        expect_drawable(t.plan);
        inventory_try_release(&t);
    }
}

Test(import, categories_by_section_take_the_closest_line)
{
    struct inventory_try t;
    static const char *const expected[] = {"Gold", "Silver", "Silver", "Rest"};
    inventory_try_init(&t);
    inventory_try_file(&t, "seats.csv",
                       "section,level,row,seat\nA,Up,1,1\nA,Down,1,1\nB,Up,1,1\nC,Down,1,1\n");
    inventory_try_file(&t, "p.csv",
                       "category,price,currency,section,level,color\nGold,9.00,EUR,A,Up,#"
                       "FA0\nSilver,5.00,EUR,A|B,,\nRest,1.00,EUR,*,,\nRest,,,Z,,\n");
    inventory_try_load(&t, "seats.csv", "p.csv", NULL, 0);
    cr_assert(eq(int, t.status, IMPORT_OK));
    for (uint32_t i = 0; i < 4; i++)
        cr_expect_str_eq(t.plan->categories[plan_seat_category(t.plan, i)].name, expected[i]);
    cr_expect_str_eq(t.plan->categories[0].color, "#ffaa00");
    cr_expect(inventory_try_has(&t.report.warnings, "p.csv:5:8: ", "section \"Z\""));
    cr_expect(eq(sz, t.report.warnings.count, 1));
    inventory_try_release(&t);
}

Test(import, ticket_types_are_lines_of_their_own)
{
    struct inventory_try t;
    inventory_try_init(&t);
    inventory_try_file(&t, "seats.csv",
                       "section,row,seat,category\nA,1,1,Front\nA,1,2,Back\nB,1,1,\n");
    inventory_try_file(&t, "prices.csv",
                       "category,type,price,currency,section\nFront,Adult,79.00,EUR,\n"
                       "Front, Reduced ,39.50,EUR,B\nBack,,10.00,EUR,\nFront,,,,C\n"
                       "Front,Reduced,39.50,EUR,\nFront,Child,0,EUR,\n");
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    cr_assert(eq(int, t.status, IMPORT_OK));
    const struct plan_category *front = &t.plan->categories[0], *back = &t.plan->categories[1];
    cr_assert(eq(i64, front->price_minor, 7900));
    cr_assert(eq(u32, front->types_count, 3));
    cr_expect_str_eq(front->types[0].name, "Adult");
    cr_expect(eq(i64, front->types[0].price_minor, 7900));
    cr_expect_str_eq(front->types[1].name, "Reduced");
    cr_expect(eq(i64, front->types[1].price_minor, 3950));
    cr_expect(eq(i64, front->types[2].price_minor, 0));
    cr_expect(eq(u32, back->types_count, 0));
    cr_expect(eq(i64, back->price_minor, 1000));
    cr_expect(eq(int, plan_seat_category(t.plan, 2), 0), "the section of a type's line counts");
    cr_expect(inventory_try_has(&t.report.warnings, "", "type \"Child\" of category \"Front\""));
    inventory_try_release(&t);
}

Test(import, headers_of_the_organizer_by_map)
{
    static const struct import_map maps[] = {
        {"section", "Sektor"}, {"row", "REIHE"}, {"seat", "Platz Nr"}, {"category", "Art"}};
    struct inventory_try t;
    inventory_try_init(&t);
    inventory_try_file(&t, "x.csv",
                       "Trib\xc3\xbcne;Sektor;Reihe;Platz "
                       "Nr;section;Art\nWest;A;1;1;ignored;G\nWest;A;1;2;ignored;G\n");
    inventory_try_file(&t, "p.csv", "category;price;currency\nG;12.50;EUR\n");
    inventory_try_load(&t, "x.csv", "p.csv", maps, 4);
    expect_plan(&t, "A 1: 1 2; ");
    cr_expect(inventory_try_has(&t.report.warnings,
                                "x.csv:1:1: ", "not used: column \"Trib\xc3\xbcne\", \"section\""));
    cr_expect(eq(i64, t.plan->categories[0].price_minor, 1250));
    cr_expect_str_eq(t.plan->name, "x");
    inventory_try_release(&t);
}

Test(import, event_ini_gives_pairs)
{
    struct inventory_try t;
    inventory_try_init(&t);
    inventory_try_file(&t, "seats.csv", "section,row,seat,category,price\nA,1,1,G,1500\n");
    inventory_try_file(
        &t, "event.ini",
        "\xef\xbb\xbf; the event\r\nname = \xd0\x9d\xd1\x96\xd1\x87\r\ncurrency=KRW\r\ntime_zone = "
        "Asia/Seoul\r\n"
        "opens_at = 2026-12-01T19:00+09:00\r\ncloses_at = 2026-12-02 "
        "19:00\r\n[settings]\r\nadmit_per_tick = 0.5\r\n");
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    expect_plan(&t, "A 1: 1; ");
    cr_expect_str_eq(t.plan->name, "\xd0\x9d\xd1\x96\xd1\x87");
    cr_expect_str_eq(t.plan->categories[0].currency, "KRW");
    cr_expect(eq(i64, t.plan->categories[0].price_minor, 1500));
    cr_expect_str_eq(import_pair_get(&t.report, "", "time_zone"), "Asia/Seoul");
    cr_expect_str_eq(import_pair_get(&t.report, "settings", "opens_at_ms"), "1796119200000");
    cr_expect_str_eq(import_pair_get(&t.report, "settings", "admit_per_tick"), "0.5");
    cr_expect(import_pair_get(&t.report, "", "admit_per_tick") == NULL);
    cr_expect_str_eq(import_pair_get(&t.report, "settings", "closes_at"), "2026-12-02 19:00");
    cr_expect(eq(sz, t.report.pairs_count, 6));
    inventory_try_release(&t);
}

Test(import, pretix_with_fields_of_our_own)
{
    static const char plan[] =
        "{\"name\":\"Hall\",\"categories\":[{\"name\":\"G\",\"color\":\"#ABCDEF\"},{\"name\":\"H\","
        "\"color\":\"red\"},{\"name\":\"unused\"}],"
        "\"size\":{\"width\":500,\"height\":400},\"zones\":[{\"name\":\"Z\",\"level\":\"Up\","
        "\"position\":{\"x\":100,\"y\":50},\"rows\":["
        "{\"row_number\":\"A\",\"position\":{\"x\":10,\"y\":20},\"uuid\":\"later\",\"seats\":["
        "{\"seat_guid\":\"a1\",\"seat_number\":\"1\",\"position\":{\"x\":1.5,\"y\":2},\"category\":"
        "\"G\",\"flags\":[\"accessible\",\"aisle\"]},"
        "{\"seat_guid\":\"a2\",\"seat_number\":\"2\",\"position\":{\"x\":26.5,\"y\":2},"
        "\"category\":\"H\"}]},"
        "{\"row_number\":\"B\",\"seats\":[]}],"
        "\"areas\":[{\"shape\":\"rectangle\",\"position\":{\"x\":100,\"y\":100},\"rectangle\":{"
        "\"width\":100,\"height\":50},\"text\":{\"text\":\"Pit\"},\"standing\":{\"capacity\":40,"
        "\"category\":\"G\"}},"
        "{\"shape\":\"circle\",\"position\":{\"x\":50,\"y\":50},\"circle\":{\"radius\":10},"
        "\"color\":\"#111111\",\"standing\":false},"
        "{\"shape\":\"polygon\",\"position\":{\"x\":0,\"y\":0},\"polygon\":{\"points\":[]}},"
        "{\"shape\":\"polygon\",\"position\":{\"x\":0,\"y\":0},\"standing\":{\"name\":\"Wedge\","
        "\"capacity\":7,\"category\":\"G\"}},"
        "{\"shape\":\"rectangle\",\"position\":{\"x\":0,\"y\":0},\"rotation\":90,\"rectangle\":{"
        "\"width\":40,\"height\":20},\"standing\":false},"
        "{\"shape\":\"text\",\"position\":{\"x\":5,\"y\":6},\"text\":{\"text\":\"Bar\"}}]}]}";
    struct inventory_try t;
    inventory_try_init(&t);
    inventory_try_file(&t, "plan.json", plan);
    inventory_try_file(&t, "prices.csv",
                       "category,price,currency\nG,1.00,EUR\nH,2.00,EUR\nnever,3.00,EUR\n");
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    expect_plan(&t, "Up/Z A: 1~9 2; [Pit 40][Wedge 7]");
    expect_drawable(t.plan);
    cr_expect(epsilon_eq(dbl, t.plan->seats[0].x, 111.5, 1e-9));
    cr_expect(epsilon_eq(dbl, t.plan->seats[0].y, 72, 1e-9));
    cr_expect(epsilon_eq(dbl, t.plan->areas[0].x, 200, 1e-9));
    cr_expect(epsilon_eq(dbl, t.plan->areas[0].width, 100, 1e-9));
    cr_expect_str_eq(t.plan->seats[0].guid, "a1");
    cr_expect_str_eq(t.plan->categories[0].color, "#abcdef");
    cr_assert(eq(sz, t.plan->shapes_count, 3));
    cr_expect(eq(int, t.plan->shapes[0].kind, PLAN_ELLIPSE));
    cr_expect(epsilon_eq(dbl, t.plan->shapes[0].x, 140, 1e-9));
    /* A quarter turn about its corner at 100,50: its centre is then 10 to the left and 20 below. */
    cr_expect(epsilon_eq(dbl, t.plan->shapes[1].x + 20, 90, 1e-9));
    cr_expect(epsilon_eq(dbl, t.plan->shapes[1].y + 10, 70, 1e-9));
    cr_expect_str_eq(t.plan->shapes[2].text, "Bar");
    const struct import_problems *w = &t.report.warnings;
    cr_expect(
        inventory_try_has(w, "plan.json: ", "2 area(s) without \"standing\" are drawn, not sold"));
    cr_expect(inventory_try_has(w, "plan.json: ", "1 area(s) are neither rectangle"));
    cr_expect(inventory_try_has(w, "plan.json:1:", "categories[1]: the color \"red\""));
    cr_expect(inventory_try_has(w, "plan.json:1:", "category \"unused\" has no seats"));
    cr_expect(inventory_try_has(w, "prices.csv:4:1: ", "category \"never\" has no seats"));
    cr_expect(eq(sz, w->count, 5));
    inventory_try_release(&t);
}

Test(import, warns_of_seats_on_top_of_each_other)
{
    struct inventory_try t;
    inventory_try_init(&t);
    inventory_try_file(&t, "seats.csv",
                       "section,row,seat,category,price,currency,x,y\nA,1,1,G,0,EUR,5,5\nA,1,2,G,0,"
                       "EUR,5,5\nA,1,3,G,0,EUR,5,6\n");
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    cr_assert(eq(int, t.status, IMPORT_OK));
    cr_expect(inventory_try_has(&t.report.warnings,
                                "seats.csv: ", "1 seat(s) lie exactly on another one"));
    cr_expect(inventory_try_has(&t.report.warnings,
                                "seats.csv:2:9: ", "category \"G\" is free of charge"));
    inventory_try_release(&t);
}

/* --- layout --- */

static void write_blocks(struct inventory_try *t, int levels, int sections, int rows, int seats,
                         int areas)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    fputs("level,section,row,seat_from,seat_to,category,price,currency,flags,capacity\n", out);
    for (int i = 0; i < areas; i++)
        fprintf(out, ",Pit %d,,,,G,1.00,EUR,standing,100\n", i);
    for (int l = 0; l < levels; l++)
        for (int s = 0; s < sections; s++)
            for (int r = 0; r < rows; r++)
                fprintf(out, "L%d,S%d,%d,1,%d,G,1.00,EUR,,\n", l, s, r, seats);
    fclose(out);
    inventory_try_file(t, "seats.csv", text);
    free(text);
}

Test(import, every_plan_can_be_drawn)
{
    static const int sizes[][5] = {
        {1, 1, 1, 1, 0},  {1, 1, 20, 30, 0}, {2, 3, 5, 10, 1}, {1, 6, 5, 10, 0}, {2, 12, 6, 8, 2},
        {3, 9, 4, 12, 6}, {1, 60, 2, 3, 0},  {4, 2, 3, 70, 0}, {1, 0, 0, 0, 3},  {2, 1, 1, 900, 0}};
    struct inventory_try t;
    inventory_try_init(&t);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_blocks(&t, sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], sizes[i][4]);
        inventory_try_load(&t, NULL, NULL, NULL, 0);
        cr_assert(eq(int, t.status, IMPORT_OK));
        expect_drawable(t.plan);
    }
    inventory_try_release(&t);
}

Test(import, the_widest_and_the_deepest_plan_are_scaled_into_the_frame)
{
    static const int sizes[][5] = {{1, 1, 1, 100000, 0}, {1, 1, 20000, 5, 0}, {1, 2000, 10, 5, 0}};
    struct inventory_try t;
    inventory_try_init(&t);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_blocks(&t, sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], sizes[i][4]);
        inventory_try_load(&t, NULL, NULL, NULL, 0);
        cr_assert(eq(int, t.status, IMPORT_OK));
        cr_assert(eq(u32, plan_seats_count(t.plan), 100000));
        cr_assert(t.plan->width <= PLAN_SIZE_MAX && t.plan->height <= PLAN_SIZE_MAX);
        expect_drawable(t.plan);
    }
    inventory_try_release(&t);
}

/* One line per seat, the slowest way to say it. The bound is generous: sanitizers and a busy
 * machine. */
Test(import, a_hundred_thousand_seats_take_a_moment)
{
    struct inventory_try t;
    struct timespec start, end;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    fputs("section,row,seat,category,price,currency,flags\n", out);
    for (int i = 0; i < PLAN_SEATS_MAX; i++)
        fprintf(out, "Block %d,Row %d,%d,\"Category, %d\",%d.00,EUR,aisle\n", i / 1000, i / 25,
                i % 25 + 1, i % 5, i % 5);
    fclose(out);
    inventory_try_init(&t);
    inventory_try_file(&t, "seats.csv", text);
    free(text);
    clock_gettime(CLOCK_MONOTONIC, &start);
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    cr_assert(eq(int, t.status, IMPORT_OK));
    cr_assert(eq(u32, plan_seats_count(t.plan), PLAN_SEATS_MAX));
    int64_t ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
    cr_assert(lt(i64, ms, 5000));
    inventory_try_release(&t);
}
