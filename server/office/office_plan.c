/* See the header. */
#include "server/office/office_plan.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/ledger/recover.h"
#include "server/office/office_redis.h"
#include "ticketing/ledger_scripts.h"
#include "ticketing/ledger_stock.h"
#include "ticketing/plan_change.h"
#include "ticketing/plan_json.h"
#include "ticketing/seat_store.h"

/* --- who stands in the way --- */

/* Seats that somebody has and the new plan would not leave as they are. */
struct obstacles {
    const struct plan *plan; /* the one in force */
    uint8_t *is_named;       /* by seat: each is counted once */
    uint32_t count;
    json_t *list; /* the first SEATS_NAMED_MAX */
};

static void name_seat(struct obstacles *in_way, uint32_t seat, const char *state)
{
    struct plan_place place;
    if (in_way->is_named[seat] || plan_place(in_way->plan, seat, &place) != PLAN_OK)
        return;
    in_way->is_named[seat] = 1;
    if (in_way->count++ >= SEATS_NAMED_MAX)
        return;
    json_t *item = json_pack("{sI ss ss ss ss}", "seat", (json_int_t)seat, "section", place.section,
                             "row", place.row, "number", place.number, "state", state);
    (void)json_array_append_new(in_way->list, item);
}

static void name_by_states(struct obstacles *in_way, const struct plan_change *change,
                           const redisReply *states)
{
    static const char *const words[SEAT_STATE_COUNT] = {
        [SEAT_HELD] = "held", [SEAT_PAYING] = "being paid for", [SEAT_SOLD] = "sold"};
    for (uint32_t seat = 0; seat < change->seats_count && seat < (uint32_t)states->len; seat++) {
        unsigned state = (unsigned char)states->str[seat];
        if (change->of_seat[seat] != SEAT_STAYS && state < SEAT_STATE_COUNT && words[state] != NULL)
            name_seat(in_way, seat, words[state]);
    }
}

/* What the ledger knows: sold seats whatever Redis says, and allotments. */
static enum ledger_status name_by_ledger(struct ledger_store *store, const char *id, bool is_sold,
                                         const struct plan_change *change, struct obstacles *in_way)
{
    uint32_t *seats = NULL;
    size_t count = 0;
    enum ledger_status status = is_sold ? ledger_sold_seats(store, id, &seats, &count)
                                        : ledger_withheld_seats(store, id, &seats, &count);
    for (size_t i = 0; i < count; i++)
        if (seats[i] < change->seats_count && change->of_seat[seats[i]] != SEAT_STAYS)
            name_seat(in_way, seats[i], is_sold ? "sold" : "withheld");
    free(seats);
    return status;
}

/* "section A row 1 seat 5 (sold), ..." */
static void seats_text(const json_t *list, char *out, size_t out_bytes)
{
    size_t used = 0, i;
    json_t *item;
    out[0] = '\0';
    json_array_foreach((json_t *)(uintptr_t)list, i, item) {
        const char *row = json_string_value(json_object_get(item, "row"));
        if (i == SEATS_IN_MESSAGE_MAX)
            break;
        int bytes = snprintf(out + used, out_bytes - used, "%s%.20s%s%.12s %.12s (%s)",
                             i > 0 ? ", " : "", json_string_value(json_object_get(item, "section")),
                             row[0] != '\0' ? " row " : "", row,
                             json_string_value(json_object_get(item, "number")),
                             json_string_value(json_object_get(item, "state")));
        if (bytes < 0 || (size_t)bytes >= out_bytes - used)
            break;
        used += (size_t)bytes;
    }
}

static void refuse(struct office_answer *answer, const char *id, const struct plan_change *change,
                   struct obstacles *in_way)
{
    char seats[OFFICE_MESSAGE_BYTES / 2];
    if (in_way->count > 0) {
        seats_text(in_way->list, seats, sizeof seats);
        office_fail(answer, "seats_in_use",
                    "Event %s: %" PRIu32 " seats that are sold, held or withheld would be dropped, "
                    "moved or taken off sale: %s%s.",
                    id, in_way->count, seats, in_way->count > SEATS_IN_MESSAGE_MAX ? ", ..." : "");
    } else {
        for (uint32_t seat = 0; seat < change->seats_count; seat++)
            if (change->of_seat[seat] == SEAT_MOVES)
                name_seat(in_way, seat, "moved");
        seats_text(in_way->list, seats, sizeof seats);
        office_fail(answer, "seats_moved",
                    "Event %s has sold or held seats, so seats keep their order and category; "
                    "%" PRIu32 " would not: %s%s.",
                    id, in_way->count, seats, in_way->count > SEATS_IN_MESSAGE_MAX ? ", ..." : "");
    }
    (void)json_object_set_new(answer->body, "count", json_integer(in_way->count));
    (void)json_object_set(answer->body, "seats", in_way->list);
}

/* --- taking seats off sale --- */

/* Runs replan.lua. True when it was applied; *reply is NULL when Redis is lost or does not know the
 * event. The caller frees it. */
static bool ask_redis(struct office *office, const char *id, const char *mask, const char *mode,
                      redisReply **reply)
{
    enum { HEAD = 3, ARGC = HEAD + SEAT_KEYS_COUNT + 4 };
    struct seat_keys keys;
    char keys_count[8], epoch[24];
    const char *argv[ARGC] = {"EVAL", ledger_replan_script(), keys_count};
    size_t sizes[ARGC];
    seat_keys_init(&keys, id);
    (void)snprintf(keys_count, sizeof keys_count, "%d", SEAT_KEYS_COUNT);
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, office->batch->epoch);
    for (size_t i = 0; i < SEAT_KEYS_COUNT; i++)
        argv[HEAD + i] = keys.text[i];
    const char *const rest[] = {epoch, id, mask, mode};
    memcpy(&argv[HEAD + SEAT_KEYS_COUNT], rest, sizeof rest);
    for (size_t i = 0; i < ARGC; i++)
        sizes[i] = strlen(argv[i]);
    redisReply *answer = redis_pipe_ask_argv(office->batch->redis, ARGC, argv, sizes);
    bool is_good = answer != NULL && answer->type == REDIS_REPLY_ARRAY && answer->elements == 2 &&
                   answer->element[1]->type == REDIS_REPLY_STRING;
    if (!is_good && answer != NULL)
        freeReplyObject(answer);
    *reply = is_good ? answer : NULL;
    return is_good && answer->element[0]->integer == 1;
}

static bool take_off_sale(struct office *office, struct office_answer *answer, const char *id,
                          const struct plan_change *change, struct obstacles *in_way)
{
    redisReply *reply;
    char *mask = malloc(change->seats_count + 1);
    assert(mask != NULL);
    for (uint32_t seat = 0; seat < change->seats_count; seat++)
        mask[seat] = (char)('0' + change->of_seat[seat]);
    mask[change->seats_count] = '\0';
    bool is_applied = ask_redis(office, id, mask, in_way->count > 0 ? "look" : "apply", &reply);
    free(mask);
    if (reply == NULL) {
        office_fail(answer, "busy", "Redis does not answer. Nothing was changed.");
    } else {
        if (!is_applied) {
            name_by_states(in_way, change, reply->element[1]);
            refuse(answer, id, change, in_way);
        }
        freeReplyObject(reply);
    }
    return is_applied;
}

/* Takes everything off sale unless somebody has a seat, so that nobody gets one before another plan
 * is there. False: somebody has, or Redis does not tell. */
static bool close_sale(struct office *office, const char *id)
{
    redisReply *reply;
    bool is_closed = ask_redis(office, id, "", "close", &reply);
    if (reply != NULL)
        freeReplyObject(reply);
    return is_closed;
}

/* --- preparing --- */

static bool compare(struct office *office, struct office_answer *answer, const char *id,
                    const struct plan *old_plan, const struct plan *plan, struct plan_swap *swap)
{
    struct plan_change change;
    struct ledger_store *store = office->batch->store;
    struct obstacles in_way = {.plan = old_plan,
                               .is_named = calloc(plan_seats_count(old_plan) + 1, 1),
                               .list = json_array()};
    bool is_ready = plan_change_init(&change, old_plan, plan);
    assert(is_ready && in_way.is_named != NULL);
    swap->is_stock_changed = change.is_stock_changed;
    enum ledger_status status = name_by_ledger(store, id, true, &change, &in_way);
    if (status == LEDGER_OK)
        status = name_by_ledger(store, id, false, &change, &in_way);
    bool is_good = office_took(office, answer, status);
    if (is_good && change.counts[SEAT_GOES] + change.counts[SEAT_MOVES] > 0)
        is_good = swap->is_off_sale = take_off_sale(office, answer, id, &change, &in_way);
    plan_change_release(&change);
    free(in_way.is_named);
    json_decref(in_way.list);
    return is_good;
}

static bool prepare_live(struct office *office, struct office_answer *answer, const char *id,
                         const struct plan *plan, struct plan_swap *swap)
{
    char *text = NULL, why[LEDGER_REASON_BYTES];
    struct plan *old_plan = NULL;
    if (!office_took(office, answer, ledger_event_plan(office->batch->store, id, &text)))
        return false;
    bool is_good = plan_from_text(text, strlen(text), &old_plan, why, sizeof why) == PLAN_OK;
    free(text);
    if (!is_good) {
        office_fail(answer, "bad_plan", "The plan in force cannot be read: %s", why);
        return false;
    }
    is_good = compare(office, answer, id, old_plan, plan, swap);
    plan_free(old_plan);
    return is_good;
}

static bool is_room(struct office *office, struct office_answer *answer)
{
    json_t *ids = NULL;
    if (!office_took(office, answer, ledger_event_ids(office->batch->store, &ids)))
        return false;
    if (json_array_size(ids) >= EVENTS_MAX)
        office_fail(answer, "too_many_events",
                    "There are %d events already, as many as an installation has room for.",
                    EVENTS_MAX);
    json_decref(ids);
    return answer->error == NULL;
}

/* Whether seats are sold or withheld, by what the ledger knows. False: the answer has failed. */
static bool has_owners(struct office *office, struct office_answer *answer, const char *id,
                       const json_t *event, bool *out)
{
    uint32_t *withheld = NULL;
    size_t count = 0;
    bool is_good = office_took(office, answer,
                               ledger_withheld_seats(office->batch->store, id, &withheld, &count));
    free(withheld);
    *out = count > 0 || json_integer_value(json_object_get(event, "sold")) > 0;
    return is_good;
}

bool office_plan_prepare(struct office *office, struct office_answer *answer, const char *id,
                         const json_t *event, const char *currency, const struct plan *plan,
                         struct plan_swap *swap)
{
    *swap = (struct plan_swap){.is_stock_changed = true};
    if (event == NULL)
        return is_room(office, answer);
    if (!has_owners(office, answer, id, event, &swap->is_live))
        return false;
    if (!swap->is_live)
        swap->is_off_sale = close_sale(office, id);
    if (swap->is_off_sale)
        return true;
    swap->is_live = true;
    const char *before = json_string_value(json_object_get(event, "currency"));
    if (before == NULL || strcmp(before, currency) != 0) {
        office_fail(answer, "seats_in_use",
                    "Event %s has sold or held seats in %s: its currency cannot be changed.", id,
                    before != NULL ? before : "?");
        return false;
    }
    return prepare_live(office, answer, id, plan, swap);
}

/* --- afterwards --- */

static enum batch_status repair(struct office *office, const char *id, bool is_replace)
{
    char epoch[24];
    (void)snprintf(epoch, sizeof epoch, "%" PRId64, office->batch->epoch);
    return recover_seats(office->batch->store, office->batch->redis, id, epoch, is_replace);
}

enum batch_status office_plan_publish(struct office *office, const char *id,
                                      const struct plan_swap *swap)
{
    enum batch_status status = office_publish_event(office->batch->store, office->batch->redis, id);
    if (status != BATCH_OK || (swap->is_live && !swap->is_stock_changed))
        return status;
    return repair(office, id, !swap->is_live);
}

void office_plan_abandon(struct office *office, const char *id, const struct plan_swap *swap)
{
    if (swap->is_off_sale)
        (void)repair(office, id, false); /* otherwise the next start does */
}
