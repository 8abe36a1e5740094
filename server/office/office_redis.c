/* See the header. */
#include "server/office/office_redis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/digest.h"
#include "server/base/log.h"
#include "server/office/event_settings.h"
#include "ticketing/plan_json.h"

#define CFG_ARGS_MAX 128 /* HSET, the key, and two for each setting */

/* Seats for sale per category, from a PLAN that was checked when it was loaded. */
static json_t *totals(const json_t *plan_root, size_t categories_count)
{
    struct plan *plan = NULL;
    char why[LEDGER_REASON_BYTES];
    json_t *list = json_array();
    int64_t counts[PLAN_CATEGORIES_MAX] = {0};
    if (plan_from_json(plan_root, &plan, why, sizeof why) != PLAN_OK)
        log_error("a plan in the ledger cannot be read: %s", why);
    for (uint32_t i = 0; plan != NULL && i < plan_seats_count(plan); i++)
        if (plan_is_for_sale(plan, i))
            counts[plan_seat_category(plan, i)]++;
    for (size_t i = 0; i < categories_count && i < PLAN_CATEGORIES_MAX; i++)
        (void)json_array_append_new(list, json_integer(counts[i]));
    plan_free(plan);
    return list;
}

static json_t *categories_of(const json_t *plan)
{
    const json_t *given = json_object_get(plan, "categories");
    json_t *counts = totals(plan, json_array_size(given)), *list = json_array(), *category;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)given, i, category) {
        json_t *own =
            json_pack("{sO sO sO sO}", "name", json_object_get(category, "name"), "color",
                      json_object_get(category, "color"), "price_minor",
                      json_object_get(category, "price_minor"), "total", json_array_get(counts, i));
        (void)json_array_append_new(list, own);
    }
    json_decref(counts);
    return list;
}

/* EVENT (docs/protocol.md) as far as it is not live, from ledger_event_json's object and a PLAN; a
 * new object. */
static json_t *event_object(const json_t *event, const json_t *plan)
{
    const json_t *settings = json_object_get(event, "settings");
    json_t *object = json_deep_copy(event);
    (void)json_object_del(object, "sold"); /* live */
    (void)json_object_set_new(object, "opens_at_ms",
                              json_integer(event_setting_whole(settings, "opens_at_ms")));
    (void)json_object_set_new(object, "prequeue_at_ms",
                              json_integer(event_setting_whole(settings, "prequeue_at_ms")));
    (void)json_object_set_new(object, "closes_at_ms",
                              json_integer(event_setting_whole(settings, "closes_at_ms")));
    (void)json_object_set_new(object, "seats_per_visitor_max",
                              json_integer(event_setting_whole(settings, "seats_per_visitor_max")));
    (void)json_object_set_new(object, "categories", categories_of(plan));
    return object;
}

static void add_cfg(struct redis_pipe *redis, const char *event, const json_t *settings)
{
    char key[EVENT_ID_BYTES_MAX + 16];
    const char *argv[CFG_ARGS_MAX] = {"HSET", key}, *name;
    size_t argc = 2;
    json_t *value;
    int bytes = snprintf(key, sizeof key, "ev:%s:cfg", event);
    assert(bytes > 0 && (size_t)bytes < sizeof key);
    json_object_foreach((json_t *)(uintptr_t)settings, name, value) {
        assert(argc + 2 <= CFG_ARGS_MAX);
        argv[argc++] = name;
        argv[argc++] = json_string_value(value);
    }
    redis_pipe_add_argv(redis, argc, argv, NULL);
}

/* Gateways that do not have this plan yet are refused when they take seats by the one before. */
static void add_digest(struct redis_pipe *redis, const char *event, const char *plan_text)
{
    char key[EVENT_ID_BYTES_MAX + 16], digest[DIGEST_CHARS + 1];
    (void)snprintf(key, sizeof key, "ev:%s:cfg", event);
    digest_text(plan_text, strlen(plan_text), digest);
    redis_pipe_add(redis, "HSET", key, "plan_digest", digest, NULL);
}

enum batch_status office_publish_event(struct ledger_store *store, struct redis_pipe *redis,
                                       const char *event)
{
    json_t *row = NULL;
    char *plan_text = NULL, key[EVENT_ID_BYTES_MAX + 16];
    enum ledger_status status = ledger_event_json(store, event, &row);
    if (status == LEDGER_OK)
        status = ledger_event_plan(store, event, &plan_text);
    if (status != LEDGER_OK) {
        log_error("reading event %s: %s: %s", event, ledger_status_word(status),
                  ledger_problem(store));
        json_decref(row);
        return BATCH_STORE_FAILED;
    }
    json_t *plan = json_loads(plan_text, 0, NULL);
    json_t *object = event_object(row, plan);
    char *text = json_dumps(object, JSON_COMPACT);
    assert(text != NULL);
    int bytes = snprintf(key, sizeof key, "ev:%s:plan", event);
    assert(bytes > 0 && (size_t)bytes < sizeof key);
    add_cfg(redis, event, json_object_get(row, "settings"));
    redis_pipe_add(redis, "SET", key, plan_text, NULL);
    add_digest(redis, event, plan_text);
    redis_pipe_add(redis, "HSET", "events", event, text, NULL);
    redis_pipe_add(redis, "PUBLISH", "events", event, NULL);
    free(text);
    free(plan_text);
    json_decref(object);
    json_decref(plan);
    json_decref(row);
    return redis_pipe_flush(redis) ? BATCH_OK : BATCH_REDIS_LOST;
}
