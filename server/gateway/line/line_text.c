/* See the header. */
#include "server/gateway/line/line_text.h"

#include <stdio.h>
#include "queue/receipt.h"
#include "server/gateway/app.h"
#include "server/gateway/line/foretold.h"
#include "server/gateway/line/line_news.h"

struct push_told line_text_told(const struct session *session, const struct line_news *news,
                                int64_t ahead, int64_t now_ms)
{
    const struct push_rule *rule = &session->event->gateway->options->push;
    return (struct push_told){ahead, push_told_ms(rule, ahead, session->id, now_ms), news->number};
}

struct json_text *line_text_place(struct session *session, const struct line_news *news,
                                  int64_t ahead, int64_t now_ms, int64_t wall_ms)
{
    struct json_text *text = &session->event->gateway->said;
    struct estimate_range range;
    session->told = line_text_told(session, news, ahead, now_ms);
    json_text_clear(text);
    json_text_whole(text, "{\"type\":\"place\",\"seq\":", session->seq);
    json_text_whole(text, ",\"ahead\":", ahead);
    json_text_whole(text, ",\"server_ms\":", wall_ms);
    if (foretold_ask(session, ahead, &range)) {
        json_text_whole(text, ",\"eta_low_ms\":", range.low_ms);
        json_text_whole(text, ",\"eta_high_ms\":", range.high_ms);
    }
    json_text_add(text, ",", 1);
    json_text_add(text, news->text, news->bytes);
    return text;
}

void line_text_standing(struct json_text *text, const struct session *session)
{
    const struct event_entry *event = session->event;
    int64_t per_s = event->gateway->options->reconnects_per_s;
    json_text_whole(text, ",\"spread_ms\":", push_spread_ms(event->line.waiting, per_s));
    if (event->message[0] != '\0')
        json_text_string(text, ",\"message\":", event->message);
}

bool line_text_receipt_token(const struct session *session, int64_t at_ms,
                             char token[TOKEN_BYTES_MAX + 1])
{
    const struct event_entry *event = session->event;
    if (event->line.draw == DRAW_PENDING)
        return false;
    struct receipt receipt = {.seq = session->seq,
                              .epoch = event->gateway->epoch,
                              .at_ms = at_ms,
                              .is_drawn = event->line.draw == DRAW_DONE};
    snprintf(receipt.event, sizeof receipt.event, "%s", event->id);
    snprintf(receipt.visitor, sizeof receipt.visitor, "%s", session->visitor);
    receipt_issue(&event->gateway->keys, &receipt, token);
    return true;
}

void line_text_receipt(struct json_text *text, const struct session *session, int64_t at_ms)
{
    char token[TOKEN_BYTES_MAX + 1];
    if (line_text_receipt_token(session, at_ms, token))
        json_text_string(text, ",\"receipt\":", token);
}
