/* See the header. What is told goes on as it came, with the pictures of the tickets put in between:
 * no tree is built of it. */
#include "server/gateway/orders/outcome_desk.h"

#include <string.h>
#include "server/base/json_text.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_desk.h"
#include "server/gateway/orders/confirm_desk.h"
#include "server/gateway/orders/ticket_qr.h"
#include "server/gateway/organizer/pulse.h"
#include "server/gateway/seats/told_hold.h"
#include "server/gateway/wire/wire.h"

#define OUTCOME_TYPE_BYTES_MAX 16
#define OUTCOME_BYTES_MAX (64 * 1024) /* a longer one is not from us */

#define DIGEST_START 2166136261U /* FNV-1a */
#define DIGEST_FACTOR 16777619U

/* Never 0. */
static uint32_t digest_of(const char *order)
{
    uint32_t digest = DIGEST_START;
    for (; *order != '\0'; order++)
        digest = (digest ^ (unsigned char)*order) * DIGEST_FACTOR;
    return digest != 0 ? digest : 1;
}

void outcome_desk_note_paying(struct gateway *gateway, const struct event_entry *event,
                              const char *visitor, const char *order)
{
    struct session *session = session_of_visitor(&gateway->sessions, event, visitor);
    for (; session != NULL; session = session_next_of_visitor(session))
        session->paying = digest_of(order);
}

/* Of an order that was given up the outcome may come while the next one is being paid. */
static void note_end(struct session *session, const char *order)
{
    if (session->paying == digest_of(order))
        session->paying = 0;
}

/* One line of `outcome`. */
struct outcome {
    char event[EVENT_ID_BYTES_MAX + 1], visitor[VISITOR_ID_BYTES + 1];
    char type[OUTCOME_TYPE_BYTES_MAX + 1], order[ORDER_ID_BYTES + 1];
    const char *text; /* what is told to the visitor, JSON */
    size_t bytes;
};

/* The ledger may take its time: whose turn has ended with the sale may stand in line again. */
static bool is_in_line_anew(const struct session *session)
{
    return session->stage == STAGE_WAITING && session->seq > session->event->line.head;
}

static void tell_outcome(struct gateway *gateway, const struct event_entry *event,
                         const struct outcome *outcome, bool is_confirmed)
{
    struct session *session = session_of_visitor(&gateway->sessions, event, outcome->visitor);
    struct json_text told = {0};
    if (is_confirmed)
        ticket_qr_copy(&told, outcome->text, outcome->bytes);
    else
        json_text_add(&told, outcome->text, outcome->bytes);
    for (; session != NULL; session = session_next_of_visitor(session)) {
        if (!is_confirmed || !confirm_desk_confirmed(gateway, session, outcome->order, &told)) {
            confirm_desk_go_on(gateway, session);
            wire_send_text(gateway, session, told.bytes, told.count);
        }
        told_hold_forget(session);
        if (strcmp(outcome->type, "refunded") != 0)
            note_end(session, outcome->order);
        if (is_confirmed && !is_in_line_anew(session))
            session->stage = STAGE_NEW; /* the turn ended with the sale */
    }
    json_text_release(&told);
}

static void take_outcome(struct gateway *gateway, struct event_entry *event,
                         const struct outcome *outcome)
{
    if (strcmp(outcome->type, "left") == 0) {
        line_desk_left_somewhere(event, outcome->visitor);
        return;
    }
    bool is_confirmed = strcmp(outcome->type, "confirmed") == 0;
    if (is_confirmed)
        pulse_on_confirmed(event, outcome->order);
    if (session_of_visitor(&gateway->sessions, event, outcome->visitor) == NULL)
        return;
    tell_outcome(gateway, event, outcome, is_confirmed);
}

/* Moves on to what follows the space; false when there is none or the word is too long. */
static bool take_word(const char **at, const char *end, char *out, size_t bytes_max)
{
    const char *space = memchr(*at, ' ', (size_t)(end - *at));
    if (space == NULL || (size_t)(space - *at) > bytes_max)
        return false;
    memcpy(out, *at, (size_t)(space - *at));
    out[space - *at] = '\0';
    *at = space + 1;
    return true;
}

/* Every gateway hears of every outcome; most are about visitors of others. */
static void take_line(struct gateway *gateway, const char *at, const char *end)
{
    struct outcome outcome;
    if (!take_word(&at, end, outcome.event, EVENT_ID_BYTES_MAX) ||
        !take_word(&at, end, outcome.visitor, VISITOR_ID_BYTES) ||
        !take_word(&at, end, outcome.type, OUTCOME_TYPE_BYTES_MAX) ||
        !take_word(&at, end, outcome.order, ORDER_ID_BYTES) || end - at < 2 || *at != '{' ||
        end - at > OUTCOME_BYTES_MAX)
        return;
    outcome.text = at;
    outcome.bytes = (size_t)(end - at);
    struct event_entry *event = book_find(&gateway->book, outcome.event);
    if (event != NULL)
        take_outcome(gateway, event, &outcome);
}

void outcome_desk_take(struct gateway *gateway, const char *text, size_t bytes)
{
    const char *at = text, *end = text + bytes;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end != NULL ? line_end : end;
        take_line(gateway, at, line_end);
        at = line_end + 1;
    }
}
