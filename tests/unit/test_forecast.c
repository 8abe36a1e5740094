/* What is said of a change before it is made: a table of sales and changes with the effects that
 * must come out, and some sentences word by word. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "server/gateway/organizer/forecast.h"

static const struct forecast_sale open_sale = {.phase = PHASE_OPEN,
                                               .waiting = 84000,
                                               .inside = 480,
                                               .held = 900,
                                               .free = 500000,
                                               .tick_ms = 1000,
                                               .admit_milli = 50000,
                                               .cap = 500000,
                                               .seats_per_visitor_max = 3,
                                               .stay_ms = 1020000};

static struct forecast_sale sale_with(int64_t waiting, int64_t free_seats, int64_t cap)
{
    struct forecast_sale sale = open_sale;
    sale.waiting = waiting;
    sale.free = free_seats;
    sale.cap = cap;
    return sale;
}

static struct forecast_change rate(int64_t milli)
{
    return (struct forecast_change){.has_rate = true, .admit_milli = milli, .tick_ms = 1000};
}

static struct forecast_change phase(enum queue_phase to)
{
    return (struct forecast_change){.has_phase = true, .phase = to, .tick_ms = 1000};
}

/* "code code" of the effects. */
static void codes_of(const json_t *effects, char *out, size_t max)
{
    size_t i, used = 0;
    json_t *effect;
    out[0] = '\0';
    json_array_foreach((json_t *)(uintptr_t)effects, i, effect) {
        int bytes = snprintf(out + used, max - used, "%s%s", i > 0 ? " " : "",
                             json_string_value(json_object_get(effect, "code")));
        used += (size_t)bytes;
        cr_assert(json_is_object(json_object_get(effect, "values")));
        cr_assert(json_string_length(json_object_get(effect, "text")) > 0);
    }
}

static void expect_codes(const char *what, const struct forecast_sale *sale,
                         struct forecast_change change, const char *expected)
{
    char codes[400];
    json_t *effects = forecast_change(sale, &change);
    codes_of(effects, codes, sizeof codes);
    cr_expect_str_eq(codes, expected, "%s: %s instead of %s", what, codes, expected);
    json_decref(effects);
}

Test(forecast, each_change_has_its_effects)
{
    const struct forecast_sale few_seats = sale_with(84000, 30000, 500000),
                               small_cap = sale_with(84000, 500000, 500),
                               nobody = sale_with(0, 100, 500000);
    struct forecast_sale paused = open_sale;
    paused.phase = PHASE_PAUSED;
    expect_codes("a rate", &open_sale, rate(300000), "line_empties");
    expect_codes("too few seats for the line", &few_seats, rate(300000),
                 "line_empties seats_first");
    expect_codes("a cap that holds back", &small_cap, rate(300000), "line_empties cap_limits");
    expect_codes("no rate", &open_sale, rate(0), "nobody_goes_in");
    expect_codes("nobody waits", &nobody, rate(300000), "from_next_tick");
    expect_codes("a rate while it is paused", &paused, rate(300000), "from_next_tick");
    expect_codes("pausing", &open_sale, phase(PHASE_PAUSED), "line_stands");
    expect_codes("closing", &open_sale, phase(PHASE_CLOSED), "line_ends");
    expect_codes("opening", &paused, phase(PHASE_OPEN), "line_moves line_empties");
    expect_codes("a smaller cap", &open_sale,
                 (struct forecast_change){.has_cap = true, .cap = 100, .tick_ms = 1000},
                 "inside_stay line_empties cap_limits");
    expect_codes("no cap at all", &open_sale,
                 (struct forecast_change){.has_cap = true, .cap = 0, .tick_ms = 1000},
                 "inside_stay nobody_goes_in");
    expect_codes("slower ticks", &open_sale, (struct forecast_change){.tick_ms = 2000},
                 "line_empties");
    expect_codes("a message", &open_sale,
                 (struct forecast_change){.has_message = true, .message_bytes = 9, .tick_ms = 1000},
                 "message_shown");
    expect_codes("no message any more", &open_sale,
                 (struct forecast_change){.has_message = true, .tick_ms = 1000}, "message_gone");
    expect_codes("something else", &open_sale,
                 (struct forecast_change){.has_other = true, .tick_ms = 1000}, "from_next_tick");
    expect_codes("nothing", &open_sale, (struct forecast_change){.tick_ms = 1000},
                 "nothing_changes");
}

static void expect_text(json_t *effects, size_t index, const char *text, const char *name,
                        json_int_t value)
{
    const json_t *effect = json_array_get(effects, index);
    cr_expect_str_eq(json_string_value(json_object_get(effect, "text")), text);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(effect, "values"), name)),
                 value);
    json_decref(effects);
}

Test(forecast, sentences_have_the_figures)
{
    struct forecast_change change = rate(300000);
    expect_text(forecast_change(&open_sale, &change), 0,
                "At 300/s the line of 84,000 empties in about 5 min.", "minutes", 5);
    change = rate(12500);
    change.tick_ms = 10000;
    expect_text(forecast_change(&open_sale, &change), 0,
                "At 1.2/s the line of 84,000 empties in about 1,120 min.", "minutes", 1120);
    const struct forecast_sale few = sale_with(84000, 30000, 500000);
    change = rate(300000);
    expect_text(forecast_change(&few, &change), 1,
                "The 30,000 seats that are left may be taken in about 1 min, if each buys 3.",
                "seats", 30000);
    change = phase(PHASE_CLOSED);
    expect_text(forecast_change(&open_sale, &change), 0,
                "The 84,000 in line are sent home. The 480 inside may finish; 900 seats are in "
                "their hands.",
                "held", 900);
    expect_text(forecast_release(&open_sale, 1200), 0,
                "1,200 seats come on sale at once, for a line of 84,000.", "seats", 1200);
    expect_text(forecast_withhold(12, 3), 0,
                "12 seats are kept from sale. 3 more are in somebody's hands and stay so.", "taken",
                3);
}

Test(forecast, numbers_are_grouped)
{
    const struct {
        int64_t number;
        const char *text;
    } table[] = {{0, "0"},          {12, "12"},        {999, "999"},
                 {1000, "1,000"},   {84000, "84,000"}, {1234567, "1,234,567"},
                 {-1234, "-1,234"}, {-123, "-123"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[32];
        forecast_number(table[i].number, text, sizeof text);
        cr_expect_str_eq(text, table[i].text);
    }
}
