/* How the sandbox writes intents, pages, errors and events. Every field of an intent is bounded, so
 * its JSON fits ANSWER_BYTES_MAX.
 */
#include "server/sandbox/provider_json.h"

#include <jansson.h>
#include <string.h>

static const char *const status_names[INTENT_STATUS_COUNT] = {
    "requires_payment_method", "processing", "requires_capture", "succeeded", "canceled"};

const char *intent_status_name(enum intent_status status)
{
    return status_names[status];
}

enum intent_status intent_status_of(const char *name)
{
    int status = 0;
    while (status < INTENT_STATUS_COUNT && strcmp(name, status_names[status]) != 0)
        status++;
    return (enum intent_status)status;
}

static json_t *intent_object(const struct intent *intent)
{
    return json_pack("{s:s,s:s,s:s,s:I,s:I,s:s,s:s?,s:I,s:I}", "id", intent->id, "status",
                     status_names[intent->status], "order", intent->order, "amount_minor",
                     (json_int_t)intent->amount_minor, "refunded_minor",
                     (json_int_t)intent->refunded_minor, "currency", intent->currency, "error",
                     intent->error[0] ? intent->error : NULL, "created_ms",
                     (json_int_t)intent->created_ms, "changed_ms", (json_int_t)intent->changed_ms);
}

static char *dump(json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

char *intent_json(const struct intent *intent)
{
    return dump(intent_object(intent));
}

char *page_json(const struct intent *intents, size_t count, bool has_more)
{
    json_t *data = json_array();
    for (size_t i = 0; data && i < count; i++)
        if (json_array_append_new(data, intent_object(&intents[i]))) {
            json_decref(data);
            data = NULL;
        }
    return data ? dump(json_pack("{s:o,s:b}", "data", data, "has_more", has_more)) : NULL;
}

char *error_json(const char *code, const char *message, const struct intent *intent)
{
    json_t *object = json_pack("{s:s,s:s}", "error", code, "message", message);
    if (object && intent && json_object_set_new(object, "intent", intent_object(intent))) {
        json_decref(object);
        object = NULL;
    }
    return dump(object);
}

char *event_json(const char *event_id, const char *type, const struct intent *intent)
{
    return dump(
        json_pack("{s:s,s:s,s:o}", "id", event_id, "type", type, "intent", intent_object(intent)));
}
