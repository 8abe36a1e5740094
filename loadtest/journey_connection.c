/* A visitor's connection as it comes about, is lost and comes back; and its cookie, by which the
 * server knows it again. */
#include "loadtest/journey.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/back_off.h"
#include "loadtest/clocks.h"

#define FORGETS_RECEIPT_SHARE 0.5 /* of those who reload: their cookie alone finds the place */
#define SPREAD_US_MAX INT64_C(60000000)

/* The time of coming back counts from the first loss. */
static void note_loss(struct crowd *c, struct visitor *v)
{
    if (v->lost_us == 0 && journey_record(c, v)->seq != HISTORY_NONE)
        v->lost_us = c->now_us;
}

void journey_reload(struct crowd *c, struct visitor *v)
{
    v->plan.reloads--;
    note_loss(c, v);
    crowd_disconnect(c, v, false);
    if (dice_hits(&v->dice, FORGETS_RECEIPT_SHARE)) {
        free(v->receipt);
        v->receipt = NULL;
    }
    crowd_return_later(c, v, STAMPEDE_RETRY_US_MIN);
}

static void return_in(struct crowd *c, struct visitor *v, int64_t pause_us)
{
    crowd_set_state(c, v, VISITOR_AWAY);
    v->awaited_id = 0;
    crowd_set_timer(c, v, c->now_us + pause_us);
}

/* answer: of a server that refused the handshake, or NULL. */
static void return_after_failure(struct crowd *c, struct visitor *v, const struct ws_answer *answer)
{
    int64_t retry_after_s = answer ? answer->retry_after_s : -1;
    return_in(c, v, back_off_failed_us(&v->dice, retry_after_s, v->failures));
    v->failures += v->failures < UINT16_MAX;
}

void journey_on_no_connection(struct crowd *c, struct visitor *v)
{
    crowd_count_error(c, "connect_failed");
    crowd_disconnect(c, v, false);
    return_after_failure(c, v, NULL);
}

/* The public id is the payload of the cookie: v1.<base64url of the id>.<signature>. */
static void note_id(struct crowd *c, const struct visitor *v)
{
    struct history_visitor *r = journey_record(c, v);
    const char *first = strchr(v->cookie, '.'), *last = first ? strchr(first + 1, '.') : NULL;
    char id[STAMPEDE_VISITOR_BYTES_MAX + 1];
    size_t bytes;
    bool is_good = last && sodium_base642bin((unsigned char *)id, sizeof id - 1, first + 1,
                                             (size_t)(last - first - 1), NULL, &bytes, NULL,
                                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
    if (!is_good) {
        crowd_count_error(c, "bad_answer");
        return;
    }
    id[bytes] = '\0';
    if (r->id[0] == '\0')
        memcpy(r->id, id, sizeof id);
    else if (strcmp(r->id, id) != 0)
        crowd_count_error(c, "bad_answer"); /* the server gave a known visitor another name */
}

static void take_cookie(struct crowd *c, struct visitor *v, const struct ws_answer *answer)
{
    if (!answer->cookie || answer->cookie_bytes > STAMPEDE_TOKEN_BYTES_MAX || v->is_tab)
        return;
    free(v->cookie);
    v->cookie = strndup(answer->cookie, answer->cookie_bytes);
    if (v->cookie)
        note_id(c, v);
}

void journey_on_open(struct crowd *c, struct visitor *v, const struct ws_answer *answer)
{
    int64_t now_us = clocks_us();
    take_cookie(c, v, answer);
    if (!v->is_tab) {
        crowd_record(c, LATENCY_CONNECT, now_us - v->due_us);
        if (v->next_id > 0)
            atomic_fetch_add_explicit(&c->stats->reconnects, 1, memory_order_relaxed);
    }
    v->failures = 0;
    v->due_us = now_us;
    journey_join(c, v);
}

/* Anywhere in the time that the server has suggested; after a failure with growing pauses. */
static void return_after_loss(struct crowd *c, struct visitor *v, const struct ws_answer *answer)
{
    note_loss(c, v);
    if (v->failures > 0 || v->spread_ms == 0) {
        return_after_failure(c, v, answer);
        return;
    }
    v->failures++;
    int64_t spread_us = (int64_t)v->spread_ms * 1000;
    return_in(c, v,
              dice_between(&v->dice, 0, spread_us < SPREAD_US_MAX ? spread_us : SPREAD_US_MAX));
}

void journey_on_lost(struct crowd *c, struct visitor *v, enum connection_loss loss,
                     const struct ws_answer *answer)
{
    static const char *const codes[CONNECTION_LOSS_COUNT] = {"connect_failed", "handshake_refused",
                                                             "closed", "bad_frame"};
    crowd_count_error(c, codes[loss]);
    if (visitor_is_over(v))
        return;
    if (v->state == VISITOR_VERIFYING)
        journey_finish(c, v, VISITOR_BOUGHT);
    else if (v->turns_away)
        journey_finish(c, v, VISITOR_SOLD_OUT);
    else if (v->is_tab)
        journey_finish(c, v, VISITOR_LEFT);
    else if (c->command >= RUN_SEND_HOME)
        journey_finish(c, v, VISITOR_SENT_HOME);
    else if (answer && answer->http_status == 404 && v->failures >= STAMPEDE_NOT_FOUND_TRIES)
        journey_finish(c, v, VISITOR_FAILED);
    else
        return_after_loss(c, v, answer);
}

void journey_on_network_lost(struct crowd *c, struct visitor *v)
{
    if (visitor_is_over(v) || v->is_tab || v->connection.state != CONNECTION_OPEN ||
        c->command != RUN_GO)
        return;
    crowd_disconnect(c, v, false);
    if (v->state == VISITOR_VERIFYING)
        journey_finish(c, v, VISITOR_BOUGHT);
    else if (v->turns_away)
        journey_finish(c, v, VISITOR_SOLD_OUT);
    else
        return_after_loss(c, v, NULL);
}

void journey_on_reconnect(struct crowd *c, struct visitor *v, json_t *message)
{
    int64_t in_ms = journey_number(message, "in_ms", 1000);
    if (v->is_tab) {
        journey_finish(c, v, VISITOR_LEFT);
        return;
    }
    crowd_disconnect(c, v, true);
    return_in(c, v, (in_ms < 10000 ? in_ms : 10000) * 1000 + dice_between(&v->dice, 0, 200000));
}
