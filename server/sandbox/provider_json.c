/* How the sandbox writes intents, pages, errors and events. Every field of an intent is bounded, so
 * its JSON fits ANSWER_BYTES_MAX.
 */
#include "server/sandbox/provider_json.h"

#include <string.h>
#include "server/base/json_text.h"

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

static void add_intent(struct json_text *text, const struct intent *intent)
{
    json_text_string(text, "{\"id\":", intent->id);
    json_text_string(text, ",\"status\":", status_names[intent->status]);
    json_text_string(text, ",\"order\":", intent->order);
    json_text_whole(text, ",\"amount_minor\":", intent->amount_minor);
    json_text_whole(text, ",\"refunded_minor\":", intent->refunded_minor);
    json_text_string(text, ",\"currency\":", intent->currency);
    if (intent->error[0])
        json_text_string(text, ",\"error\":", intent->error);
    else
        json_text_raw(text, ",\"error\":null");
    json_text_whole(text, ",\"created_ms\":", intent->created_ms);
    json_text_whole(text, ",\"changed_ms\":", intent->changed_ms);
    json_text_raw(text, "}");
}

char *intent_json(const struct intent *intent)
{
    struct json_text text = {0};
    add_intent(&text, intent);
    return text.bytes;
}

char *page_json(const struct intent *intents, size_t count, bool has_more)
{
    struct json_text text = {0};
    json_text_raw(&text, "{\"data\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            json_text_raw(&text, ",");
        add_intent(&text, &intents[i]);
    }
    json_text_raw(&text, has_more ? "],\"has_more\":true}" : "],\"has_more\":false}");
    return text.bytes;
}

char *error_json(const char *code, const char *message, const struct intent *intent)
{
    struct json_text text = {0};
    json_text_string(&text, "{\"error\":", code);
    json_text_string(&text, ",\"message\":", message);
    if (intent) {
        json_text_raw(&text, ",\"intent\":");
        add_intent(&text, intent);
    }
    json_text_raw(&text, "}");
    return text.bytes;
}

char *event_json(const char *event_id, const char *type, const struct intent *intent)
{
    struct json_text text = {0};
    json_text_string(&text, "{\"id\":", event_id);
    json_text_string(&text, ",\"type\":", type);
    json_text_raw(&text, ",\"intent\":");
    add_intent(&text, intent);
    json_text_raw(&text, "}");
    return text.bytes;
}
