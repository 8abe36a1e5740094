/* Events on the console: what there is, and changing their settings. */
#include "server/gateway/organizer/desks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"

struct list_ask {
    struct http_wait *wait;
    enum role role;
};

/* Who stands at a door sees what there is, not how it goes. */
static json_t *for_door(const json_t *events)
{
    static const char *const shown[] = {"id", "name", "currency", "time_zone", "phase"};
    json_t *list = json_array(), *event;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)events, i, event) {
        json_t *own = json_object();
        for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++)
            json_object_set(own, shown[k], json_object_get(event, shown[k]));
        json_array_append_new(list, own);
    }
    return list;
}

static void on_list(void *ctx, const json_t *answer)
{
    struct list_ask *ask = ctx;
    const json_t *events = json_object_get(answer, "events");
    if (events == NULL) {
        organizer_answer_office(ask->wait, answer, 200);
    } else {
        json_t *list =
            ask->role == ROLE_DOOR ? for_door(events) : json_incref((json_t *)(uintptr_t)events);
        organizer_answer_later(
            ask->wait, 200,
            json_pack("{sI so}", "server_ms", (json_int_t)clock_wall_ms(), "events", list), NULL,
            0);
    }
    free(ask);
}

int organizer_events(struct organizer_call *call)
{
    struct list_ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->role = call->who.role;
    ask->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    if (!organizer_ask_for(call->gateway, call->who.name, "event.list", json_object(), on_list,
                           ask))
        on_list(ask, NULL);
    return 0;
}

static void on_event(void *ctx, const json_t *answer)
{
    struct list_ask *ask = ctx;
    json_t *body = json_copy((json_t *)(uintptr_t)answer);
    if (json_is_true(json_object_get(answer, "ok"))) {
        json_t *list = json_pack("[O]", body), *shown;
        json_object_set(body, "id", json_object_get(body, "event"));
        json_object_del(body, "event");
        json_object_del(body, "ok");
        json_object_set_new(body, "server_ms", json_integer(clock_wall_ms()));
        shown = ask->role == ROLE_DOOR ? for_door(list) : json_incref(list);
        organizer_answer_later(ask->wait, 200, json_incref(json_array_get(shown, 0)), NULL, 0);
        json_decref(shown);
        json_decref(list);
    } else {
        organizer_answer_office(ask->wait, answer, 200);
    }
    json_decref(body);
    free(ask);
}

int organizer_event(struct organizer_call *call)
{
    struct list_ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->role = call->who.role;
    ask->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    if (!organizer_ask_for(call->gateway, call->who.name, "event.show",
                           json_pack("{ss}", "event", call->subject), on_event, ask))
        on_event(ask, NULL);
    return 0;
}

json_t *organizer_settings_of(const json_t *body)
{
    const json_t *phase = json_object_get(body, "phase");
    json_t *set = json_object_get(body, "set");
    bool is_usable = (phase == NULL || json_is_string(phase)) &&
                     (set == NULL || json_is_object(set)) && (phase != NULL || set != NULL);
    json_t *settings = is_usable ? (set != NULL ? json_deep_copy(set) : json_object()) : NULL;
    if (settings != NULL && phase != NULL)
        json_object_set_new(settings, "phase", json_string(json_string_value(phase)));
    return settings;
}

int organizer_event_set(struct organizer_call *call)
{
    json_t *settings = organizer_settings_of(call->body);
    if (settings == NULL) {
        return organizer_refuse(call, 400, "bad_message",
                                "The body must be {\"phase\":...} or {\"set\":{...}}.");
    }
    return organizer_ask(call, "event.set",
                         json_pack("{ss so}", "event", call->subject, "set", settings), 200);
}
