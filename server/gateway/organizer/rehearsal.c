/* Drafts on the console: rehearsing one, and deleting it. Both are the ledger's to decide. */
#include "server/gateway/organizer/desks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"

static int ask(struct organizer_call *call, const char *verb, unsigned status)
{
    return organizer_ask(call, verb, json_pack("{ss}", "event", call->subject), status);
}

int organizer_event_delete(struct organizer_call *call)
{
    return ask(call, "event.delete", 200);
}

int organizer_rehearsal_start(struct organizer_call *call)
{
    return ask(call, "rehearsal.start", 202);
}

int organizer_rehearsal(struct organizer_call *call)
{
    return ask(call, "rehearsal.show", 200);
}

int organizer_rehearsal_stop(struct organizer_call *call)
{
    return ask(call, "rehearsal.stop", 202);
}

/* The report is a page of its own, with all its parts in it: our policy would let none of them run
 * here, so it is for saving. */
static void on_page(void *ctx, const json_t *answer)
{
    struct http_wait *wait = ctx;
    const json_t *page = json_object_get(answer, "page");
    char *copy = json_is_string(page) ? malloc(json_string_length(page) + 1) : NULL;
    if (copy == NULL) {
        organizer_answer_office(wait, answer, 200);
        return;
    }
    memcpy(copy, json_string_value(page), json_string_length(page) + 1);
    struct http_response response = {.status = 200,
                                     .content_type = "text/html; charset=utf-8",
                                     .is_page = true,
                                     .body = copy,
                                     .body_bytes = json_string_length(page),
                                     .owned = copy};
    http_wait_answer(wait, &response);
}

int organizer_rehearsal_page(struct organizer_call *call)
{
    struct http_wait *wait = http_wait_create(call->gateway, call->wsi, call->connection);
    json_t *args = json_pack("{ss sb}", "event", call->subject, "report", 1);
    if (!organizer_ask_for(call->gateway, call->who.name, "rehearsal.show", args, on_page, wait))
        on_page(wait, NULL);
    return 0;
}
