/* See the header. */
#include "server/gateway/organizer/live.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/gateway/app.h"
#include "server/gateway/organizer/pulse.h"
#include "server/gateway/wire/http.h"

#define PREFIX "/api/v1/organizer/events/"
#define SUFFIX "/live"
#define PATH_BYTES_MAX 512
#define CLOSE_SIGNED_OUT 1008

bool organizer_live_is_at(const char *path)
{
    return strncmp(path, PREFIX, sizeof PREFIX - 1) == 0;
}

/* The event named by the path, drafts too, or NULL. */
static struct event_entry *event_of(struct gateway *gateway, const char *path)
{
    char id[EVENT_ID_BYTES_MAX + 1];
    size_t around = sizeof PREFIX + sizeof SUFFIX - 2, bytes = strlen(path);
    if (!organizer_live_is_at(path) || bytes <= around || bytes - around > EVENT_ID_BYTES_MAX ||
        strcmp(path + bytes - (sizeof SUFFIX - 1), SUFFIX) != 0)
        return NULL;
    memcpy(id, path + sizeof PREFIX - 1, bytes - around);
    id[bytes - around] = '\0';
    struct event_entry *event = book_find(&gateway->book, id);
    return event != NULL && event->is_listed ? event : NULL;
}

static int refuse(struct gateway *gateway, struct lws *wsi, unsigned status, const char *code,
                  const char *message)
{
    gateway->figures.handshakes_refused++;
    http_refuse(wsi, status, code, message);
    return -1;
}

int organizer_live_check(struct gateway *gateway, struct lws *wsi, const char *path)
{
    struct organizer_session who;
    enum guard_verdict verdict = organizer_guard_read(gateway, wsi, &who);
    if (verdict == GUARD_BUSY || gateway->lives.count >= LIVE_MAX)
        return refuse(gateway, wsi, 503, "busy", "This gateway has no room. Please connect again.");
    if (verdict != GUARD_OK)
        return refuse(gateway, wsi, 401, "sign_in", "Please sign in.");
    if (who.must_change || !role_has(who.role, RIGHT_EVENT_LIVE)) {
        return refuse(gateway, wsi, 403, who.must_change ? "change_password" : "not_allowed",
                      who.must_change ? "Please choose a password of your own first."
                                      : right_holders(RIGHT_EVENT_LIVE));
    }
    if (event_of(gateway, path) == NULL)
        return refuse(gateway, wsi, 404, "not_found", "There is no such event.");
    return 0;
}

/* --- sending --- */

static void send_figures(struct organizer_live *live)
{
    json_t *figures = pulse_figures(live->event);
    char *text = json_dumps(figures, JSON_COMPACT);
    json_decref(figures);
    assert(text != NULL);
    free(live->text);
    live->text_bytes = strlen(text);
    live->text = malloc(LWS_PRE + live->text_bytes);
    assert(live->text != NULL);
    memcpy(live->text + LWS_PRE, text, live->text_bytes);
    free(text);
    lws_callback_on_writable(live->wsi);
}

static int on_writable(struct organizer_live *live)
{
    if (live->is_closing) {
        lws_close_reason(live->wsi, CLOSE_SIGNED_OUT, NULL, 0);
        return -1;
    }
    if (live->text == NULL)
        return 0;
    int sent = lws_write(live->wsi, (unsigned char *)live->text + LWS_PRE, live->text_bytes,
                         LWS_WRITE_TEXT);
    free(live->text);
    live->text = NULL;
    return sent < 0 ? -1 : 0;
}

void organizer_live_push(struct gateway *gateway)
{
    organizer_live_end_those_gone(gateway);
    for (struct organizer_live *live = gateway->lives.first; live != NULL; live = live->next)
        if (!live->is_closing)
            send_figures(live);
}

bool organizer_live_is_watched(const struct gateway *gateway, const struct event_entry *event)
{
    const struct organizer_live *live = gateway->lives.first;
    while (live != NULL && live->event != event)
        live = live->next;
    return live != NULL;
}

void organizer_live_end_those_gone(struct gateway *gateway)
{
    for (struct organizer_live *live = gateway->lives.first; live != NULL; live = live->next) {
        if (!live->is_closing && !organizer_guard_takes(gateway, &live->who)) {
            live->is_closing = true;
            lws_callback_on_writable(live->wsi);
        }
    }
}

/* --- life --- */

static int on_established(struct gateway *gateway, struct lws *wsi, struct organizer_live *live)
{
    char path[PATH_BYTES_MAX];
    struct organizer_session who;
    if (lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) <= 0 ||
        organizer_guard_read(gateway, wsi, &who) != GUARD_OK || event_of(gateway, path) == NULL)
        return -1;
    *live = (struct organizer_live){
        .wsi = wsi, .event = event_of(gateway, path), .who = who, .next = gateway->lives.first};
    gateway->lives.first = live;
    gateway->lives.count++;
    send_figures(live);
    return 0;
}

static void on_closed(struct gateway *gateway, struct organizer_live *live)
{
    struct organizer_live **link = &gateway->lives.first;
    while (*link != NULL && *link != live)
        link = &(*link)->next;
    if (*link != NULL) {
        *link = live->next;
        gateway->lives.count--;
    }
    free(live->text);
    *live = (struct organizer_live){0};
}

int organizer_live_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                            size_t len)
{
    struct organizer_live *live = user;
    struct gateway *gateway = lws_context_user(lws_get_context(wsi));
    (void)in;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(gateway, wsi, live);
    case LWS_CALLBACK_RECEIVE:
        return 0; /* nothing is expected, and nothing of it is kept */
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return live->wsi != NULL ? on_writable(live) : -1;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        if (len == 1) { /* half a status code */
            lws_close_reason(wsi, LWS_CLOSE_STATUS_PROTOCOL_ERR, NULL, 0);
            return -1;
        }
        return 0;
    case LWS_CALLBACK_CLOSED:
        if (live->wsi != NULL)
            on_closed(gateway, live);
        return 0;
    default:
        return 0;
    }
}
