#include "server/gateway/wire/wire.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/json_text.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_ticks.h"
#include "server/gateway/line/poll_desk.h"
#include "server/gateway/seats/seat_desk.h"
#include "server/gateway/wire/ws_frame.h"

/* False when the connection is broken. */
static bool write_frame(struct gateway *gateway, struct session *session, unsigned char *data,
                        size_t bytes)
{
    gateway->figures.frames_out++;
    gateway->figures.bytes_out += bytes;
    return ws_frame_send(session->wsi, data, bytes);
}

static void keep_frame(struct gateway *gateway, struct session *session, const char *text,
                       size_t bytes)
{
    struct out_frame *frame = NULL;
    if (session->out_bytes + bytes <= OUT_BYTES_MAX)
        frame = malloc(sizeof *frame + LWS_PRE + bytes);
    if (frame == NULL) {
        gateway->figures.slow_readers_closed++;
        wire_close(session, 1013);
        return;
    }
    frame->next = NULL;
    frame->bytes = bytes;
    memcpy(frame->data + LWS_PRE, text, bytes);
    if (session->out_last != NULL)
        session->out_last->next = frame;
    else
        session->out_first = frame;
    session->out_last = frame;
    session->out_bytes += (uint32_t)bytes;
    lws_callback_on_writable(session->wsi);
}

bool wire_is_slow(const struct session *session)
{
    return session->poll == NULL &&
           (session->out_first != NULL || lws_partial_buffered(session->wsi));
}

void wire_send_text(struct gateway *gateway, struct session *session, const char *text,
                    size_t bytes)
{
    assert(bytes <= SCRATCH_BYTES);
    if (session->is_closing)
        return;
    if (session->poll != NULL) {
        poll_desk_take(session, text, bytes);
        return;
    }
    if (wire_is_slow(session)) {
        keep_frame(gateway, session, text, bytes);
        return;
    }
    memcpy(gateway->scratch + LWS_PRE, text, bytes);
    if (!write_frame(gateway, session, gateway->scratch + LWS_PRE, bytes))
        wire_close(session, 1001);
}

void wire_send(struct gateway *gateway, struct session *session, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(text != NULL);
    wire_send_text(gateway, session, text, strlen(text));
    free(text);
}

void wire_answer(struct gateway *gateway, const struct reply_to *to, json_t *body)
{
    struct session *session = session_by_id(&gateway->sessions, to->session);
    if (session == NULL) {
        json_decref(body);
        return;
    }
    assert(session->requests_pending > 0);
    session->requests_pending--;
    if (to->has_re)
        json_object_set_new(body, "re", json_integer(to->re));
    if (session->poll != NULL)
        poll_desk_on_answer(session, body);
    wire_send(gateway, session, body);
}

static void tell_poll(struct session *session, const struct json_text *body)
{
    json_t *answer = json_loadb(body->bytes, body->count, 0, NULL);
    assert(answer != NULL);
    poll_desk_on_answer(session, answer);
    json_decref(answer);
}

void wire_answer_text(struct gateway *gateway, const struct reply_to *to, struct json_text *body)
{
    struct session *session = session_by_id(&gateway->sessions, to->session);
    if (session == NULL)
        return;
    assert(session->requests_pending > 0 && body->count > 0);
    session->requests_pending--;
    if (to->has_re) {
        body->count--; /* the brace */
        json_text_whole(body, ",\"re\":", to->re);
        json_text_raw(body, "}");
    }
    if (session->poll != NULL)
        tell_poll(session, body);
    wire_send_text(gateway, session, body->bytes, body->count);
}

void wire_error(struct gateway *gateway, const struct reply_to *to, const char *code,
                const char *message, json_t *extra)
{
    json_t *body = json_pack("{ss ss ss}", "type", "error", "code", code, "message", message);
    assert(body != NULL);
    if (extra != NULL) {
        json_object_update_missing(body, extra);
        json_decref(extra);
    }
    gateway->figures.errors_out++;
    wire_answer(gateway, to, body);
}

void wire_bad_field(struct gateway *gateway, const struct reply_to *to, const char *field,
                    const char *message)
{
    wire_error(gateway, to, "bad_message", message, json_pack("{ss}", "field", field));
}

void wire_busy(struct gateway *gateway, const struct reply_to *to)
{
    wire_error(gateway, to, "busy", "Please ask again in a moment. Your place is kept.",
               json_pack("{si}", "retry_s", RETRY_S_BUSY));
}

void wire_push_event(struct gateway *gateway, struct event_entry *event, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(text != NULL);
    size_t bytes = strlen(text);
    for (struct session *session = event->sessions; session != NULL; session = session->event_next)
        wire_send_text(gateway, session, text, bytes);
    free(text);
}

void wire_close(struct session *session, uint16_t code)
{
    if (session->is_closing)
        return;
    session->is_closing = true;
    session->close_code = code;
    if (session->poll != NULL) {
        poll_desk_wake(session);
        return;
    }
    lws_callback_on_writable(session->wsi);
}

int wire_on_writable(struct gateway *gateway, struct session *session)
{
    while (session->out_first != NULL && !session->is_closing &&
           !lws_partial_buffered(session->wsi)) {
        struct out_frame *frame = session->out_first;
        session->out_first = frame->next;
        if (session->out_first == NULL)
            session->out_last = NULL;
        session->out_bytes -= (uint32_t)frame->bytes;
        bool is_written = write_frame(gateway, session, frame->data + LWS_PRE, frame->bytes);
        free(frame);
        if (!is_written)
            return -1;
    }
    if (session->is_closing) {
        lws_close_reason(session->wsi, session->close_code, NULL, 0);
        return -1;
    }
    if (session->out_first != NULL) {
        lws_callback_on_writable(session->wsi);
    } else if (session->is_map_stale && !lws_partial_buffered(session->wsi)) {
        seat_desk_send_map(gateway, session, NULL);
    } else if (session->is_place_stale && !lws_partial_buffered(session->wsi)) {
        session->is_place_stale = false;
        if (session->stage == STAGE_WAITING)
            line_ticks_push_place(session, line_view_ahead(&session->event->line, session->seq));
    }
    return 0;
}
