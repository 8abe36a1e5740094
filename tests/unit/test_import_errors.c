/* What the importer refuses, and with which words at which place. Each case is a small inventory
 * with one mistake (or a few), and the complete list of errors it must give: no fewer, no others.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/inventory_try.h"

struct expected {
    const char *place, *words;
};

struct refusal {
    const char *plan, *prices, *event; /* contents; NULL = no such file */
    struct expected errors[4];
};

static void check(const struct refusal *c, const char *plan_name)
{
    struct inventory_try t;
    size_t count = 0;
    inventory_try_init(&t);
    inventory_try_file(&t, plan_name, c->plan);
    if (c->prices != NULL)
        inventory_try_file(&t, "prices.csv", c->prices);
    if (c->event != NULL)
        inventory_try_file(&t, "event.ini", c->event);
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    char *lines = inventory_try_lines(&t);
    cr_expect(ne(int, t.status, IMPORT_OK), "%s", c->plan);
    for (; count < 4 && c->errors[count].place != NULL; count++)
        cr_expect(
            inventory_try_has(&t.report.errors, c->errors[count].place, c->errors[count].words),
            "%s\nexpected %s %s\ngot %s", c->plan, c->errors[count].place, c->errors[count].words,
            lines);
    cr_expect(eq(sz, t.report.errors.count, count), "%s\ngot %s", c->plan, lines);
    free(lines);
    inventory_try_release(&t);
}

#define BLOCKS "section,row,seat_from,seat_to,step,category,price,currency,flags\n"

static const struct refusal block_rows[] = {
    {BLOCKS "A,1,1,10,,Front,10.00,EUR,\nA,1,5,,,Front,10.00,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:3:5: ", "seat \"5\" in row \"1\" of section \"A\" is already in line 2"}}},
    {BLOCKS "A,1,\"1-3,2-4\",,,Front,10.00,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:2:9: ", "seat \"2\""}, {"seats.csv:2:9: ", "seat \"3\""}}},
    {BLOCKS "A,1,1,10,,Front,1e400,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:2:17: ", "the price \"1e400\" has an exponent"}}},
    {BLOCKS "A,1,1,10,,Front,-5,EUR,\n", NULL, NULL, {{"seats.csv:2:17: ", "is negative"}}},
    {BLOCKS "A,1,1,10,,Front,\"1,000.00\",EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:2:17: ", "thousands separator"}}},
    {BLOCKS "A,1,1,10,,Front,12.345,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:2:17: ", "too many decimals: EUR has 2"}}},
    {BLOCKS "A,1,1,10,,Front,10.00,EURO,\n",
     NULL,
     NULL,
     {{"seats.csv:2:23: ", "currency \"EURO\" is not known"}}},
    {BLOCKS "A,1,1,10,,Front,10.00,,\n",
     NULL,
     NULL,
     {{"seats.csv:2:23: ", "the currency is missing"}}},
    {BLOCKS "A,1,1,10,,Front,10.00,EUR,\nB,1,1,10,,Front,11.00,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:3:17: ", "category \"Front\" has another price in"}}},
    {BLOCKS "A,1,1,10,,Front,10.00,EUR,\nB,1,1,10,,Back,11.00,USD,\n",
     NULL,
     NULL,
     {{"seats.csv:3:16: ", "category \"Back\" is in USD, but the event is in EUR"}}},
    {BLOCKS "A,1,1,10,,Front,10.00,EUR,vip\n",
     NULL,
     NULL,
     {{"seats.csv:2:27: ", "the flag \"vip\" is not known: expected accessible, companion"}}},
    {BLOCKS "A,1,1,10,,Front,,,\n",
     NULL,
     NULL,
     {{"seats.csv:2:11: ", "category \"Front\" has no price"}}},
    {BLOCKS "A,1,1,10,,,,,\nA,2,1,10,,,,,\n",
     NULL,
     NULL,
     {{"seats.csv:2:11: ", "no category for section \"A\""}}},
    {BLOCKS ",1,1,10,,Front,10.00,EUR,\n", NULL, NULL, {{"seats.csv:2:1: ", "section is missing"}}},
    {BLOCKS "A,,1,10,,Front,10.00,EUR,\n", NULL, NULL, {{"seats.csv:2:3: ", "row is missing"}}},
    {BLOCKS "A,1,,,,Front,10.00,EUR,\n", NULL, NULL, {{"seats.csv:2:5: ", "seat_from is missing"}}},
    {BLOCKS "A,1,x,10,,Front,10.00,EUR,\n", NULL, NULL, {{"seats.csv:2:5: ", "is not a range"}}},
    {BLOCKS "A,1,1,10,0,Front,10.00,EUR,\n", NULL, NULL, {{"seats.csv:2:10: ", "the step \"0\""}}},
    {BLOCKS "A,1,1,10,-1,Front,10.00,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:2:10: ", "the step \"-1\""}}},
    {BLOCKS "A,1,1,999999999,,Front,10.00,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:2:5: ", "999999999 seats in one row"}}},
    {BLOCKS "A,1,1,10,,Front,10.00,EUR\n",
     NULL,
     NULL,
     {{"seats.csv:2:1: ", "8 fields, but the header has 9"}}},
    {BLOCKS "A,1,1,10,,Front,10,50,EUR,\n", NULL, NULL, {{"seats.csv:2:1: ", "10 fields"}}},
    {BLOCKS "A,1,1,10,,Front,10.00,EUR,\n\"A,1\n",
     NULL,
     NULL,
     {{"seats.csv:3:1: ", "the quote that opens here is never closed"}}},
    {BLOCKS "A,1,1,10,,Front,10.00,EUR,\nB\xff,1,1,10,,Front,10.00,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:3:2: ", "the byte 0xff is not UTF-8"}}},
    {BLOCKS "A,1,1,10,,\"Fr\nont\",10.00,EUR,\n",
     NULL,
     NULL,
     {{"seats.csv:2:11: ", "control character or line break"}}},
    {BLOCKS "F,,,,,Pit,10.00,EUR,standing\n",
     NULL,
     NULL,
     {{"seats.csv:2:1: ", "the capacity of a standing area"}}},
    {BLOCKS "F,1,1,10,,Pit,10.00,EUR,standing\n",
     NULL,
     NULL,
     {{"seats.csv:2:1: ", "a standing area has no rows"}}},
    {BLOCKS "F,,1,10,,Pit,10.00,EUR,standing\nF,,1,10,,Pit,10.00,EUR,standing\n",
     NULL,
     NULL,
     {{"seats.csv:3:1: ", "a second standing area \"F\""}}},
    {BLOCKS "F,,1,999999,,Pit,10.00,EUR,standing\n",
     NULL,
     NULL,
     {{"seats.csv:2:1: ", "more than 100000 seats and standing places"}}},
    {BLOCKS, NULL, NULL, {{"seats.csv: ", "the plan has no seats"}}},
    {"section;row;seat\nA;1;1,5\n", NULL, NULL, {{"seats.csv:2:1: ", "no category for section"}}},
    {"row,seat_from\n1,1\n",
     NULL,
     NULL,
     {{"seats.csv:1:1: ", "no column \"section\"; if it has another name: --map section=NAME"}}},
    {"section,row\nA,1\n",
     NULL,
     NULL,
     {{"seats.csv:1:1: ", "no column \"seat\" (one row per seat) nor \"seat_from\""}}},
    {"section,row,seat,seat_from\nA,1,1,1\n", NULL, NULL, {{"seats.csv:1:1: ", "not both"}}},
    {"section,row,seat,x\nA,1,1,1\n", NULL, NULL, {{"seats.csv:1:1: ", "x and y: expected both"}}},
    {"section,row,seat_from,x,y\nA,1,1,1,1\n",
     NULL,
     NULL,
     {{"seats.csv:1:1: ", "belong to one seat"}}},
    {"section,row,seat,SECTION\nA,1,1,B\n",
     NULL,
     NULL,
     {{"seats.csv:1:18: ", "two columns \"section\""}}},
    /* Everything at once: errors of all lines and of the price file. */
    {BLOCKS "A,1,1,2,,Front,x,EUR,\nA,1,2,3,,Front,10.00,EUR,nope\n,1,1,1,,Front,10.00,EUR,\n",
     "category,price,currency\nFront,oops,EUR\n",
     NULL,
     {{"seats.csv:2:16: ", "\"x\" is not an amount"},
      {"seats.csv:3:26: ", "\"nope\""},
      {"seats.csv:4:1: ", "section is missing"},
      {"prices.csv:2:7: ", "\"oops\" is not an amount"}}},
};

Test(import_errors, of_block_rows)
{
    for (size_t i = 0; i < sizeof block_rows / sizeof *block_rows; i++)
        check(&block_rows[i], "seats.csv");
}

#define SEATS "section,row,seat\nA,1,1\nA,1,2\nB,1,1\n"

static const struct refusal seat_rows[] = {
    {SEATS,
     NULL,
     NULL,
     {{"seats.csv:2:1: ", "no category for section \"A\""},
      {"seats.csv:4:1: ", "no category for section \"B\""}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency,type\nG,1.00,EUR,\nG,0.50,EUR,Reduced\n",
     NULL,
     {{"prices.csv:3:12: ", "category \"G\" has a price without a type in line 2"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency,type\nG,1.00,EUR,Adult\nG,0.50,EUR,\n",
     NULL,
     {{"prices.csv:3:12: ", "category \"G\" has ticket types in line 2"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency,type\nG,1.00,EUR,Adult\nG,0.50,EUR,Adult\n",
     NULL,
     {{"prices.csv:3:3: ", "type \"Adult\" of category \"G\" has another price"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency,type\nG,1.00,EUR,Adult\nG,,EUR,Reduced\n",
     NULL,
     {{"prices.csv:3:3: ", "the price \"\" is empty"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency,type\nG,1,EUR,a\nG,1,EUR,b\nG,1,EUR,c\nG,1,EUR,d\nG,1,EUR,e\n"
     "G,1,EUR,f\nG,1,EUR,g\nG,1,EUR,h\nG,1,EUR,i\nG,1,EUR,j\nG,1,EUR,k\nG,1,EUR,l\nG,1,EUR,m\n"
     "G,1,EUR,n\nG,1,EUR,o\nG,1,EUR,p\nG,1,EUR,q\n",
     NULL,
     {{"prices.csv:18:9: ", "more than 16 types of category \"G\""}}},
    {SEATS,
     "category,price,currency,section\nX,1.00,EUR,A\n",
     NULL,
     {{"seats.csv:4:1: ",
       "no category for section \"B\": expected one here, or a line for this section in"}}},
    {SEATS "A,1,2\n",
     "category,price,currency,section\nX,1.00,EUR,*\n",
     NULL,
     {{"seats.csv:5:5: ", "seat \"2\" in row \"1\" of section \"A\" is already in line 3"}}},
    {SEATS "A,1,\n",
     "category,price,currency,section\nX,1.00,EUR,*\n",
     NULL,
     {{"seats.csv:5:5: ", "the seat is missing"}}},
    {"section,row,seat,category\nA,1,1,Gold\n",
     "category,price,currency\nSilver,1.00,EUR\n",
     NULL,
     {{"seats.csv:2:7: ", "category \"Gold\" has no price: expected a line for it in"}}},
    {"section,row,seat,category,x,y\nA,1,1,G,1,2\nA,1,2,G,1e5,\nA,1,3,G,,2\n",
     "category,price,currency\nG,1.00,EUR\n",
     NULL,
     {{"seats.csv:3:9: ", "x is \"1e5\""}, {"seats.csv:4:9: ", "x is \"\""}}},
    {SEATS, "", NULL, {{"prices.csv: ", "the file is empty"}}},
    {SEATS,
     "category,price,currency\n",
     NULL,
     {{"prices.csv:1:1: ", "no category follows the header"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "name,price\nG,1\n",
     NULL,
     {{"prices.csv:1:1: ", "no column \"category\""},
      {"prices.csv:1:1: ", "no column \"currency\""}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency\nG,1.00,EUR\nG,2.00,EUR\n",
     NULL,
     {{"prices.csv:3:3: ", "another price in line 2"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency,color\nG,1.00,EUR,red\n",
     NULL,
     {{"prices.csv:2:12: ", "the color \"red\" is not one: expected #rrggbb"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency\nG,1.5,KRW\n",
     NULL,
     {{"prices.csv:2:3: ", "too many decimals: KRW has 0"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency\nG,1.0005,KWD\n",
     NULL,
     {{"prices.csv:2:3: ", "too many decimals: KWD has 3"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency\n,1.00,EUR\n",
     NULL,
     {{"prices.csv:2:1: ", "the category is missing"}}},
    {SEATS,
     "category,price,currency,section\nX,1.00,EUR,A|B\nY,2.00,EUR,B\n",
     NULL,
     {{"prices.csv:3:12: ", "section \"B\" was given to another category in line 2"}}},
    {SEATS,
     "category,price,currency,section,level\nX,1.00,EUR,,Up\nY,2.00,EUR,*,\n",
     NULL,
     {{"prices.csv:2:13: ", "a level without a section"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price\nG,1.00\n",
     "currency = EURO\n",
     {{"event.ini:1: ", "currency is \"EURO\": expected an ISO 4217 code"},
      {"prices.csv:1:1: ", "no column \"currency\", and no currency in event.ini"}}},
    {"section,row,seat,category\nA,1,1,G\n",
     "category,price,currency\nG,1.00,USD\n",
     "currency = EUR\n",
     {{"prices.csv:2:1: ", "category \"G\" is in USD, but the event is in EUR"}}},
};

Test(import_errors, of_seat_rows_and_prices)
{
    for (size_t i = 0; i < sizeof seat_rows / sizeof *seat_rows; i++)
        check(&seat_rows[i], "seats.csv");
}

#define GOOD_SEATS "section,row,seat,category,price,currency\nA,1,1,G,1.00,EUR\n"

static const struct refusal event_inis[] = {
    {GOOD_SEATS, NULL, "name = X\nnonsense\n", {{"event.ini:2: ", "expected \"key = value\""}}},
    {GOOD_SEATS,
     NULL,
     "name = X\ncolour = red\n",
     {{"event.ini:2: ", "there is no \"colour\" here: expected name, currency"}}},
    {GOOD_SEATS, NULL, "name = X\nname = Y\n", {{"event.ini:2: ", "name is already in line 1"}}},
    {GOOD_SEATS, NULL, "\n\nname =\n", {{"event.ini:3: ", "name is \"\""}}},
    {GOOD_SEATS,
     NULL,
     "opens_at = tomorrow\n",
     {{"event.ini:1: ", "expected a time such as 2026-12-01 19:00"}}},
    {GOOD_SEATS,
     NULL,
     "closes_at = 2026-12-01 19:00\n[settings]\ncloses_at = 2026-12-01 20:00\n",
     {{"event.ini:3: ", "closes_at is already in line 1"}}},
    {GOOD_SEATS, NULL, "time_zone = ../etc\n", {{"event.ini:1: ", "a name such as Europe/Berlin"}}},
    {GOOD_SEATS,
     NULL,
     "[prices]\nx = 1\n",
     {{"event.ini:2: ", "there is no section [prices]: expected [settings]"}}},
    {GOOD_SEATS,
     NULL,
     "[settings]\nAdmit Rate = 1\n",
     {{"event.ini:2: ", "is not the name of a setting"}}},
    {GOOD_SEATS,
     NULL,
     "opens_at = 2026-12-01T19:00Z\n[settings]\nopens_at_ms = 5\n",
     {{"event.ini:3: ", "opens_at_ms is already in line 1"}}},
    {GOOD_SEATS,
     NULL,
     "name = "
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
     {{"event.ini:1: ", "has 86 bytes; at most 80"}}},
    {GOOD_SEATS, NULL, "name = caf\xe9\n", {{"event.ini:1:11: ", "is not UTF-8"}}},
};

Test(import_errors, of_event_ini)
{
    for (size_t i = 0; i < sizeof event_inis / sizeof *event_inis; i++)
        check(&event_inis[i], "seats.csv");
}

Test(import_errors, a_line_too_long_for_event_ini)
{
    char ini[400] = "name = X\n[settings]\nwaiting_max = ";
    memset(ini + strlen(ini), '1', 250);
    const struct refusal c = {GOOD_SEATS, NULL, ini, {{"event.ini:3: ", "at most 198"}}};
    check(&c, "seats.csv");
}

#define PLAN(rest)                                                                                 \
    "{\"name\":\"P\",\"categories\":[{\"name\":\"G\",\"color\":\"#123456\"}],\"zones\":[\n" rest   \
    "]}"
#define ZONE(rest) PLAN("{\"name\":\"Z\",\"position\":{\"x\":0,\"y\":0},\"rows\":[\n" rest "]}")
#define ROW(rest)                                                                                  \
    ZONE("{\"row_number\":\"1\",\"position\":{\"x\":0,\"y\":0},\"seats\":[\n" rest "]}")
#define SEAT(guid, number, rest)                                                                   \
    "{\"seat_guid\":\"" guid "\",\"seat_number\":\"" number                                        \
    "\",\"position\":{\"x\":1,\"y\":2},\"category\":\"G\"" rest "}"
#define AREA(rest)                                                                                 \
    PLAN("{\"name\":\"Z\",\"position\":{\"x\":0,\"y\":0},\"rows\":[],\"areas\":[\n{\"shape\":"     \
         "\"rectangle\",\"position\":{\"x\":0,\"y\":0},\"rectangle\":{\"width\":5,\"height\":"     \
         "5}" rest "}]}")
#define PRICE "category,price,currency\nG,1.00,EUR\n"

static const struct refusal pretix_plans[] = {
    {"{", PRICE, NULL, {{"plan.json:1:", "not valid JSON"}}},
    {"{\"name\":\n\"x\",}", PRICE, NULL, {{"plan.json:2:", "not valid JSON"}}},
    {"[]",
     PRICE,
     NULL,
     {{"plan.json:1:1: ", "expected an object with name, categories and zones"}}},
    {"{\"name\":\"a\",\"name\":\"b\"}", PRICE, NULL, {{"plan.json:1:", "duplicate object key"}}},
    {"{\"name\":\"a\"}",
     PRICE,
     NULL,
     {{"plan.json: ", "categories: expected a list"}, {"plan.json: ", "zones: expected a list"}}},
    {PLAN(""), PRICE, NULL, {{"plan.json: ", "the plan has no seats"}}},
    {PLAN("7"), PRICE, NULL, {{"plan.json:2:1: ", "zones[0]: expected an object"}}},
    {ZONE("7"), PRICE, NULL, {{"plan.json:3:1: ", "zones[0].rows[0]: expected an object"}}},
    {ROW("7"), PRICE, NULL, {{"plan.json:4:1: ", "zones[0].rows[0].seats[0]: expected an object"}}},
    {ROW(SEAT("a", "1", "") ",\n" SEAT("a", "2", "")),
     PRICE,
     NULL,
     {{"plan.json:5:1: ",
       "zones[0].rows[0].seats[1] (zone \"Z\", row \"1\", seat \"2\"): the seat_guid \"a\" is "
       "already that of zones[0].rows[0].seats[0] (zone \"Z\", row \"1\", seat \"1\")"}}},
    {ROW(SEAT("a", "1", "") ",\n" SEAT("b", "1", "")),
     PRICE,
     NULL,
     {{"plan.json:5:1: ", "zones[0].rows[0].seats[1]: a second seat \"1\" in row \"1\" of zone "
                          "\"Z\"; the first is zones[0].rows[0].seats[0]"}}},
    {ROW(SEAT("a", "", "")),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "seat_number: expected text that is not empty"}}},
    {ROW("{\"seat_guid\":\"a\",\"seat_number\":1,\"position\":{\"x\":1,\"y\":2},\"category\":"
         "\"G\"}"),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "zones[0].rows[0].seats[0]: seat_number: expected text in quotes"}}},
    {ROW("{\"seat_number\":\"1\",\"category\":\"G\"}"),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "seat_guid: expected text"},
      {"plan.json:4:1: ", "position: expected an object with x and y"}}},
    {ROW("{\"seat_guid\":\"a\",\"seat_number\":\"1\",\"position\":{\"x\":\"1\",\"y\":2},"
         "\"category\":\"G\"}"),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "x: expected a number"}}},
    {ROW("{\"seat_guid\":\"a\",\"seat_number\":\"1\",\"position\":{\"x\":1e9,\"y\":2},"
         "\"category\":\"G\"}"),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "x: expected a number from -100000 to 100000"}}},
    {ROW("{\"seat_guid\":\"a\",\"seat_number\":\"1\",\"position\":{\"x\":1e400,\"y\":2},"
         "\"category\":\"G\"}"),
     PRICE,
     NULL,
     {{"plan.json:4:", "real number overflow"}}},
    {ROW("{\"seat_guid\":\"a\",\"seat_number\":\"1\",\"position\":{\"x\":1,\"y\":2},"
         "\"category\":\"H\"}"),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "the category \"H\" is not in categories: expected one of \"G\""}}},
    {ROW("{\"seat_guid\":\"a\",\"seat_number\":\"1\",\"position\":{\"x\":1,\"y\":2}}"),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "no category for section \"Z\""}}},
    {ROW(SEAT("a", "1", ",\"flags\":[\"vip\"]")),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "the flag \"vip\""}}},
    {ROW(SEAT("a", "1", ",\"flags\":[\"standing\"]")),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "the flag \"standing\""}}},
    {ROW(SEAT("a", "1", ",\"flags\":\"accessible\"")),
     PRICE,
     NULL,
     {{"plan.json:4:1: ", "flags: expected a list"}}},
    {ROW(SEAT("a\\u0007", "1", "")), PRICE, NULL, {{"plan.json:4:1: ", "control character"}}},
    {ROW(SEAT("a\\u0000", "1", "")), PRICE, NULL, {{"plan.json:4:", "not valid JSON"}}},
    {ROW(SEAT("a", "1", "")),
     "category,price,currency\nH,1.00,EUR\n",
     NULL,
     {{"plan.json:1:27: ", "category \"G\" has no price: expected a line for it in"}}},
    {ROW(SEAT("a", "1", "")),
     NULL,
     NULL,
     {{"plan.json:1:27: ", "category \"G\" has no price: expected a price file"}}},
    {AREA(",\"standing\":{\"capacity\":0,\"category\":\"G\"}"),
     PRICE,
     NULL,
     {{"plan.json:3:1: ", "zones[0].areas[0]: standing.capacity"}}},
    {AREA(",\"standing\":{\"capacity\":\"5\",\"category\":\"G\"}"),
     PRICE,
     NULL,
     {{"plan.json:3:1: ", "standing.capacity"}}},
    {AREA(",\"standing\":{\"capacity\":5,\"category\":\"H\"}"),
     PRICE,
     NULL,
     {{"plan.json:3:1: ", "the category \"H\""}}},
    {AREA(",\"standing\":{\"capacity\":5}"),
     PRICE,
     NULL,
     {{"plan.json:3:1: ", "category: expected the name of a category"}}},
    {AREA(",\"standing\":7"), PRICE, NULL, {{"plan.json:3:1: ", "standing: expected an object"}}},
    {"{\"name\":\"P\",\"categories\":[{\"name\":\"G\"},\n{\"name\":\"G\"}],\"zones\":[]}",
     PRICE,
     NULL,
     {{"plan.json:2:1: ", "categories[1]: there is a second category \"G\""},
      {"plan.json: ", "no seats"}}},
    {"{\"name\":\"P\",\"size\":{\"width\":-1,\"height\":1},\"categories\":[],\"zones\":[]}",
     PRICE,
     NULL,
     {{"plan.json: ", "width: expected a number from 0"}, {"plan.json: ", "no seats"}}},
};

Test(import_errors, of_pretix_plans)
{
    for (size_t i = 0; i < sizeof pretix_plans / sizeof *pretix_plans; i++)
        if (strncmp(pretix_plans[i].errors[1].place == NULL ? "" : pretix_plans[i].errors[1].words,
                    "no seats", 8) == 0) {
            struct refusal one =
                pretix_plans[i]; /* with an error before it, the empty plan is not worth another */
            one.errors[1] = (struct expected){NULL, NULL};
            check(&one, "plan.json");
        } else {
            check(&pretix_plans[i], "plan.json");
        }
}

/* --- files --- */

static void expect_one(struct inventory_try *t, enum import_status status, const char *words)
{
    char *lines = inventory_try_lines(t);
    cr_expect(eq(int, t->status, status), "%s", lines);
    cr_expect(eq(sz, t->report.errors.count, 1), "%s", lines);
    cr_expect(strstr(lines, words) != NULL, "expected %s, got %s", words, lines);
    free(lines);
}

Test(import_errors, of_files)
{
    struct inventory_try t;
    char path[200];
    inventory_try_init(&t);
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    expect_one(&t, IMPORT_UNREADABLE, "the directory has no plan.json and no seats.csv");
    inventory_try_load(&t, "missing.csv", NULL, NULL, 0);
    expect_one(&t, IMPORT_UNREADABLE, "missing.csv: cannot be read: No such file");
    snprintf(path, sizeof path, "%s/pipe.csv", t.directory);
    cr_assert(mkfifo(path, 0600) == 0);
    inventory_try_load(&t, "pipe.csv", NULL, NULL, 0);
    expect_one(&t, IMPORT_UNREADABLE, "it is not a regular file");
    inventory_try_file(&t, "seats.csv", "");
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    expect_one(&t, IMPORT_REFUSED, "seats.csv: the file is empty");
    inventory_try_file(&t, "seats.csv", "\xef\xbb\xbf \r\n\r\n");
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    expect_one(&t, IMPORT_REFUSED, "seats.csv: the file is empty");
    inventory_try_bytes(&t, "seats.csv", "section,row\0,seat\n", 18);
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    expect_one(&t, IMPORT_REFUSED, "seats.csv:1:12: a NUL byte");
    inventory_try_file(&t, "plan.json", "{}");
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    expect_one(&t, IMPORT_REFUSED, "has a plan.json and a seats.csv");
    inventory_try_file(&t, "good.csv", GOOD_SEATS);
    inventory_try_load(&t, "good.csv", "none.csv", NULL, 0);
    expect_one(&t, IMPORT_UNREADABLE, "none.csv: cannot be read");
    inventory_try_release(&t);
}

/* Sparse: takes no room on the disk, and is never read. */
Test(import_errors, a_file_of_200_MB)
{
    struct inventory_try t;
    char path[200];
    inventory_try_init(&t);
    inventory_try_file(&t, "seats.csv", BLOCKS);
    snprintf(path, sizeof path, "%s/seats.csv", t.directory);
    cr_assert(truncate(path, 200 << 20) == 0);
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    expect_one(&t, IMPORT_UNREADABLE,
               "the file has 209715200 bytes; at most 67108864 (64 MiB) are read");
    inventory_try_release(&t);
}

Test(import_errors, of_maps)
{
    static const struct {
        struct import_map maps[2];
        size_t count;
        const char *words;
    } cases[] = {
        {{{"section", "Block"}}, 1, "there is no column \"Block\", which --map names"},
        {{{"sektion", "Sector"}}, 1, "--map: there is no \"sektion\" to be mapped here"},
        {{{"section", "Sector"}, {"section", "Stand"}}, 2, "--map: \"section\" is mapped twice"},
    };
    struct inventory_try t;
    inventory_try_init(&t);
    inventory_try_file(&t, "seats.csv",
                       "Stand,Sector,Row,Seat,category,price,currency\nN,1,1,1,G,1.00,EUR\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        inventory_try_load(&t, NULL, NULL, cases[i].maps, cases[i].count);
        expect_one(&t, IMPORT_REFUSED, cases[i].words);
    }
    inventory_try_release(&t);
}

Test(import_errors, limits_of_a_plan)
{
    struct inventory_try t;
    char *text = NULL;
    size_t bytes;
    inventory_try_init(&t);
    for (int limit = 0; limit < 4; limit++) {
        FILE *out = open_memstream(&text, &bytes);
        fputs("section,row,seat_from,seat_to,category,price,currency,flags,capacity\n", out);
        if (limit == 0)
            fprintf(out, "A,1,1,60000,G,1.00,EUR,,\nA,2,1,50000,G,1.00,EUR,,\n");
        for (int i = 0; limit == 1 && i <= PLAN_CATEGORIES_MAX; i++)
            fprintf(out, "A,%d,1,1,G%d,1.00,EUR,,\n", i, i);
        for (int i = 0; limit == 2 && i <= PLAN_SECTIONS_MAX; i++)
            fprintf(out, "A%d,1,1,1,G,1.00,EUR,,\n", i);
        for (int i = 0; limit == 3 && i <= PLAN_AREAS_MAX; i++)
            fprintf(out, "A%d,,,,G,1.00,EUR,standing,5\n", i);
        fclose(out);
        inventory_try_file(&t, "seats.csv", text);
        free(text);
        inventory_try_load(&t, NULL, NULL, NULL, 0);
        static const char *const words[] = {"seats.csv:3:5: more than 100000 seats",
                                            "more than 64 categories", "more than 2000 sections",
                                            "more than 64 standing areas"};
        expect_one(&t, IMPORT_REFUSED, words[limit]);
    }
    inventory_try_release(&t);
}

/* Small files that could cost much: each is given up soon, in time and in memory. */
Test(import_errors, costly_files_are_given_up, .timeout = 30)
{
    struct inventory_try t;
    char *text = NULL;
    size_t bytes;
    inventory_try_init(&t);
    FILE *out = open_memstream(&text, &bytes);
    fputs("section,row,seat_from,category,price,currency\nA,1,\"1-90000", out);
    for (int i = 0; i < 100000; i++)
        fputs(",1-90000", out);
    fputs("\",G,1.00,EUR\n", out);
    fclose(out);
    inventory_try_file(&t, "seats.csv", text);
    free(text);
    inventory_try_load(&t, NULL, NULL, NULL, 0);
    cr_expect(eq(int, t.status, IMPORT_REFUSED));
    cr_expect(eq(sz, t.report.errors.count, IMPORT_ERRORS_COUNT_MAX));
    cr_expect(eq(sz, t.report.errors.listed, PLAN_ERRORS_MAX));

    out = open_memstream(&text, &bytes);
    fputs("{\"zones\":[", out);
    for (int i = 0; i < IMPORT_JSON_VALUES_MAX; i++)
        fputs("[],", out);
    fputs("[]]}", out);
    fclose(out);
    inventory_try_file(&t, "p.json", text);
    free(text);
    inventory_try_load(&t, "p.json", NULL, NULL, 0);
    expect_one(&t, IMPORT_REFUSED, "p.json: more than 4000000 values");
    inventory_try_release(&t);
}
