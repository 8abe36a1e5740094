/* See the header. A route is a list of words; `*` stands for one word, which is the subject. */
#include "server/gateway/organizer/routes.h"

#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/organizer/desks.h"
#include "server/gateway/wire/http.h"

#define PREFIX "/api/v1/organizer/"

/* Instead of a right. */
enum { ANYBODY = -1, /* nobody need be signed in */ SIGNED_IN = -2 /* even with must_change */ };

static const struct route {
    const char *method, *path;
    int right; /* enum right, or one of the above */
    organizer_fn *serve;
    bool is_upload; /* a large body, which is not read on the loop */
} routes[] = {
    {"POST", "session", ANYBODY, organizer_sign_in, false},
    {"GET", "session", SIGNED_IN, organizer_session_show, false},
    {"DELETE", "session", ANYBODY, organizer_sign_out, false},
    {"POST", "session/everywhere", SIGNED_IN, organizer_sign_out_everywhere, false},
    {"POST", "password", SIGNED_IN, organizer_password, false},
    {"GET", "accounts", RIGHT_ACCOUNT_EDIT, organizer_accounts, false},
    {"POST", "accounts", RIGHT_ACCOUNT_EDIT, organizer_account_create, false},
    {"POST", "accounts/*", RIGHT_ACCOUNT_EDIT, organizer_account_change, false},
    {"POST", "accounts/*/reset", RIGHT_ACCOUNT_EDIT, organizer_account_reset, false},
    {"POST", "accounts/*/sign_out", RIGHT_ACCOUNT_EDIT, organizer_account_sign_out, false},
    {"GET", "log", RIGHT_LOG_READ, organizer_log, false},
    {"POST", "log/*/undo", RIGHT_EVENT_STEER, organizer_log_undo, false},
    {"GET", "events", RIGHT_EVENT_READ, organizer_events, false},
    {"GET", "events/*", RIGHT_EVENT_READ, organizer_event, false},
    {"POST", "inventory/check", RIGHT_EVENT_EDIT, organizer_inventory_check, true},
    {"POST", "events", RIGHT_EVENT_EDIT, organizer_event_create, true},
    {"POST", "events/*/inventory", RIGHT_EVENT_EDIT, organizer_inventory_replace, true},
    {"POST", "events/*/edit", RIGHT_EVENT_EDIT, organizer_event_edit, false},
    {"GET", "events/*/check", RIGHT_EVENT_EDIT, organizer_event_check, false},
    {"POST", "events/*/publish", RIGHT_EVENT_EDIT, organizer_event_publish, false},
    {"POST", "events/*", RIGHT_EVENT_STEER, organizer_event_set, false},
    {"DELETE", "events/*", RIGHT_EVENT_EDIT, organizer_event_delete, false},
    {"POST", "events/*/rehearsal", RIGHT_EVENT_EDIT, organizer_rehearsal_start, false},
    {"GET", "events/*/rehearsal", RIGHT_EVENT_EDIT, organizer_rehearsal, false},
    {"DELETE", "events/*/rehearsal", RIGHT_EVENT_EDIT, organizer_rehearsal_stop, false},
    {"GET", "events/*/rehearsal.html", RIGHT_EVENT_EDIT, organizer_rehearsal_page, false},
    {"GET", "events/*/plan", RIGHT_EVENT_LIVE, organizer_plan, false},
    {"GET", "events/*/figures", RIGHT_EVENT_LIVE, organizer_figures, false},
    {"GET", "events/*/history", RIGHT_EVENT_LIVE, organizer_history, false},
    {"GET", "events/*/seats", RIGHT_EVENT_LIVE, organizer_seats, false},
    {"POST", "events/*/preview", RIGHT_EVENT_STEER, organizer_preview, false},
    {"GET", "events/*/withheld", RIGHT_EVENT_STEER, organizer_withheld, false},
    {"POST", "events/*/withhold", RIGHT_EVENT_STEER, organizer_withhold, false},
    {"POST", "events/*/release", RIGHT_EVENT_STEER, organizer_release, false},
    {"GET", "events/*/orders", RIGHT_ORDER_READ, organizer_orders, false},
    {"GET", "events/*/orders.csv", RIGHT_ORDER_EXPORT, organizer_orders_csv, false},
    {"GET", "events/*/orders.json", RIGHT_ORDER_EXPORT, organizer_orders_json, false},
    {"GET", "events/*/door.csv", RIGHT_DOOR_CHECK, organizer_door_csv, false},
    {"GET", "orders/*", RIGHT_ORDER_READ, organizer_order, false},
    {"POST", "orders/*/refund", RIGHT_ORDER_REFUND, organizer_order_refund, false},
    {"POST", "orders/*/resend", RIGHT_ORDER_RESEND, organizer_order_resend, false},
    {"POST", "tickets/check", RIGHT_DOOR_CHECK, organizer_ticket_check, false},
};

bool organizer_routes_are_at(const char *path)
{
    return strncmp(path, PREFIX, sizeof PREFIX - 1) == 0;
}

/* Whether the path is of this form; the subject is copied. */
static bool matches(const char *form, const char *path, char subject[ORGANIZER_SUBJECT_BYTES])
{
    while (*form != '\0') {
        size_t bytes = strcspn(path, "/");
        if (*form == '*') {
            if (bytes == 0 || bytes >= ORGANIZER_SUBJECT_BYTES)
                return false;
            memcpy(subject, path, bytes);
            subject[bytes] = '\0';
            form++;
            path += bytes;
        } else if (*form++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

/* The route, or NULL; *is_known tells whether another method would do. */
static const struct route *find(const char *method, const char *path,
                                char subject[ORGANIZER_SUBJECT_BYTES], bool *is_known)
{
    *is_known = false;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (matches(routes[i].path, path, subject)) {
            *is_known = true;
            if (strcmp(routes[i].method, method) == 0)
                return &routes[i];
        }
    }
    return NULL;
}

/* False when the call was answered: nobody is signed in, or not somebody who may. */
static bool is_allowed(struct organizer_call *call, const struct route *route, int *result)
{
    if (route->right == ANYBODY)
        return true;
    enum guard_verdict verdict = organizer_guard_read(call->gateway, call->wsi, &call->who);
    if (verdict == GUARD_BUSY) {
        *result = organizer_refuse(call, 503, "busy", "This gateway is not ready yet.");
        return false;
    }
    if (verdict != GUARD_OK) {
        *result = organizer_refuse(call, 401, "sign_in", "Please sign in.");
        return false;
    }
    if (route->right == SIGNED_IN)
        return true;
    if (call->who.must_change) {
        *result = organizer_refuse(call, 403, "change_password",
                                   "Please choose a password of your own first.");
        return false;
    }
    if (!role_has(call->who.role, (enum right)route->right)) {
        *result =
            organizer_refuse(call, 403, "not_allowed", right_holders((enum right)route->right));
        return false;
    }
    return true;
}

/* A POST must be an object of JSON. libwebsockets 4.1 ends the connection behind a POST without a
 * body, so such a one could not be answered later: it is refused at once. */
static bool read_body(struct organizer_call *call, int *result)
{
    call->body = json_loadb(call->raw, call->raw_bytes, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(call->body))
        return true;
    json_decref(call->body);
    *result = organizer_refuse(call, 400, "bad_message",
                               "The body must be one object of JSON, {} at least.");
    return false;
}

size_t organizer_routes_body_max(struct gateway *gateway, struct lws *wsi, const char *path)
{
    char subject[ORGANIZER_SUBJECT_BYTES];
    bool is_known;
    struct organizer_session who;
    const struct route *route = organizer_routes_are_at(path)
                                    ? find("POST", path + sizeof PREFIX - 1, subject, &is_known)
                                    : NULL;
    return route != NULL && route->is_upload &&
                   organizer_guard_read(gateway, wsi, &who) == GUARD_OK &&
                   role_has(who.role, (enum right)route->right)
               ? UPLOAD_BYTES_MAX
               : HTTP_BODY_BYTES_MAX;
}

int organizer_routes_serve(struct gateway *gateway, struct lws *wsi,
                           struct http_connection *connection, const char *method, const char *body,
                           size_t bytes)
{
    struct organizer_call call = {
        .gateway = gateway, .wsi = wsi, .connection = connection, .raw = body, .raw_bytes = bytes};
    bool is_known = false, is_change = strcmp(method, "GET") != 0;
    int result = 0;
    const struct route *route =
        find(method, connection->path + sizeof PREFIX - 1, call.subject, &is_known);
    if (route == NULL) {
        return is_known
                   ? organizer_refuse(&call, 405, "bad_method",
                                      "This address is asked in another way.")
                   : organizer_refuse(&call, 404, "not_found", "There is nothing at this address.");
    }
    if (!organizer_text_is_good(call.subject))
        return organizer_refuse(&call, 404, "not_found", "There is nothing at this address.");
    if (!organizer_query_is_good(&call)) {
        return organizer_refuse(&call, 400, "bad_message",
                                "What follows the \"?\" is not text in UTF-8.");
    }
    if (is_change && !http_origin_is_allowed(gateway, wsi))
        return organizer_refuse(&call, 403, "bad_origin", "This Origin is not allowed.");
    if (!is_allowed(&call, route, &result) ||
        (strcmp(method, "POST") == 0 && !route->is_upload && !read_body(&call, &result)))
        return result;
    result = route->serve(&call);
    json_decref(call.body);
    return result;
}
