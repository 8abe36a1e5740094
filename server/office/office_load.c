/* Loading an event with its plan, and changing what a draft is: names and prices. */
#include "server/office/office.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/office/event_settings.h"
#include "server/office/event_times.h"
#include "server/office/office_events.h"
#include "server/office/office_notes.h"
#include "server/office/office_plan.h"
#include "server/office/office_redis.h"
#include "server/office/plan_types.h"
#include "ticketing/plan_json.h"

#define EVENT_NAME_BYTES_MAX 200
#define TIME_ZONE_BYTES_MAX 64

static bool is_word(const char *text, const char *others)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (; *text != '\0'; text++)
        if (strchr(letters, *text) == NULL && strchr(others, *text) == NULL)
            return false;
    return true;
}

static bool is_currency(const char *text)
{
    return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

struct load {
    const char *id, *name, *currency, *time_zone;
    struct plan *plan;
    json_t *settings;
    json_t *prices_before; /* of event.edit; NULL = a load */
    json_t *before;        /* the event as it is; NULL = a new one */
    struct plan_swap swap;
};

static bool read_names(const struct office_request *request, struct office_answer *answer,
                       struct load *load)
{
    load->name =
        load->id != NULL ? office_text(request, answer, "name", EVENT_NAME_BYTES_MAX) : NULL;
    load->currency = load->name != NULL ? office_text(request, answer, "currency", 3) : NULL;
    load->time_zone = load->currency != NULL
                          ? office_text(request, answer, "time_zone", TIME_ZONE_BYTES_MAX)
                          : NULL;
    if (load->time_zone == NULL)
        return false;
    if (!is_word(load->id, "-_"))
        office_fail_why(answer, "bad_request", "why.event_id",
                        "An event's id has letters, digits, - and _ only, not \"%s\".", load->id);
    else if (!is_currency(load->currency))
        office_fail_why(answer, "bad_request", "why.currency",
                        "A currency has three capital letters, not \"%s\".", load->currency);
    else if (!is_word(load->time_zone, "/_+-"))
        office_fail_why(answer, "bad_request", "why.time_zone",
                        "\"%s\" is not the name of a time zone.", load->time_zone);
    return answer->error == NULL;
}

static bool read_plan(const struct office_request *request, struct office_answer *answer,
                      struct load *load)
{
    char why[OFFICE_MESSAGE_BYTES - 32];
    if (plan_from_json(json_object_get(request->args, "plan"), &load->plan, why, sizeof why) !=
        PLAN_OK) {
        load->plan = NULL;
        office_fail(answer, "bad_plan", "The plan is not valid: %s", why);
        return false;
    }
    for (size_t i = 0; i < load->plan->categories_count; i++)
        if (strcmp(load->plan->categories[i].currency, load->currency) != 0)
            office_fail(answer, "bad_plan", "Category \"%s\" is priced in %s, the event in %s.",
                        load->plan->categories[i].name, load->plan->categories[i].currency,
                        load->currency);
    return answer->error == NULL;
}

/* An event that is there keeps the settings that are not given. */
static bool find_before(struct office *office, struct office_answer *answer, struct load *load)
{
    enum ledger_status status = ledger_event_json(office->batch->store, load->id, &load->before);
    if (status == LEDGER_NOT_FOUND)
        return true;
    if (!office_took(office, answer, status))
        return false;
    (void)json_object_update(load->settings, json_object_get(load->before, "settings"));
    return true;
}

static bool read_settings(const struct office_request *request, struct load *load,
                          struct said *problem)
{
    const json_t *given = json_object_get(request->args, "settings");
    if (given == NULL)
        return true;
    json_t *changes = event_times_resolve(given, load->time_zone, problem);
    bool is_good = changes != NULL && event_settings_apply(load->settings, changes, problem) &&
                   event_settings_check_schedule(load->settings, changes, clock_wall_ms(), problem);
    json_decref(changes);
    return is_good;
}

static bool is_of_draft(const struct office_request *request)
{
    const char *only = json_string_value(json_object_get(request->args, "only"));
    return only != NULL && strcmp(only, "draft") == 0;
}

/* `only`: "new" refuses an event that is there, "draft" takes nothing but a draft and keeps all but
 * its plan. */
static bool fits_only(const struct office_request *request, struct office_answer *answer,
                      const struct load *load)
{
    const char *only = json_string_value(json_object_get(request->args, "only"));
    const char *phase = json_string_value(json_object_get(load->before, "phase"));
    bool is_new = only != NULL && strcmp(only, "new") == 0;
    if (is_new && load->before != NULL)
        office_fail(answer, "exists", "There is an event called \"%s\" already.", load->id);
    else if (is_of_draft(request) && load->before == NULL)
        office_fail(answer, "not_found", "There is no event called \"%s\".", load->id);
    else if (is_of_draft(request) && strcmp(phase, "draft") != 0)
        office_fail(answer, "not_draft",
                    "\"%s\" is published: this can be changed in a draft only.", load->id);
    return answer->error == NULL;
}

/* An event whose line has begun is drawn, or not, as it was said before. */
static bool keeps_draw(struct office *office, struct office_answer *answer, const struct load *load)
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

/* Prices before and after, for the log. */
static json_t *prices_of(const struct plan *plan)
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
static json_t *facts_before(const struct load *load)
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
                                    struct office_answer *answer, const struct load *load)
{
    json_t *was = facts_before(load), *is = facts(load->name, load->currency, load->time_zone,
                                                  (json_int_t)plan_seats_count(load->plan));
    json_t *prices = load->prices_before != NULL ? prices_of(load->plan) : NULL;
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
                        struct office_answer *answer, const struct load *load)
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

static void publish_event(struct office *office, const struct load *load,
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

/* Name, currency and zone as they are in the ledger. */
static void keep_names(struct load *load)
{
    load->name = json_string_value(json_object_get(load->before, "name"));
    load->currency = json_string_value(json_object_get(load->before, "currency"));
    load->time_zone = json_string_value(json_object_get(load->before, "time_zone"));
}

/* Writes and publishes it. */
static void finish(struct office *office, const struct office_request *request,
                   struct office_answer *answer, struct load *load)
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

static void load_release(struct load *load)
{
    plan_free(load->plan);
    json_decref(load->before);
    json_decref(load->prices_before);
    json_decref(load->settings);
}

void office_event_load(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    struct said problem;
    struct load load = {.id = office_text(request, answer, "id", EVENT_ID_BYTES_MAX),
                        .settings = event_settings_default()};
    bool is_good =
        load.id != NULL && find_before(office, answer, &load) && fits_only(request, answer, &load);
    if (is_good && is_of_draft(request))
        keep_names(&load);
    else
        is_good = is_good && read_names(request, answer, &load);
    is_good = is_good && read_plan(request, answer, &load);
    if (is_good && !read_settings(request, &load, &problem)) {
        office_fail_said(answer, "bad_setting", &problem);
        is_good = false;
    }
    if (is_good)
        finish(office, request, answer, &load);
    load_release(&load);
}

/* --- event.edit --- */

static bool read_price(const json_t *value, int64_t *out)
{
    json_int_t price = json_integer_value(value);
    if (!json_is_integer(value) || price < 0 || price > PRICE_MINOR_MAX)
        return false;
    *out = price;
    return true;
}

/* A number for a category with one price, {type: number} for one with several. */
static bool set_price(struct plan_category *category, const json_t *value)
{
    if (category->types_count == 0)
        return read_price(value, &category->price_minor);
    bool is_good = json_is_object(value);
    for (uint32_t i = 0; i < category->types_count && is_good; i++) {
        const json_t *price = json_object_get(value, category->types[i].name);
        is_good = price == NULL || read_price(price, &category->types[i].price_minor);
    }
    category->price_minor = category->types[0].price_minor;
    return is_good;
}

static bool set_prices(struct plan *plan, const json_t *prices, struct office_answer *answer)
{
    const char *name;
    json_t *value;
    if (prices != NULL && !json_is_object(prices)) {
        office_fail(answer, "bad_request", "\"prices\" is an object: category and price.");
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)prices, name, value) {
        size_t i = 0;
        while (i < plan->categories_count && strcmp(plan->categories[i].name, name) != 0)
            i++;
        if (i == plan->categories_count)
            office_fail(answer, "bad_request", "There is no category called \"%.80s\".", name);
        else if (!set_price(&plan->categories[i], value))
            office_fail_why(
                answer, "bad_request", "why.price",
                "The price of \"%.80s\" is not a whole number of minor units from 0 on.", name);
        if (answer->error != NULL)
            return false;
    }
    return true;
}

static struct plan *plan_in_ledger(struct office *office, struct office_answer *answer,
                                   const char *id)
{
    char *text = NULL, why[LEDGER_REASON_BYTES] = "";
    struct plan *plan = NULL;
    if (office_took(office, answer, ledger_event_plan(office->batch->store, id, &text)) &&
        plan_from_text(text, strlen(text), &plan, why, sizeof why) != PLAN_OK)
        office_fail(answer, "bad_plan", "The plan cannot be read: %s.", why);
    free(text);
    return plan;
}

/* The same plan with other ticket types; NULL with the answer failed. */
static struct plan *with_types(const struct plan *plan, const json_t *types,
                               struct office_answer *answer)
{
    char why[LEDGER_REASON_BYTES] = "";
    struct plan *changed = NULL;
    json_t *root = plan_to_json(plan);
    if (!plan_types_apply(root, types, why, sizeof why) ||
        plan_from_json(root, &changed, why, sizeof why) != PLAN_OK)
        office_fail_why(answer, "bad_request", "why.types", "The ticket types are not valid: %s.",
                        why);
    json_decref(root);
    return changed;
}

/* Types first: a price may be one of theirs. */
static bool set_types_and_prices(const struct office_request *request, struct office_answer *answer,
                                 struct load *load)
{
    const json_t *types = json_object_get(request->args, "types");
    if (types != NULL) {
        struct plan *changed = with_types(load->plan, types, answer);
        plan_free(load->plan);
        load->plan = changed;
    }
    return load->plan != NULL &&
           set_prices(load->plan, json_object_get(request->args, "prices"), answer);
}

/* The names that are to be others. */
static bool read_new_names(const struct office_request *request, struct office_answer *answer,
                           struct load *load)
{
    if (json_object_get(request->args, "name") != NULL)
        load->name = office_text(request, answer, "name", EVENT_NAME_BYTES_MAX);
    if (json_object_get(request->args, "time_zone") != NULL && answer->error == NULL)
        load->time_zone = office_text(request, answer, "time_zone", TIME_ZONE_BYTES_MAX);
    if (answer->error == NULL && !is_word(load->time_zone, "/_+-"))
        office_fail_why(answer, "bad_request", "why.time_zone",
                        "\"%s\" is not the name of a time zone.", load->time_zone);
    return answer->error == NULL;
}

void office_event_edit(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    struct load load = {.id = office_text(request, answer, "event", EVENT_ID_BYTES_MAX),
                        .settings = event_settings_default()};
    bool is_good = load.id != NULL && find_before(office, answer, &load);
    const char *phase = json_string_value(json_object_get(load.before, "phase"));
    if (is_good && load.before == NULL)
        office_fail(answer, "not_found", "There is no event called \"%s\".", load.id);
    else if (is_good && strcmp(phase, "draft") != 0)
        office_fail(answer, "not_draft",
                    "\"%s\" is published: this can be changed in a draft only.", load.id);
    if (is_good && answer->error == NULL) {
        keep_names(&load);
        load.plan =
            read_new_names(request, answer, &load) ? plan_in_ledger(office, answer, load.id) : NULL;
    }
    if (load.plan != NULL) {
        load.prices_before = prices_of(load.plan);
        if (set_types_and_prices(request, answer, &load))
            finish(office, request, answer, &load);
    }
    load_release(&load);
}
