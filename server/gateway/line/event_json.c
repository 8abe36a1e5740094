#include "server/gateway/line/event_json.h"
#include "queue/phase.h"
#include "server/base/clock.h"
#include "server/gateway/app.h"
#include "server/gateway/book.h"
#include "ticketing/plan_json.h"

static json_t *categories_json(const struct event_entry *event)
{
    json_t *list = json_array();
    if (!event->has_plan)
        return list;
    for (size_t i = 0; i < event->plan->categories_count; i++) {
        const struct plan_category *category = &event->plan->categories[i];
        json_t *item = json_pack("{ss ss sI si si}", "name", category->name, "color",
                                 category->color, "price_minor", (json_int_t)category->price_minor,
                                 "free", (int)seat_map_count(event->map, i, SEAT_FREE), "total",
                                 (int)event->category_totals[i]);
        if (category->types_count > 0)
            json_object_set_new(item, "types", plan_types_to_json(category));
        json_array_append_new(list, item);
    }
    return list;
}

json_t *book_event_json(const struct event_entry *event)
{
    json_t *body = json_pack(
        "{ss ss ss ss ss sI sI sI si sI sI sb so}", "id", event->id, "name", event->name,
        "currency", event->currency, "time_zone", event->time_zone, "phase",
        queue_phase_name(event_phase(event)), "opens_at_ms", (json_int_t)event->opens_at_ms,
        "prequeue_at_ms", (json_int_t)event->prequeue_at_ms, "server_ms",
        (json_int_t)clock_wall_ms(), "seats_per_visitor_max", (int)event->seats_per_visitor_max,
        "waiting", (json_int_t)event->line.waiting, "inside", (json_int_t)event->line.inside,
        "sandbox", event->gateway->options->is_sandbox, "categories", categories_json(event));
    json_object_set_new(body, "seats_per_order_max", json_integer(event->seats_per_order_max));
    json_object_set_new(body, "standby", json_boolean(event->is_standby));
    json_object_set_new(body, "starts_at_ms", json_integer(event->starts_at_ms));
    json_object_set_new(body, "accent", json_string(event->accent));
    json_object_set_new(body, "closes_at_ms", json_integer(event->closes_at_ms));
    json_object_set(body, "draw", event->draw != NULL ? event->draw : json_null());
    json_object_set_new(body, "recovers_at_ms", json_integer(event->line.recovers_at_ms));
    json_object_set_new(body, "message", json_string(event->message));
    json_object_set_new(body, "require_account", json_boolean(event->is_account_required));
    json_object_set_new(body, "held_out", json_boolean(seat_map_is_held_out(event->map)));
    return body;
}
