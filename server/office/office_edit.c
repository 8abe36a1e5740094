/* event.edit: what a draft is, without its plan's seats: names, ticket types, prices. */
#include "server/office/event_load.h"

#include <stdlib.h>
#include <string.h>
#include "server/office/event_settings.h"
#include "server/office/office_events.h"
#include "server/office/plan_types.h"
#include "ticketing/plan_json.h"

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
                                 struct event_load *load)
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
                           struct event_load *load)
{
    if (json_object_get(request->args, "name") != NULL)
        load->name = office_text(request, answer, "name", EVENT_NAME_BYTES_MAX);
    if (json_object_get(request->args, "time_zone") != NULL && answer->error == NULL)
        load->time_zone = office_text(request, answer, "time_zone", TIME_ZONE_BYTES_MAX);
    return answer->error == NULL && event_load_check_zone(load, answer);
}

void office_event_edit(struct office *office, const struct office_request *request,
                       struct office_answer *answer)
{
    struct event_load load = {.id = office_text(request, answer, "event", EVENT_ID_BYTES_MAX),
                              .settings = event_settings_default()};
    bool is_good = load.id != NULL && event_load_find(office, answer, &load);
    const char *phase = json_string_value(json_object_get(load.before, "phase"));
    if (is_good && load.before == NULL)
        office_fail(answer, "not_found", "There is no event called \"%s\".", load.id);
    else if (is_good && strcmp(phase, "draft") != 0)
        office_fail(answer, "not_draft",
                    "\"%s\" is published: this can be changed in a draft only.", load.id);
    if (is_good && answer->error == NULL) {
        event_load_keep_names(&load);
        load.plan =
            read_new_names(request, answer, &load) ? plan_in_ledger(office, answer, load.id) : NULL;
    }
    if (load.plan != NULL) {
        load.prices_before = event_load_prices(load.plan);
        if (set_types_and_prices(request, answer, &load))
            event_load_finish(office, request, answer, &load);
    }
    event_load_release(&load);
}
