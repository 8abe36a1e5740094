/* The seats of one event from the ledger into Redis (ticketing/lua/restore.lua; docs/redis.md,
 * "Restoring the seats"). */
#include "server/ledger/recover.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/ledger_scripts.h"
#include "ticketing/ledger_stock.h"
#include "ticketing/plan_json.h"
#include "ticketing/seat_store.h"

#define FILL_STEP 500

struct seat_bytes {
    size_t count;
    char *states, *categories;
};

static void seat_bytes_release(struct seat_bytes *bytes)
{
    free(bytes->states);
    free(bytes->categories);
}

static bool lay_out(const char *text, struct seat_bytes *out)
{
    struct plan *plan = NULL;
    char why[LEDGER_REASON_BYTES];
    if (plan_from_text(text, strlen(text), &plan, why, sizeof why) != PLAN_OK) {
        log_error("a plan in the ledger cannot be read: %s", why);
        return false;
    }
    out->count = plan_seats_count(plan);
    out->states = malloc(out->count + 1);
    out->categories = malloc(out->count + 1);
    assert(out->states != NULL && out->categories != NULL);
    for (uint32_t i = 0; i < out->count; i++) {
        out->states[i] = plan_is_for_sale(plan, i) ? SEAT_FREE : SEAT_NOT_FOR_SALE;
        out->categories[i] = (char)plan_seat_category(plan, i);
    }
    plan_free(plan);
    return true;
}

/* Allotments lie over what is free. */
static enum ledger_status keep_withheld(struct ledger_store *store, const char *event,
                                        struct seat_bytes *out)
{
    uint32_t *seats = NULL;
    size_t count = 0;
    enum ledger_status status = ledger_withheld_seats(store, event, &seats, &count);
    for (size_t i = 0; i < count; i++)
        if (seats[i] < out->count && out->states[seats[i]] == SEAT_FREE)
            out->states[seats[i]] = SEAT_NOT_FOR_SALE;
    free(seats);
    return status;
}

static enum ledger_status read_seats(struct ledger_store *store, const char *event,
                                     struct seat_bytes *out)
{
    char *text = NULL;
    uint32_t *sold = NULL;
    size_t sold_count = 0;
    enum ledger_status status = ledger_event_plan(store, event, &text);
    if (status != LEDGER_OK)
        return status;
    if (!lay_out(text, out))
        status = LEDGER_CORRUPT;
    free(text);
    if (status == LEDGER_OK)
        status = ledger_sold_seats(store, event, &sold, &sold_count);
    for (size_t i = 0; i < sold_count; i++)
        if (sold[i] < out->count)
            out->states[sold[i]] = SEAT_SOLD;
    free(sold);
    return status == LEDGER_OK ? keep_withheld(store, event, out) : status;
}

static bool run_restore(struct redis_pipe *redis, const char *event, const char *epoch,
                        bool is_replace, const struct seat_bytes *bytes)
{
    enum { HEAD = 3, ARGC = HEAD + SEAT_KEYS_COUNT + 5 };
    struct seat_keys keys;
    seat_keys_init(&keys, event);
    char keys_count[8];
    (void)snprintf(keys_count, sizeof keys_count, "%d", SEAT_KEYS_COUNT);
    const char *argv[ARGC] = {"EVAL", ledger_restore_script(), keys_count};
    size_t sizes[ARGC];
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        argv[HEAD + i] = keys.text[i];
    const char *const rest[] = {epoch, event, is_replace ? "replace" : "merge", bytes->states,
                                bytes->categories};
    memcpy(&argv[HEAD + SEAT_KEYS_COUNT], rest, sizeof rest);
    for (size_t i = 0; i < ARGC - 2; i++)
        sizes[i] = strlen(argv[i]);
    sizes[ARGC - 2] = sizes[ARGC - 1] = bytes->count;
    redis_pipe_add_argv(redis, ARGC, argv, sizes);
    return redis_pipe_flush(redis);
}

/* What the ledger knows of the buyers, on its way into `bought` and `settled`. */
struct buyers {
    struct redis_pipe *redis;
    struct seat_keys keys;
    json_t *bought; /* visitor -> seats */
    size_t added;
    bool is_up;
};

enum { KEY_BOUGHT = 9, KEY_SETTLED = 10 };

static void flush_some(struct buyers *buyers)
{
    if (++buyers->added % FILL_STEP == 0)
        buyers->is_up = redis_pipe_flush(buyers->redis) && buyers->is_up;
}

static void on_order(void *ctx, const char *order, const char *visitor, int64_t seats_count)
{
    struct buyers *buyers = ctx;
    int64_t before = json_integer_value(json_object_get(buyers->bought, visitor));
    (void)json_object_set_new(buyers->bought, visitor, json_integer(before + seats_count));
    redis_pipe_add(buyers->redis, "HSET", buyers->keys.text[KEY_SETTLED], order, "sold", NULL);
    flush_some(buyers);
}

/* What Redis says already is taken out when it is not less: it may count orders that are not
 * written yet. */
static void drop_known(struct buyers *buyers)
{
    redisReply *reply =
        redis_pipe_ask(buyers->redis, "HGETALL", buyers->keys.text[KEY_BOUGHT], NULL);
    for (size_t i = 0; reply != NULL && reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements;
         i += 2) {
        const char *visitor = reply->element[i]->str;
        int64_t own = json_integer_value(json_object_get(buyers->bought, visitor));
        if (own > 0 && strtoll(reply->element[i + 1]->str, NULL, 10) >= own)
            (void)json_object_del(buyers->bought, visitor);
    }
    if (reply != NULL)
        freeReplyObject(reply);
}

static void write_bought(struct buyers *buyers)
{
    const char *visitor;
    json_t *count;
    json_object_foreach(buyers->bought, visitor, count) {
        char number[24];
        (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(count));
        redis_pipe_add(buyers->redis, "HSET", buyers->keys.text[KEY_BOUGHT], visitor, number, NULL);
        flush_some(buyers);
    }
}

/* Who has bought how much, and which orders stand: in a new epoch exactly the ledger's word, else
 * at least it. */
static enum ledger_status fill_buyers(struct ledger_store *store, struct redis_pipe *redis,
                                      const char *event, bool is_replace, bool *is_up)
{
    struct buyers buyers = {.redis = redis, .bought = json_object(), .is_up = true};
    seat_keys_init(&buyers.keys, event);
    if (is_replace)
        redis_pipe_add(redis, "DEL", buyers.keys.text[KEY_BOUGHT], buyers.keys.text[KEY_SETTLED],
                       NULL);
    enum ledger_status status = ledger_orders_each(store, event, on_order, &buyers);
    buyers.is_up = redis_pipe_flush(redis) && buyers.is_up;
    if (!is_replace)
        drop_known(&buyers);
    write_bought(&buyers);
    *is_up = redis_pipe_flush(redis) && buyers.is_up;
    json_decref(buyers.bought);
    return status;
}

enum batch_status recover_seats(struct ledger_store *store, struct redis_pipe *redis,
                                const char *event, const char *epoch, bool is_replace)
{
    struct seat_bytes bytes = {0};
    enum ledger_status status = read_seats(store, event, &bytes);
    bool is_up = status == LEDGER_OK && run_restore(redis, event, epoch, is_replace, &bytes);
    seat_bytes_release(&bytes);
    if (is_up)
        status = fill_buyers(store, redis, event, is_replace, &is_up);
    if (status != LEDGER_OK) {
        log_error("reading the seats of %s: %s: %s", event, ledger_status_word(status),
                  ledger_problem(store));
        return BATCH_STORE_FAILED;
    }
    return is_up ? BATCH_OK : BATCH_REDIS_LOST;
}
