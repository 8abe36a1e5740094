/* See the header. Seats and counts are read in one transaction; the outbox afterwards, so it holds
 * at least every sale that the seats show and the ledger has not written yet. */
#include "server/office/audit_redis.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"
#include "ticketing/ledger_scripts.h"
#include "ticketing/ledger_stock.h"
#include "ticketing/plan_json.h"
#include "ticketing/seat_store.h"

#define OUTBOX_PAGE "1000"

enum { KEY_SEATS = 4, KEY_COUNTS = 5 };

/* One event as both sides see it; index = seat. */
struct sides {
    struct plan *plan;
    size_t count;
    uint8_t *redis;     /* enum seat_state */
    bool *is_in_ledger; /* a row in `sold` */
    bool *is_withheld;  /* kept from sale, whatever the plan says */
    bool *is_in_outbox; /* an order that is still to be written */
    redisReply *counts; /* HGETALL */
};

void audit_find(json_t *findings, const char *format, ...)
{
    char text[300];
    va_list values;
    if (json_array_size(findings) >= AUDIT_FINDINGS_MAX)
        return;
    va_start(values, format);
    (void)vsnprintf(text, sizeof text, format, values); /* a long one is cut */
    va_end(values);
    (void)json_array_append_new(findings, json_string(text));
}

static void sides_release(struct sides *sides)
{
    plan_free(sides->plan);
    free(sides->redis);
    free(sides->is_in_ledger);
    free(sides->is_withheld);
    free(sides->is_in_outbox);
    if (sides->counts != NULL)
        freeReplyObject(sides->counts);
}

static enum ledger_status read_withheld(struct ledger_store *store, const char *event,
                                        struct sides *sides)
{
    uint32_t *seats = NULL;
    size_t count = 0;
    enum ledger_status status = ledger_withheld_seats(store, event, &seats, &count);
    for (size_t i = 0; i < count; i++)
        if (seats[i] < sides->count)
            sides->is_withheld[seats[i]] = true;
    free(seats);
    return status;
}

static bool is_for_sale(const struct sides *sides, size_t seat)
{
    return plan_is_for_sale(sides->plan, (uint32_t)seat) && !sides->is_withheld[seat];
}

static enum ledger_status read_ledger(struct ledger_store *store, const char *event,
                                      struct sides *sides)
{
    char *text = NULL, why[LEDGER_REASON_BYTES];
    uint32_t *sold = NULL;
    size_t sold_count = 0;
    enum ledger_status status = ledger_event_plan(store, event, &text);
    if (status != LEDGER_OK)
        return status;
    bool is_plan = plan_from_text(text, strlen(text), &sides->plan, why, sizeof why) == PLAN_OK;
    free(text);
    if (!is_plan)
        return LEDGER_CORRUPT;
    sides->count = plan_seats_count(sides->plan);
    sides->redis = calloc(sides->count, sizeof *sides->redis);
    sides->is_in_ledger = calloc(sides->count, sizeof *sides->is_in_ledger);
    sides->is_withheld = calloc(sides->count, sizeof *sides->is_withheld);
    sides->is_in_outbox = calloc(sides->count, sizeof *sides->is_in_outbox);
    assert(sides->redis != NULL && sides->is_in_ledger != NULL && sides->is_withheld != NULL &&
           sides->is_in_outbox != NULL);
    status = ledger_sold_seats(store, event, &sold, &sold_count);
    for (size_t i = 0; i < sold_count; i++)
        if (sold[i] < sides->count)
            sides->is_in_ledger[sold[i]] = true;
    free(sold);
    return status == LEDGER_OK ? read_withheld(store, event, sides) : status;
}

static bool ask_and_forget(struct redis_pipe *redis, const char *command, const char *key)
{
    redisReply *reply = redis_pipe_ask(redis, command, key, NULL);
    bool is_good = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    if (reply != NULL)
        freeReplyObject(reply);
    return is_good;
}

static bool read_redis(struct redis_pipe *redis, const char *event, struct sides *sides,
                       json_t *findings)
{
    struct seat_keys keys;
    seat_keys_init(&keys, event);
    if (!ask_and_forget(redis, "MULTI", NULL) ||
        !ask_and_forget(redis, "GET", keys.text[KEY_SEATS]) ||
        !ask_and_forget(redis, "HGETALL", keys.text[KEY_COUNTS]))
        return false;
    redisReply *both = redis_pipe_ask(redis, "EXEC", NULL);
    if (both == NULL || both->type != REDIS_REPLY_ARRAY || both->elements != 2) {
        if (both != NULL)
            freeReplyObject(both);
        return false;
    }
    const redisReply *seats = both->element[0];
    size_t bytes = seats->type == REDIS_REPLY_STRING ? (size_t)seats->len : 0;
    if (bytes != sides->count)
        audit_find(findings, "different: %s has %zu seats in Redis, %zu in the ledger", event,
                   bytes, sides->count);
    if (bytes > 0)
        memcpy(sides->redis, seats->str, bytes < sides->count ? bytes : sides->count);
    sides->counts = both->element[1];
    both->element[1] = NULL; /* ours now; freeReplyObject skips it */
    freeReplyObject(both);
    return true;
}

static void mark_entry(const redisReply *fields, const char *event, struct sides *sides)
{
    char order[ORDER_ID_BYTES + 1];
    struct outbox_entry entry;
    if (fields->type != REDIS_REPLY_ARRAY || fields->elements < 2 ||
        outbox_entry_read(fields->element[1]->str, (size_t)fields->element[1]->len, &entry,
                          order) != NULL)
        return;
    for (size_t i = 0; i < entry.seats_count && strcmp(entry.event, event) == 0; i++)
        if (entry.seats[i].seat < sides->count)
            sides->is_in_outbox[entry.seats[i].seat] = true;
    outbox_entry_release(&entry);
}

static bool read_outbox(struct redis_pipe *redis, const char *event, struct sides *sides)
{
    char after[64] = "-";
    size_t count;
    do {
        redisReply *reply =
            redis_pipe_ask(redis, "XRANGE", "outbox", after, "+", "COUNT", OUTBOX_PAGE, NULL);
        if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
            if (reply != NULL)
                freeReplyObject(reply);
            return false;
        }
        count = reply->elements;
        for (size_t i = 0; i < count; i++)
            mark_entry(reply->element[i]->element[1], event, sides);
        if (count > 0)
            (void)snprintf(after, sizeof after, "(%s", reply->element[count - 1]->element[0]->str);
        freeReplyObject(reply);
    } while (count > 0);
    return true;
}

static void compare_seats(const struct sides *sides, const char *event, json_t *findings)
{
    static const char *const words[SEAT_STATE_COUNT] = {"free", "held", "paying", "sold",
                                                        "not for sale"};
    for (size_t i = 0; i < sides->count; i++) {
        uint8_t state = sides->redis[i];
        if (state >= SEAT_STATE_COUNT)
            audit_find(findings, "different: seat %zu of %s has the unknown state %u in Redis", i,
                       event, state);
        else if (sides->is_in_ledger[i] && state != SEAT_SOLD)
            audit_find(findings, "missing: seat %zu of %s is sold in the ledger, but %s in Redis",
                       i, event, words[state]);
        else if (!sides->is_in_ledger[i] && state == SEAT_SOLD && !sides->is_in_outbox[i])
            audit_find(findings, "unintended: seat %zu of %s is sold in Redis without an order", i,
                       event);
        else if ((state == SEAT_NOT_FOR_SALE) == is_for_sale(sides, i) && !sides->is_in_ledger[i])
            audit_find(
                findings,
                "different: seat %zu of %s is %s in Redis, plan and allotments say otherwise", i,
                event, words[state]);
    }
}

static int64_t count_in_redis(const struct sides *sides, const char *name)
{
    for (size_t i = 0; i + 1 < sides->counts->elements; i += 2)
        if (strcmp(sides->counts->element[i]->str, name) == 0)
            return strtoll(sides->counts->element[i + 1]->str, NULL, 10);
    return 0;
}

static void compare_count(const struct sides *sides, const char *event, const char *name,
                          int64_t counted, json_t *findings)
{
    int64_t said = count_in_redis(sides, name);
    if (said != counted)
        audit_find(findings,
                   "different: count %s of %s says %" PRId64 ", the seats in Redis are %" PRId64,
                   name, event, said, counted);
}

static void compare_counts(const struct sides *sides, const char *event, json_t *findings)
{
    int64_t of[SEAT_STATE_COUNT] = {0}, free_of[PLAN_CATEGORIES_MAX] = {0};
    for (size_t i = 0; i < sides->count; i++) {
        if (sides->redis[i] < SEAT_STATE_COUNT)
            of[sides->redis[i]]++;
        if (sides->redis[i] == SEAT_FREE)
            free_of[plan_seat_category(sides->plan, (uint32_t)i)]++;
    }
    compare_count(sides, event, "free", of[SEAT_FREE], findings);
    compare_count(sides, event, "sold", of[SEAT_SOLD], findings);
    for (size_t i = 0; i < sides->plan->categories_count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "free:%zu", i);
        compare_count(sides, event, name, free_of[i], findings);
    }
}

enum batch_status audit_event(struct ledger_store *store, struct redis_pipe *redis,
                              const char *event, json_t *findings)
{
    struct sides sides = {0};
    enum batch_status result = BATCH_OK;
    if (read_ledger(store, event, &sides) != LEDGER_OK) {
        log_error("audit of %s: %s", event, ledger_problem(store));
        result = BATCH_STORE_FAILED;
    } else if (!read_redis(redis, event, &sides, findings) || !read_outbox(redis, event, &sides)) {
        result = BATCH_REDIS_LOST;
    } else {
        compare_seats(&sides, event, findings);
        compare_counts(&sides, event, findings);
    }
    sides_release(&sides);
    return result;
}
