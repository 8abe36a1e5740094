/* What would happen: the ledger checks the change and carries it out on paper, this gateway knows
 * the line, forecast.c has the words. Nothing is changed. */
#include "server/gateway/organizer/desks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "server/gateway/app.h"
#include "server/gateway/organizer/forecast.h"
#include "server/gateway/wire/http.h"

struct preview {
    struct gateway *gateway;
    struct http_wait *wait;
    char event[ORGANIZER_SUBJECT_BYTES];
    bool is_release;
};

static int64_t whole(const json_t *settings, const char *name)
{
    const char *text = json_string_value(json_object_get(settings, name));
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

/* "0.5" as 500; the ledger has checked that it is a number with at most three decimals. */
static int64_t milli(const json_t *settings, const char *name)
{
    const char *text = json_string_value(json_object_get(settings, name));
    return text != NULL ? (int64_t)(strtod(text, NULL) * 1000.0 + 0.5) : 0;
}

static struct forecast_sale sale_of(const struct event_entry *event, const json_t *settings)
{
    struct forecast_sale sale = {.phase = event_phase(event),
                                 .waiting = event->line.waiting,
                                 .inside = event->line.inside,
                                 .tick_ms = whole(settings, "tick_ms"),
                                 .admit_milli = milli(settings, "admit_per_tick"),
                                 .cap = whole(settings, "active_cap"),
                                 .seats_per_visitor_max = whole(settings, "seats_per_visitor_max"),
                                 .stay_ms =
                                     whole(settings, "select_ms") + whole(settings, "pay_ms")};
    for (size_t i = 0; event->has_plan && event->map != NULL && i < event->plan->categories_count;
         i++) {
        sale.free += seat_map_count(event->map, i, SEAT_FREE);
        sale.held += (int64_t)seat_map_count(event->map, i, SEAT_HELD) +
                     seat_map_count(event->map, i, SEAT_PAYING);
    }
    return sale;
}

static bool differs(const json_t *before, const json_t *after, const char *name)
{
    return !json_equal(json_object_get(before, name), json_object_get(after, name));
}

static struct forecast_change change_of(const json_t *before, const json_t *after)
{
    static const char *const spoken_of[] = {"phase", "admit_per_tick", "tick_ms", "active_cap",
                                            "message"};
    struct forecast_change change = {
        .has_phase = differs(before, after, "phase"),
        .has_rate = differs(before, after, "admit_per_tick"),
        .has_cap = differs(before, after, "active_cap"),
        .has_message = differs(before, after, "message"),
        .tick_ms = whole(after, "tick_ms"),
        .admit_milli = milli(after, "admit_per_tick"),
        .cap = whole(after, "active_cap"),
        .message_bytes = (int64_t)json_string_length(json_object_get(after, "message"))};
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)after, name, value) {
        size_t i = 0;
        while (i < sizeof spoken_of / sizeof spoken_of[0] && strcmp(spoken_of[i], name) != 0)
            i++;
        if (i == sizeof spoken_of / sizeof spoken_of[0] && differs(before, after, name))
            change.has_other = true;
    }
    const char *phase = json_string_value(json_object_get(after, "phase"));
    if (phase == NULL || !queue_phase_parse(phase, &change.phase))
        change.has_phase = false;
    return change;
}

static void answer(struct preview *preview, json_t *effects)
{
    const char *code = json_string_value(json_object_get(json_array_get(effects, 0), "code"));
    bool can_undo = code != NULL && strcmp(code, "nothing_changes") != 0;
    organizer_answer_later(preview->wait, 200,
                           json_pack("{so sb}", "effects", effects, "can_undo", can_undo), NULL, 0);
}

/* How many of the seats somebody holds or has bought. */
static int64_t taken_of(const struct event_entry *event, const json_t *seats)
{
    int64_t taken = 0;
    size_t i;
    json_t *seat;
    json_array_foreach((json_t *)(uintptr_t)seats, i, seat) {
        enum seat_state state = seat_map_state(event->map, (uint32_t)json_integer_value(seat));
        taken += state == SEAT_HELD || state == SEAT_PAYING || state == SEAT_SOLD;
    }
    return taken;
}

static json_t *stock_effects(const struct preview *preview, const struct event_entry *event,
                             const json_t *moved)
{
    int64_t seats = 0, taken = 0;
    const char *name;
    json_t *list;
    json_object_foreach((json_t *)(uintptr_t)moved, name, list) {
        seats += (int64_t)json_array_size(list);
        taken += taken_of(event, list);
    }
    struct forecast_sale sale = sale_of(event, NULL);
    return preview->is_release ? forecast_release(&sale, seats)
                               : forecast_withhold(seats - taken, taken);
}

static void on_looked(void *ctx, const json_t *looked)
{
    struct preview *preview = ctx;
    const struct event_entry *event = book_find(&preview->gateway->book, preview->event);
    const json_t *before = json_object_get(looked, "before"),
                 *after = json_object_get(looked, "after"),
                 *moved = json_object_get(looked, "moved");
    if (!json_is_true(json_object_get(looked, "ok"))) {
        organizer_answer_office(preview->wait, looked, 200);
    } else if (event == NULL || event->map == NULL) {
        organizer_refuse_later(preview->wait, 503, "busy", "The event is being loaded.");
    } else if (moved != NULL) {
        answer(preview, stock_effects(preview, event, moved));
    } else {
        struct forecast_sale sale = sale_of(event, before);
        struct forecast_change change = change_of(before, after);
        answer(preview, forecast_change(&sale, &change));
    }
    free(preview);
}

/* The verb with its arguments for the body; NULL when it is none of the four. */
static const char *verb_of(const struct organizer_call *call, json_t **args)
{
    json_t *release = json_object_get(call->body, "release"),
           *withhold = json_object_get(call->body, "withhold");
    json_t *stock = release != NULL ? release : withhold;
    *args = NULL;
    if (json_is_object(stock)) {
        *args = json_copy(stock);
        return release != NULL ? "stock.release" : "stock.withhold";
    }
    json_t *settings = stock == NULL ? organizer_settings_of(call->body) : NULL;
    if (settings != NULL)
        *args = json_pack("{so}", "set", settings);
    return "event.set";
}

int organizer_preview(struct organizer_call *call)
{
    json_t *args;
    const char *verb = verb_of(call, &args);
    if (args == NULL) {
        return organizer_refuse(call, 400, "bad_message",
                                "The body must have a \"set\", \"phase\", \"release\" or "
                                "\"withhold\".");
    }
    json_object_set_new(args, "event", json_string(call->subject));
    json_object_set_new(args, "look", json_true());
    struct preview *preview = calloc(1, sizeof *preview);
    assert(preview != NULL);
    preview->gateway = call->gateway;
    preview->is_release = strcmp(verb, "stock.release") == 0;
    memcpy(preview->event, call->subject, sizeof preview->event);
    preview->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    if (!organizer_ask_for(call->gateway, call->who.name, verb, args, on_looked, preview))
        on_looked(preview, NULL);
    return 0;
}
