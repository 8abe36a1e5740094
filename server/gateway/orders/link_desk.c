/* See the header. */
#include "server/gateway/orders/link_desk.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/ticket_link.h"
#include "server/gateway/app.h"
#include "server/gateway/orders/ticket_qr.h"
#include "server/gateway/rate_limit.h"
#include "server/gateway/wire/http.h"

#define MINUTE_S 60
#define BUSY_RETRY_S 2

/* Somebody who opens a link; lives until the answer. */
struct opening {
    struct gateway *gateway;
    struct http_wait *wait;
    struct ticket_link link;
};

/* Answers and ends the matter; `body` is released, retry_s 0 = none. */
static void conclude(struct opening *opening, unsigned status, json_t *body, int retry_s)
{
    char retry[16];
    (void)snprintf(retry, sizeof retry, "%d", retry_s);
    if (retry_s > 0)
        json_object_set_new(body, "retry_s", json_integer(retry_s));
    struct http_response response = http_json(status, http_json_text(body), NULL);
    response.retry_after = retry_s > 0 ? retry : NULL;
    http_wait_answer(opening->wait, &response);
    free(opening);
}

static void refuse(struct opening *opening, unsigned status, const char *code, const char *message,
                   int retry_s)
{
    conclude(opening, status, json_pack("{ss ss}", "error", code, "message", message), retry_s);
}

static void refuse_busy(struct opening *opening)
{
    refuse(opening, 503, "busy", "Your tickets are safe, but cannot be shown for a moment.",
           BUSY_RETRY_S);
}

/* What the ledger says of it, by its code. */
static void refuse_as_told(struct opening *opening, const json_t *answer)
{
    const char *code = json_string_value(json_object_get(answer, "error"));
    const char *message = json_string_value(json_object_get(answer, "message"));
    bool is_over =
        code != NULL && (strcmp(code, "link_void") == 0 || strcmp(code, "link_ended") == 0);
    if (is_over && message != NULL) {
        refuse(opening, 410, code, message, 0);
    } else if (code != NULL && strcmp(code, "no_such_order") == 0) {
        refuse(opening, 404, "no_such_order", "There is no such order any more.", 0);
    } else {
        refuse(opening, 503, "ledger_down",
               "Your tickets are safe, but cannot be shown for a moment.", BUSY_RETRY_S);
    }
}

static void on_tickets(void *ctx, const json_t *answer)
{
    struct opening *opening = ctx;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        refuse_as_told(opening, answer);
        return;
    }
    json_t *body = json_copy((json_t *)(uintptr_t)answer);
    (void)json_object_del(body, "ok");
    (void)json_object_del(body, "id");
    ticket_qr_add(json_object_get(json_object_get(body, "order"), "tickets"));
    conclude(opening, 200, body, 0);
}

static void on_counted(void *ctx, enum rate_verdict verdict, int retry_s)
{
    struct opening *opening = ctx;
    if (verdict == RATE_TOO_FAST) {
        refuse(opening, 429, "too_fast", "Too many tries. Please wait a moment.", retry_s);
        return;
    }
    json_t *args = json_pack("{ss sI}", "order", opening->link.order, "serial",
                             (json_int_t)opening->link.serial);
    if (verdict == RATE_UNKNOWN || args == NULL) {
        json_decref(args);
        refuse_busy(opening);
    } else if (!office_client_ask(opening->gateway, "tickets.open", args, "gateway", on_tickets,
                                  opening)) {
        refuse_busy(opening);
    }
}

static void open_link(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                      const struct ticket_link *link)
{
    char address[CLIENT_ADDRESS_BYTES];
    struct opening *opening = calloc(1, sizeof *opening);
    assert(opening != NULL);
    *opening = (struct opening){gateway, http_wait_create(gateway, wsi, connection), *link};
    http_client_address(gateway, wsi, address);
    const struct rate_rule rule = {"tickets", address, MINUTE_S, gateway->options->tickets_opens};
    if (!rate_limit_count(gateway, &rule, 1, on_counted, opening))
        refuse_busy(opening);
}

int link_desk_post(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                   const char *body, size_t bytes)
{
    struct ticket_link link;
    if (!http_origin_is_allowed(gateway, wsi))
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    json_t *request = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
    const json_t *token = json_object_get(request, "link");
    enum ticket_link_status status = TICKET_LINK_INVALID;
    if (json_is_string(token)) {
        status = ticket_link_read(&gateway->keys, json_string_value(token),
                                  json_string_length(token), clock_wall_ms(), &link);
    }
    json_decref(request);
    if (status == TICKET_LINK_INVALID) {
        return http_error(wsi, connection, 400, "link_invalid",
                          "This is not a link to tickets, or not the whole of it.");
    }
    if (status == TICKET_LINK_ENDED) {
        return http_error(wsi, connection, 410, "link_ended",
                          "The time of this link is over. Ask the organizer for a new one.");
    }
    open_link(gateway, wsi, connection, &link);
    return 0;
}
