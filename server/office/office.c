/* See the header. This file takes requests apart, finds the verb and sends the answer. */
#include "server/office/office.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/account_id.h"
#include "server/base/log.h"

static const struct {
    const char *name;
    office_verb_fn *verb;
} verbs[] = {
    {"event.load", office_event_load},
    {"event.edit", office_event_edit},
    {"event.check", office_event_check},
    {"event.publish", office_event_publish},
    {"event.delete", office_event_delete},
    {"event.list", office_event_list},
    {"event.show", office_event_show},
    {"event.set", office_event_set},
    {"rehearsal.start", office_rehearsal_start},
    {"rehearsal.show", office_rehearsal_show},
    {"rehearsal.stop", office_rehearsal_stop},
    {"orders.of", office_orders_of},
    {"orders.export", office_orders_export},
    {"orders.search", office_orders_search},
    {"dead.list", office_dead_list},
    {"dead.replay", office_dead_replay},
    {"audit", office_audit},
    {"order.show", office_order_show},
    {"order.refund", office_order_refund},
    {"order.resend", office_order_resend},
    {"tickets.open", office_tickets_open},
    {"payment.return", office_payment_return},
    {"ticket.check", office_ticket_check},
    {"door.list", office_door_list},
    {"stock.withhold", office_stock_withhold},
    {"stock.release", office_stock_release},
    {"stock.list", office_stock_list},
    {"account.get", office_account_get},
    {"account.list", office_account_list},
    {"account.create", office_account_create},
    {"account.change", office_account_change},
    {"account.reset", office_account_reset},
    {"account.password", office_account_password},
    {"account.sign_out", office_account_sign_out},
    {"account.noted", office_account_noted},
    {"log.page", office_log_page},
    {"log.undo", office_log_undo},
    {"visitor.get", office_visitor_get},
    {"visitor.add", office_visitor_add},
    {"visitor.password", office_visitor_password},
    {"visitor.sign_out", office_visitor_sign_out},
};

void office_fail(struct office_answer *answer, const char *error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    said_with(&answer->said, NULL, format, values);
    va_end(values);
    answer->error = error;
}

void office_fail_why(struct office_answer *answer, const char *error, const char *why,
                     const char *format, ...)
{
    va_list values;
    va_start(values, format);
    said_with(&answer->said, why, format, values);
    va_end(values);
    answer->error = error;
}

void office_fail_said(struct office_answer *answer, const char *error, const struct said *said)
{
    answer->said = *said;
    answer->error = error;
}

bool office_took(struct office *office, struct office_answer *answer, enum ledger_status status)
{
    if (status == LEDGER_OK)
        return true;
    if (status == LEDGER_NOT_FOUND) {
        office_fail(answer, "not_found", "There is no such thing in the ledger.");
        return false;
    }
    if (status == LEDGER_REFUSED) {
        office_fail(answer, "refused", "The ledger refuses it: %s.",
                    ledger_problem(office->batch->store));
        return false;
    }
    log_error("the ledger cannot be written (%s): %s%s", ledger_status_word(status),
              ledger_problem(office->batch->store),
              status == LEDGER_FULL ? "; free some space, nothing is lost" : "");
    office_fail(answer, "ledger_down", "The ledger cannot be written: %s.",
                ledger_status_word(status));
    answer->store_failed = true;
    return false;
}

const char *office_text(const struct office_request *request, struct office_answer *answer,
                        const char *name, size_t bytes_max)
{
    const json_t *value = json_object_get(request->args, name);
    size_t bytes = json_string_length(value);
    if (json_is_string(value) && bytes > 0 && bytes <= bytes_max)
        return json_string_value(value);
    office_fail_why(answer, "bad_request", "why.text",
                    "\"%s\" is missing, or is not a text of 1 to %zu bytes.", name, bytes_max);
    return NULL;
}

const char *office_hash(const struct office_request *request, struct office_answer *answer)
{
    static const char kind[] = "$argon2id$";
    const char *hash = office_text(request, answer, "hash", ACCOUNT_HASH_BYTES_MAX);
    if (hash == NULL || strncmp(hash, kind, sizeof kind - 1) == 0)
        return hash;
    office_fail(answer, "bad_request", "\"hash\" is not an argon2id hash.");
    return NULL;
}

bool office_conclude(struct office *office, struct office_answer *answer, enum ledger_status status)
{
    if (status == LEDGER_OK)
        return office_took(office, answer, ledger_commit(office->batch->store));
    (void)ledger_rollback(office->batch->store);
    return office_took(office, answer, status);
}

/* What stands against it is said with the refusal. */
static json_t *refusal(const struct office_answer *answer)
{
    static const char *const details[] = {"findings", "seats", "count"};
    const struct said *said = &answer->said;
    json_t *body =
        json_pack("{ss ss ss*}", "error", answer->error, "message", said->text, "why", said->code);
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++)
        (void)json_object_set(body, details[i], json_object_get(answer->body, details[i]));
    if (said->values_count > 0)
        (void)json_object_set_new(body, "values",
                                  said_values_json(said->values, said->values_count));
    return body;
}

void office_publish_answer(struct office *office, const struct office_request *request,
                           struct office_answer *answer)
{
    json_t *body = answer->error != NULL ? refusal(answer) : json_incref(answer->body);
    assert(body != NULL);
    (void)json_object_set_new(body, "id", json_string(request->id));
    (void)json_object_set_new(body, "ok", json_boolean(answer->error == NULL));
    char *text = json_dumps(body, JSON_COMPACT);
    assert(text != NULL);
    redis_pipe_add(office->batch->redis, "PUBLISH", request->channel, text, NULL);
    free(text);
    json_decref(body);
}

/* id and reply channel; false when nobody can be answered. */
static bool read_request(const struct stream_entry *entry, json_t **root,
                         struct office_request *request)
{
    *root = entry->body_bytes > 0 && entry->body_bytes <= OFFICE_BODY_BYTES_MAX
                ? json_loadb(entry->body, entry->body_bytes, JSON_REJECT_DUPLICATES, NULL)
                : NULL;
    const char *id = json_string_value(json_object_get(*root, "id"));
    const char *channel = json_string_value(json_object_get(*root, "reply"));
    if (id == NULL || channel == NULL || strncmp(channel, "reply:", 6) != 0)
        return false;
    int id_bytes = snprintf(request->id, sizeof request->id, "%s", id);
    int channel_bytes = snprintf(request->channel, sizeof request->channel, "%s", channel);
    const char *by = json_string_value(json_object_get(*root, "by"));
    bool is_word = by != NULL && strspn(by, "abcdefghijklmnopqrstuvwxyz") == strlen(by);
    (void)snprintf(request->by, sizeof request->by, "%s", is_word && *by ? by : "somebody");
    const char *who = json_string_value(json_object_get(*root, "who"));
    int who_bytes = snprintf(request->who, sizeof request->who, "%s", who != NULL ? who : "");
    if (who_bytes < 0 || (size_t)who_bytes >= sizeof request->who)
        request->who[0] = '\0'; /* no name of ours is so long, and half a name is nobody */
    request->verb = json_string_value(json_object_get(*root, "verb"));
    request->args = json_object_get(*root, "args");
    return id_bytes > 0 && (size_t)id_bytes < sizeof request->id && channel_bytes > 0 &&
           (size_t)channel_bytes < sizeof request->channel;
}

static void run_verb(struct office *office, const char *name, const struct office_request *request,
                     struct office_answer *answer)
{
    for (size_t i = 0; name != NULL && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, name) == 0) {
            verbs[i].verb(office, request, answer);
            return;
        }
    office_fail(answer, "unknown_verb", "The ledger does not know the verb \"%.40s\".",
                name != NULL ? name : "");
}

enum batch_status office_execute(struct office *office, const struct stream_entry *entry)
{
    json_t *root = NULL;
    struct office_request request = {0};
    struct office_answer answer = {.body = json_object()};
    bool is_readable = read_request(entry, &root, &request);
    if (is_readable)
        run_verb(office, json_string_value(json_object_get(root, "verb")), &request, &answer);
    else
        log_warning("office request %s has no id or no reply channel: dropped", entry->id);
    if (is_readable && !answer.is_later)
        office_publish_answer(office, &request, &answer);
    json_decref(answer.body);
    json_decref(root);
    stream_remove(office->batch->redis, STREAM_OFFICE, entry, 1);
    bool is_up = redis_pipe_flush(office->batch->redis);
    if (answer.store_failed)
        return BATCH_STORE_FAILED;
    return is_up ? BATCH_OK : BATCH_REDIS_LOST;
}

void office_refuse(struct office *office, const struct stream_entry *entry, const char *error,
                   const char *message)
{
    json_t *root = NULL;
    struct office_request request = {0};
    struct office_answer answer = {.body = json_object()};
    office_fail(&answer, error, "%s", message);
    if (entry->body != NULL && read_request(entry, &root, &request))
        office_publish_answer(office, &request, &answer);
    json_decref(answer.body);
    json_decref(root);
    stream_remove(office->batch->redis, STREAM_OFFICE, entry, 1);
    (void)redis_pipe_flush(office->batch->redis);
}
