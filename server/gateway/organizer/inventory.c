/* Creating an event from files, and replacing the inventory of a draft: upload.c reads them, the
 * ledger takes the result. */
#include "server/gateway/organizer/desks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"

#define LOAD_DEADLINE_MS 60000

struct loading {
    struct gateway *gateway;
    struct http_wait *wait;
    unsigned status;
    char who[ORGANIZER_NAME_BYTES_MAX + 1];
    char *warnings;
};

static void end(struct loading *loading)
{
    free(loading->warnings);
    free(loading);
}

static void on_loaded(void *ctx, const json_t *answer)
{
    struct loading *loading = ctx;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        organizer_answer_office(loading->wait, answer, loading->status);
    } else {
        json_t *body = json_copy((json_t *)(uintptr_t)answer);
        json_object_del(body, "ok");
        json_object_del(body, "id");
        json_object_set_new(body, "warnings", json_loads(loading->warnings, 0, NULL));
        organizer_answer_later(loading->wait, loading->status, body, NULL, 0);
    }
    end(loading);
}

static void send_answer(struct http_wait *wait, unsigned status, char *text)
{
    struct http_response response = http_json(status, text, "2");
    http_wait_answer(wait, &response);
}

static void on_read(void *ctx, struct upload_result *result)
{
    struct loading *loading = ctx;
    if (result->load_args == NULL) {
        assert(result->answer != NULL);
        send_answer(loading->wait, result->status, result->answer);
        free(result->warnings);
        end(loading);
        return;
    }
    const struct office_asker asker = {
        .by = "organizer", .who = loading->who, .deadline_ms = LOAD_DEADLINE_MS};
    loading->warnings = result->warnings;
    if (!office_client_ask_text(loading->gateway, "event.load", result->load_args, &asker,
                                on_loaded, loading)) {
        organizer_refuse_later(loading->wait, 503, "busy",
                               "Please try again in a moment. Nothing was changed.");
        end(loading);
    }
    free(result->load_args);
}

static int start(struct organizer_call *call, enum upload_kind kind, unsigned status)
{
    if (call->connection->request_body == NULL)
        return organizer_refuse(call, 400, "bad_message", "The body must have \"files\".");
    struct loading *loading = calloc(1, sizeof *loading);
    assert(loading != NULL);
    loading->gateway = call->gateway;
    loading->status = status;
    memcpy(loading->who, call->who.name, sizeof loading->who);
    loading->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    char *body = call->connection->request_body; /* taken over: it may be large */
    size_t bytes = call->connection->request_bytes;
    call->connection->request_body = NULL;
    bool is_replace = kind == UPLOAD_REPLACE;
    const struct event_entry *event =
        is_replace ? book_find(&call->gateway->book, call->subject) : NULL;
    if (!upload_start(&call->gateway->uploads, kind, is_replace ? call->subject : NULL,
                      event != NULL ? event->currency : NULL, body, bytes, on_read, loading)) {
        organizer_refuse_later(loading->wait, 503, "busy",
                               "Other inventories are being read. Please try again in a moment.");
        end(loading);
    }
    return 0;
}

int organizer_inventory_check(struct organizer_call *call)
{
    return start(call, UPLOAD_CHECK, 200);
}

int organizer_event_create(struct organizer_call *call)
{
    return start(call, UPLOAD_CREATE, 201);
}

int organizer_inventory_replace(struct organizer_call *call)
{
    return start(call, UPLOAD_REPLACE, 200);
}

int organizer_event_edit(struct organizer_call *call)
{
    json_t *args = json_copy(call->body);
    json_object_set_new(args, "event", json_string(call->subject));
    return organizer_ask(call, "event.edit", args, 200);
}

int organizer_event_check(struct organizer_call *call)
{
    return organizer_ask(call, "event.check", json_pack("{ss}", "event", call->subject), 200);
}

int organizer_event_publish(struct organizer_call *call)
{
    return organizer_ask(call, "event.publish", json_pack("{ss}", "event", call->subject), 200);
}
