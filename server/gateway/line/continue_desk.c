#include "server/gateway/line/continue_desk.h"
#include <jansson.h>
#include "queue/receipt.h"
#include "server/gateway/app.h"
#include "server/gateway/visitors/visitor_cookie.h"
#include "server/gateway/wire/http.h"

#define COOKIE_BYTES (TOKEN_BYTES_MAX + 192)

/* False: the body is not what it should be, or the receipt is none for this event. */
static bool read_receipt(struct gateway *gateway, const struct event_entry *event, const char *body,
                         size_t bytes, struct receipt *receipt)
{
    json_t *request = json_loadb(body, bytes, JSON_REJECT_DUPLICATES, NULL);
    const json_t *token = json_object_get(request, "receipt");
    bool is_good = json_is_string(token) &&
                   receipt_read(&gateway->keys, json_string_value(token), json_string_length(token),
                                event->id, NULL, receipt) == RECEIPT_OK;
    json_decref(request);
    return is_good;
}

int continue_desk_post(struct gateway *gateway, struct lws *wsi, struct http_connection *connection,
                       const struct event_entry *event, const char *body, size_t bytes)
{
    struct receipt receipt;
    char cookie[COOKIE_BYTES];
    if (!http_origin_is_allowed(gateway, wsi))
        return http_error(wsi, connection, 403, "bad_origin", "This Origin is not allowed.");
    if (event == NULL)
        return http_error(wsi, connection, 404, "not_found", "There is no such event.");
    if (!read_receipt(gateway, event, body, bytes, &receipt)) {
        return http_error(wsi, connection, 400, "receipt_invalid",
                          "This is not a receipt for this event.");
    }
    if (visitor_is_account(receipt.visitor)) {
        return http_error(wsi, connection, 403, "sign_in",
                          "This place belongs to an account. Please sign in.");
    }
    visitor_cookie_write(gateway, receipt.visitor, cookie, sizeof cookie);
    struct http_response response = {.status = 204, .set_cookie = cookie};
    return http_respond(wsi, connection, &response);
}
