/* See seat_world.h. */
#include "support/seat_world.h"

#include <assert.h>
#include <ev.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/clock.h"
#include "support/redis_server.h"
#include "ticketing/ledger_scripts.h"

#define EPOCH 5
#define TEXT_BYTES_MAX (48u << 10)

static const char real_clock[] = "redis.call('TIME')";
static const char test_clock[] = "redis.call('LRANGE', 'test:time', 0, 1)";

struct seat_world {
    enum world_kind kind;
    int64_t now_ms;
    struct seat_store *store;
    struct seat_map *map;
    /* Redis only */
    struct redis_server *server;
    redisContext *subscriber;
    struct ev_loop *loop;
    struct redis_link *link;
    struct redis_script scripts[SEAT_SCRIPT_COUNT];
    char texts[SEAT_SCRIPT_COUNT][TEXT_BYTES_MAX];
};

static void give_up(const char *what)
{
    fprintf(stderr, "seat_world: %s\n", what);
    abort();
}

static void hall_bytes(uint8_t *states, uint8_t *categories)
{
    for (int seat = 0; seat < HALL_SEATS; seat++) {
        states[seat] = seat == 9 ? SEAT_NOT_FOR_SALE : seat == 19 ? SEAT_SOLD : SEAT_FREE;
        categories[seat] = (uint8_t)(seat < 20 ? seat / 10 : 2);
    }
}

/* --- Redis --- */

/* A script with the test's clock; it must have been read in exactly one place. */
static void with_test_clock(const char *script, char out[TEXT_BYTES_MAX])
{
    const char *found = strstr(script, real_clock);
    if (found == NULL || strstr(found + 1, real_clock) != NULL)
        give_up("the scripts read the clock elsewhere");
    int printed = snprintf(out, TEXT_BYTES_MAX, "%.*s%s%s", (int)(found - script), script,
                           test_clock, found + strlen(real_clock));
    if (printed < 0 || printed >= (int)TEXT_BYTES_MAX)
        give_up("a script is too long");
}

static void replace_clock(struct seat_world *world)
{
    size_t count;
    const struct redis_script *scripts = seat_redis_scripts(&count);
    for (size_t i = 0; i < count; i++) {
        world->scripts[i] = scripts[i];
        if (world->kind == WORLD_REDIS_REAL_TIME)
            continue;
        with_test_clock(scripts[i].text, world->texts[i]);
        world->scripts[i].text = world->texts[i];
    }
}

static void write_clock(struct seat_world *world)
{
    redis_server_run(world->server, "DEL test:time");
    redis_server_run(world->server, "RPUSH test:time %lld %lld", (long long)world->now_ms / 1000,
                     (long long)world->now_ms % 1000 * 1000);
}

static void on_restored(void *ctx, enum seats_status status, const struct seat_restored *restored)
{
    if (status != SEATS_OK || restored->free_count != HALL_SEATS - 2 || restored->sold_count != 1)
        give_up("the seats cannot be restored");
    *(bool *)ctx = true;
}

static void connect_redis(struct seat_world *world)
{
    replace_clock(world);
    world->server = redis_server_start();
    world->loop = ev_loop_new(EVFLAG_AUTO);
    world->link = redis_link_create(
        world->loop, &(struct redis_link_options){.url = redis_server_url(world->server),
                                                  .scripts = world->scripts,
                                                  .scripts_count = SEAT_SCRIPT_COUNT,
                                                  .deadline_ms = 10000});
    if (world->link == NULL)
        give_up("no link");
    for (int turn = 0; !redis_link_is_ready(world->link) && turn < 1000; turn++)
        ev_run(world->loop, EVRUN_ONCE);
    world->store = seat_redis_create(world->link, 0);
}

static void subscribe(struct seat_world *world)
{
    world->subscriber = redisConnectUnix(redis_server_socket(world->server));
    redisReply *reply = redisCommand(world->subscriber, "SUBSCRIBE map:" HALL);
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
        give_up("cannot subscribe");
    freeReplyObject(reply);
}

static void init_redis(struct seat_world *world)
{
    uint8_t states[HALL_SEATS], categories[HALL_SEATS];
    bool is_done = false;
    hall_bytes(states, categories);
    connect_redis(world);
    write_clock(world);
    enum seats_status status = seat_redis_restore(world->store, HALL, SEAT_RESTORE_REPLACE, states,
                                                  categories, HALL_SEATS, on_restored, &is_done);
    if (status != SEATS_OK)
        give_up("restore is not sent");
    seat_world_run(world, &is_done);
    redis_server_run(world->server, "SET epoch %d", EPOCH);
    redis_server_run(world->server, "HSET ev:" HALL ":cfg seats_per_visitor_max 4 pay_ms %d",
                     HALL_PAY_MS);
    seat_redis_set_epoch(world->store, EPOCH);
    subscribe(world);
}

static void free_redis(struct seat_world *world)
{
    redis_link_free(world->link);
    ev_loop_destroy(world->loop);
    if (world->subscriber != NULL)
        redisFree(world->subscriber);
    redis_server_stop(world->server);
}

/* --- the fake --- */

static void on_fake_map(void *ctx, const char *event, const char *text)
{
    struct seat_world *world = ctx;
    if (strcmp(event, HALL) != 0)
        give_up("a map of another event");
    (void)seat_map_apply_message(world->map, text, strlen(text));
}

static void init_fake(struct seat_world *world)
{
    uint8_t states[HALL_SEATS], categories[HALL_SEATS];
    hall_bytes(states, categories);
    world->store = seat_fake_create();
    seat_fake_add_event(world->store, HALL,
                        &(struct seat_fake_event){.seats_per_visitor_max = 4,
                                                  .pay_ms = HALL_PAY_MS,
                                                  .states = states,
                                                  .categories = categories,
                                                  .seats_count = HALL_SEATS,
                                                  .version = WORLD_START_MS});
    seat_fake_on_map(world->store, on_fake_map, world);
    seat_fake_set_now(world->store, world->now_ms);
}

/* --- both --- */

struct first_snapshot {
    bool is_done;
    struct seat_world *world;
};

static void on_first_snapshot(void *ctx, enum seats_status status,
                              const struct seat_snapshot *snapshot)
{
    struct first_snapshot *first = ctx;
    if (status != SEATS_OK || seat_map_apply_snapshot(first->world->map, snapshot) != SEAT_MAP_OK)
        give_up("no first snapshot");
    first->is_done = true;
}

struct seat_world *seat_world_create(enum world_kind kind)
{
    struct seat_world *world = calloc(1, sizeof(*world));
    if (world == NULL)
        give_up("no memory");
    world->kind = kind;
    world->now_ms = kind == WORLD_REDIS_REAL_TIME ? clock_wall_ms() : WORLD_START_MS;
    world->map = seat_map_create();
    if (kind == WORLD_FAKE)
        init_fake(world);
    else
        init_redis(world);
    seat_world_beat(world, world->now_ms);
    struct first_snapshot first = {.world = world};
    (void)world->store->snapshot(world->store, HALL, on_first_snapshot, &first);
    seat_world_run(world, &first.is_done);
    return world;
}

void seat_world_free(struct seat_world *world)
{
    world->store->free(world->store);
    if (world->server != NULL)
        free_redis(world);
    seat_map_free(world->map);
    free(world);
}

struct seat_store *seat_world_store(struct seat_world *world)
{
    return world->store;
}

struct redis_server *seat_world_redis(struct seat_world *world)
{
    return world->server;
}

int64_t seat_world_now(const struct seat_world *world)
{
    return world->now_ms;
}

void seat_world_beat(struct seat_world *world, int64_t beat_ms)
{
    if (world->server == NULL)
        seat_fake_set_ledger(world->store, beat_ms, OUTBOX_ENTRIES_MAX);
    else
        redis_server_run(world->server, "SET ledger:beat %lld", (long long)beat_ms);
}

void seat_world_silence(struct seat_world *world, int64_t ms)
{
    world->now_ms += ms;
    if (world->server == NULL)
        seat_fake_set_now(world->store, world->now_ms);
    else
        write_clock(world);
}

void seat_world_pass(struct seat_world *world, int64_t ms)
{
    seat_world_silence(world, ms);
    seat_world_beat(world, world->now_ms);
}

static void thaw_redis(struct seat_world *world)
{
    static char text[TEXT_BYTES_MAX];
    struct seat_keys keys;
    char count[8], epoch[24];
    const char *argv[3 + SEAT_KEYS_COUNT + 2] = {"EVAL", text, count};
    with_test_clock(ledger_thaw_script(), text);
    seat_keys_init(&keys, HALL);
    (void)snprintf(count, sizeof(count), "%d", SEAT_KEYS_COUNT);
    (void)snprintf(epoch, sizeof(epoch), "%d", EPOCH);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        argv[3 + i] = keys.text[i];
    argv[3 + SEAT_KEYS_COUNT] = epoch;
    argv[4 + SEAT_KEYS_COUNT] = HALL;
    redisReply *reply =
        redisCommandArgv(redis_server_context(world->server), 5 + SEAT_KEYS_COUNT, argv, NULL);
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
        give_up(reply != NULL ? reply->str : "no thaw");
    freeReplyObject(reply);
}

void seat_world_thaw(struct seat_world *world)
{
    if (world->server == NULL)
        seat_fake_thaw(world->store);
    else
        thaw_redis(world);
}

bool seat_world_sign(struct seat_world *world, int64_t thawed_ms)
{
    static char text[TEXT_BYTES_MAX];
    char since[24];
    if (world->server == NULL)
        return seat_fake_beat(world->store, thawed_ms);
    with_test_clock(ledger_beat_script(), text);
    (void)snprintf(since, sizeof(since), "%lld", (long long)thawed_ms);
    redisReply *reply =
        redisCommand(redis_server_context(world->server), "EVAL %s 1 ledger:beat %s", text, since);
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
        give_up(reply != NULL ? reply->str : "no beat");
    bool is_given = reply->element[1]->integer <= LEDGER_AWAY_MS;
    freeReplyObject(reply);
    return is_given;
}

void seat_world_admit(struct seat_world *world, const char *visitor, int64_t deadline_ms,
                      bool is_entered)
{
    if (world->server == NULL) {
        seat_fake_admit(world->store, HALL, visitor, deadline_ms, is_entered);
    } else if (deadline_ms == 0) {
        redis_server_run(world->server, "ZREM ev:" HALL ":active %s", visitor);
        redis_server_run(world->server, "HDEL ev:" HALL ":pass %s", visitor);
    } else {
        redis_server_run(world->server, "ZADD ev:" HALL ":active %lld %s", (long long)deadline_ms,
                         visitor);
        redis_server_run(world->server, "HSET ev:" HALL ":pass %s 11:11:%d", visitor,
                         (int)is_entered);
    }
}

int64_t seat_world_admission(struct seat_world *world, const char *visitor)
{
    if (world->server == NULL)
        return seat_fake_admission(world->store, HALL, visitor);
    long long deadline =
        redis_server_number(world->server, "ZSCORE ev:" HALL ":active %s", visitor);
    return deadline < 0 ? 0 : deadline;
}

void seat_world_set_bought(struct seat_world *world, const char *visitor, unsigned seats)
{
    if (world->server == NULL)
        seat_fake_set_bought(world->store, HALL, visitor, seats);
    else
        redis_server_run(world->server, "HSET ev:" HALL ":bought %s %u", visitor, seats);
}

void seat_world_limit_orders(struct seat_world *world, unsigned seats)
{
    if (world->server == NULL)
        seat_fake_limit_orders(world->store, HALL, seats);
    else
        redis_server_run(world->server, "HSET ev:" HALL ":cfg seats_per_order_max %u", seats);
}

void seat_world_lose_epoch(struct seat_world *world)
{
    if (world->server == NULL)
        seat_fake_set_current(world->store, false);
    else
        redis_server_run(world->server, "SET epoch %d", EPOCH + 1);
}

void seat_world_turn(struct seat_world *world, const bool *is_done)
{
    for (int turn = 0; !*is_done && turn < 1000; turn++) {
        seat_redis_before_sleep(world->store);
        ev_run(world->loop, EVRUN_ONCE);
    }
    if (!*is_done)
        give_up("no completion");
}

void seat_world_run(struct seat_world *world, const bool *is_done)
{
    if (world->server == NULL)
        seat_fake_deliver(world->store);
    else
        seat_redis_flush(world->store);
    for (int turn = 0; !*is_done && turn < 1000; turn++)
        ev_run(world->loop, EVRUN_ONCE);
    if (!*is_done)
        give_up("no completion");
}

/* --- looking --- */

static redisReply *read_outbox(struct seat_world *world)
{
    redisReply *reply = redisCommand(redis_server_context(world->server), "XRANGE outbox - +");
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
        give_up("the outbox cannot be read");
    return reply;
}

static bool is_intent(const redisReply *entry)
{
    static const char begin[] = "{\"kind\":\"intent\"";
    const redisReply *fields = entry->element[1];
    return fields->elements == 2 && strncmp(fields->element[1]->str, begin, sizeof(begin) - 1) == 0;
}

static size_t count_entries(struct seat_world *world, bool of_intents)
{
    redisReply *reply = read_outbox(world);
    size_t count = 0;
    for (size_t i = 0; i < reply->elements; i++)
        count += is_intent(reply->element[i]) == of_intents;
    freeReplyObject(reply);
    return count;
}

size_t seat_world_outbox_count(struct seat_world *world)
{
    return world->server == NULL ? seat_fake_outbox_count(world->store)
                                 : count_entries(world, false);
}

size_t seat_world_intents_count(struct seat_world *world)
{
    return world->server == NULL ? seat_fake_intents_count(world->store)
                                 : count_entries(world, true);
}

static void copy_field(json_t *root, const char *name, char *out, size_t out_bytes_max)
{
    const char *text = json_string_value(json_object_get(root, name));
    int printed = snprintf(out, out_bytes_max, "%s", text != NULL ? text : "");
    if (printed < 0 || (size_t)printed >= out_bytes_max)
        give_up("an outbox field is too long");
}

static struct seat_fake_entry read_entry(const redisReply *entry)
{
    const redisReply *fields = entry->element[1];
    if (fields->elements != 2 || strcmp(fields->element[0]->str, "body") != 0)
        give_up("an outbox entry without body");
    json_t *root = json_loads(fields->element[1]->str, 0, NULL);
    if (root == NULL)
        give_up("an outbox body is not JSON");
    const char *event = json_string_value(json_object_get(root, "event"));
    if (event == NULL || strcmp(event, HALL) != 0)
        give_up("an outbox entry of another event");
    struct seat_fake_entry read = {0};
    read.is_void = strcmp(json_string_value(json_object_get(root, "kind")), "void") == 0;
    copy_field(root, "order", read.order, sizeof(read.order));
    copy_field(root, "visitor", read.visitor, sizeof(read.visitor));
    if (read.is_void) {
        copy_field(root, "reason", read.reason, sizeof(read.reason));
        copy_field(root, "currency", read.currency, sizeof(read.currency));
        read.amount_minor = json_integer_value(json_object_get(root, "amount_minor"));
    }
    json_decref(root);
    return read;
}

struct seat_fake_entry seat_world_outbox(struct seat_world *world, size_t index)
{
    if (world->server == NULL)
        return *seat_fake_outbox(world->store, index);
    redisReply *reply = read_outbox(world);
    size_t at = 0;
    while (at < reply->elements && (is_intent(reply->element[at]) || index-- > 0))
        at++;
    if (at == reply->elements)
        give_up("no such outbox entry");
    struct seat_fake_entry entry = read_entry(reply->element[at]);
    freeReplyObject(reply);
    return entry;
}

void seat_world_counts(struct seat_world *world, struct seat_fake_counts *counts)
{
    *counts = (struct seat_fake_counts){0};
    if (world->server == NULL) {
        seat_fake_counts(world->store, HALL, counts);
        return;
    }
    const char *key = "ev:" HALL ":counts";
    counts->version = redis_server_number(world->server, "HGET %s version", key);
    counts->free = redis_server_number(world->server, "HGET %s free", key);
    counts->sold = redis_server_number(world->server, "HGET %s sold", key);
    for (int i = 0; i < 3; i++)
        counts->free_of[i] = redis_server_number(world->server, "HGET %s free:%d", key, i);
}

struct seat_map *seat_world_map(struct seat_world *world, int64_t version)
{
    while (world->server != NULL && seat_map_version(world->map) < version &&
           !seat_map_needs_snapshot(world->map)) {
        redisReply *reply = NULL;
        if (redisGetReply(world->subscriber, (void **)&reply) != REDIS_OK ||
            reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
            give_up("the subscription broke");
        (void)seat_map_apply_message(world->map, reply->element[2]->str,
                                     (size_t)reply->element[2]->len);
        freeReplyObject(reply);
    }
    return world->map;
}
