#include "server/office/event_load.h"

#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/event_settings.h"
#include "server/office/office_events.h"
#include "server/office/office_notes.h"
#include "server/office/office_redis.h"
#include "ticketing/plan_json.h"

bool event_word_is_good(const char *text, const char *others)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (; *text != '\0'; text++)
        if (strchr(letters, *text) == NULL && strchr(others, *text) == NULL)
            return false;
    return true;
}

bool event_load_check_zone(const struct event_load *load, struct office_answer *answer)
{
    if (event_word_is_good(load->time_zone, "/_+-"))
        return true;
    office_fail_why(answer, "bad_request", "why.time_zone",
                    "\"%s\" is not the name of a time zone.", load->time_zone);
    return false;
}

bool event_load_find(struct office *office, struct office_answer *answer, struct event_load *load)
{
    enum ledger_status status = ledger_event_json(office->batch->store, load->id, &load->before);
    if (status == LEDGER_NOT_FOUND)
        return true;
    if (!office_took(office, answer, status))
        return false;
    (void)json_object_update(load->settings, json_object_get(load->before, "settings"));
    return true;
}

/* An event whose line has begun is drawn, or not, as it was said before. */
static bool keeps_draw(struct office *office, struct office_answer *answer,
                       const struct event_load *load)
{
    struct said problem;
    if (load->before == NULL)
        return true;
    json_t *before = event_settings_default();
    (void)json_object_update(before, json_object_get(load->before, "settings"));
    if (!office_may_set_draw(office, load->id, before, load->settings, &problem))
        office_fail_said(answer, "bad_setting", &problem);
    json_decref(before);
    return answer->error == NULL;
}

/* One number, or one for each ticket type by its name. */
static json_t *price_of(const struct plan_category *category)
{
    if (category->types_count == 0)
        return json_integer(category->price_minor);
    json_t *prices = json_object();
    for (uint32_t i = 0; i < category->types_count; i++)
        (void)json_object_set_new(prices, category->types[i].name,
                                  json_integer(category->types[i].price_minor));
    return prices;
}

json_t *event_load_prices(const struct plan *plan)
{
    json_t *prices = json_object();
    for (size_t i = 0; i < plan->categories_count; i++)
        (void)json_object_set_new(prices, plan->categories[i].name, price_of(&plan->categories[i]));
    return prices;
}

static json_t *facts(const char *name, const char *currency, const char *time_zone,
                     json_int_t seats)
{
    return json_pack("{ss ss ss sI}", "name", name, "currency", currency, "time_zone", time_zone,
                     "seats", seats);
}

/* Those of the event as it was; NULL when it is new. */
static json_t *facts_before(const struct event_load *load)
{
    const json_t *event = load->before;
    json_t *was = event == NULL ? NULL
                                : facts(json_string_value(json_object_get(event, "name")),
                                        json_string_value(json_object_get(event, "currency")),
                                        json_string_value(json_object_get(event, "time_zone")),
                                        json_integer_value(json_object_get(event, "seats")));
    (void)json_object_update(was, load->prices_before);
    return was;
}

/* The line in the log about a load: what changed of names, prices (event.edit) and the number of
 * seats; of another plan at least how many seats it has. */
static enum ledger_status note_load(struct office *office, const struct office_request *request,
                                    struct office_answer *answer, const struct event_load *load)
{
    json_t *was = facts_before(load), *is = facts(load->name, load->currency, load->time_zone,
                                                  (json_int_t)plan_seats_count(load->plan));
    json_t *prices = load->prices_before != NULL ? event_load_prices(load->plan) : NULL;
    (void)json_object_update(is, prices);
    json_t *left = office_difference(was, is), *come = office_difference(is, was);
    if (prices == NULL) {
        (void)json_object_set(left, "seats", json_object_get(was, "seats"));
        (void)json_object_set(come, "seats", json_object_get(is, "seats"));
    }
    const struct office_note note = {
        .event = load->id, .before = was != NULL ? left : NULL, .after = was != NULL ? come : is};
    enum ledger_status status = office_note(office, request, answer, &note);
    json_decref(prices);
    json_decref(left);
    json_decref(come);
    json_decref(was);
    json_decref(is);
    return status;
}

static bool write_event(struct office *office, const struct office_request *request,
                        struct office_answer *answer, const struct event_load *load)
{
    struct ledger_store *store = office->batch->store;
    size_t plan_bytes;
    char *plan = plan_to_text(load->plan, &plan_bytes),
         *settings = json_dumps(load->settings, JSON_COMPACT);
    struct ledger_event event = {.id = load->id,
                                 .name = load->name,
                                 .currency = load->currency,
                                 .time_zone = load->time_zone,
                                 .phase =
                                     json_string_value(json_object_get(load->settings, "phase")),
                                 .settings = settings,
                                 .plan = plan,
                                 .seats_count = plan_seats_count(load->plan),
                                 .keeps_sold = load->swap.is_live};
    bool is_good = plan != NULL && office_took(office, answer, ledger_begin(store));
    if (is_good) {
        enum ledger_status status = ledger_event_load(store, &event, clock_wall_ms());
        if (status == LEDGER_REFUSED)
            office_fail(answer, "exists", "Event %s has sold seats: it cannot be replaced.",
                        load->id);
        if (status == LEDGER_OK)
            status = note_load(office, request, answer, load);
        is_good = answer->error == NULL ? office_conclude(office, answer, status)
                                        : ledger_rollback(store) != LEDGER_OK;
    }
    free(plan);
    free(settings);
    return is_good;
}

static void publish_event(struct office *office, const struct event_load *load,
                          struct office_answer *answer)
{
    if (office_plan_publish(office, load->id, &load->swap) != BATCH_OK)
        office_fail(answer, "busy",
                    "The event is in the ledger; Redis gets it as soon as it is back.");
    else
        log_info("event %s: loaded, %u seats%s", load->id, plan_seats_count(load->plan),
                 load->swap.is_live ? ", while it is sold" : "");
    (void)json_object_set_new(answer->body, "event", json_string(load->id));
    (void)json_object_set_new(answer->body, "seats_count",
                              json_integer(plan_seats_count(load->plan)));
    (void)json_object_set_new(answer->body, "is_live", json_boolean(load->swap.is_live));
}

void event_load_keep_names(struct event_load *load)
{
    load->name = json_string_value(json_object_get(load->before, "name"));
    load->currency = json_string_value(json_object_get(load->before, "currency"));
    load->time_zone = json_string_value(json_object_get(load->before, "time_zone"));
}

void event_load_finish(struct office *office, const struct office_request *request,
                       struct office_answer *answer, struct event_load *load)
{
    const char *phase = json_string_value(json_object_get(load->settings, "phase"));
    const struct plan_category *unpriced = plan_unpriced(load->plan);
    if (unpriced != NULL && strcmp(phase, "draft") != 0) {
        office_fail_why(answer, "bad_plan", "why.unpriced",
                        "There is no price for category \"%s\".", unpriced->name);
        return;
    }
    bool is_good = keeps_draw(office, answer, load) &&
                   office_plan_prepare(office, answer, load->id, load->before, load->currency,
                                       load->plan, &load->swap);
    if (is_good && write_event(office, request, answer, load)) {
        publish_event(office, load, answer);
        office_rehearsal_give_way(office, load->settings);
    } else if (is_good)
        office_plan_abandon(office, load->id, &load->swap);
}

void event_load_release(struct event_load *load)
{
    plan_free(load->plan);
    json_decref(load->before);
    json_decref(load->prices_before);
    json_decref(load->settings);
}
