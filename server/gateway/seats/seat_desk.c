#include "server/gateway/seats/seat_desk.h"
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "queue/phase.h"
#include "server/base/clock.h"
#include "server/base/json_text.h"
#include "server/gateway/app.h"
#include "server/gateway/line/line_pace.h"
#include "server/gateway/seats/basket_desk.h"
#include "server/gateway/seats/best_desk.h"
#include "server/gateway/seats/told_hold.h"
#include "server/gateway/wire/wire.h"

#define PUSH_INTERVAL_MS 200 /* seat changes are told at most this often */
#define SWEEP_INTERVAL_MS 250
#define B64 sodium_base64_VARIANT_ORIGINAL

static json_t *seats_json(const struct held_seat *seats, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(seats[i].seat));
    return list;
}

static int64_t total_of(const struct event_entry *event, const struct hold *hold)
{
    uint32_t seats[HOLD_SEATS_MAX];
    for (size_t i = 0; i < hold->seats_count; i++)
        seats[i] = hold->seats[i].seat;
    int64_t total_minor = 0;
    if (plan_seats_total(event->plan, seats, hold->seats_count, &total_minor) != PLAN_OK)
        log_error("event %s: a hold has seats that the plan does not sell", event->id);
    return total_minor;
}

static void add_seat_numbers(struct json_text *text, const struct hold *hold)
{
    json_text_raw(text, ",\"seats\":[");
    for (size_t i = 0; i < hold->seats_count; i++)
        json_text_whole(text, i > 0 ? "," : "", hold->seats[i].seat);
    json_text_raw(text, "]");
}

void seat_desk_add_payment(struct json_text *text, const struct event_entry *event,
                           const struct hold *hold, const char *type)
{
    json_text_string(text, "{\"type\":", type);
    json_text_string(text, ",\"order\":", hold->order);
    add_seat_numbers(text, hold);
    json_text_whole(text, ",\"amount_minor\":", hold->amount_minor);
    json_text_string(text, ",\"currency\":", event->currency);
    json_text_whole(text, ",\"deadline_ms\":", hold->deadline_ms);
    if (hold->offer != NULL && hold->offer[0] == '[') {
        json_text_raw(text, ",\"tickets\":");
        json_text_raw(text, hold->offer);
    }
    json_text_raw(text, "}");
}

static void add_hold(struct json_text *text, const struct event_entry *event,
                     const struct hold *hold)
{
    if (hold->is_paying) {
        seat_desk_add_payment(text, event, hold, "payment");
        return;
    }
    json_text_raw(text, "{\"type\":\"held\"");
    add_seat_numbers(text, hold);
    json_text_whole(text, ",\"total_minor\":", total_of(event, hold));
    json_text_string(text, ",\"currency\":", event->currency);
    json_text_whole(text, ",\"deadline_ms\":", hold->deadline_ms);
    json_text_raw(text, "}");
}

json_t *seat_desk_hold_json(const struct event_entry *event, const struct hold *hold)
{
    struct json_text text = {0};
    add_hold(&text, event, hold);
    json_t *body = json_loadb(text.bytes, text.count, 0, NULL);
    json_text_release(&text);
    return body != NULL ? body : json_null(); /* an offer that is none: Redis was written by hand */
}

void seat_desk_answer_hold(struct gateway *gateway, const struct reply_to *to,
                           const struct event_entry *event, const struct hold *hold)
{
    struct session *session = session_by_id(&gateway->sessions, to->session);
    struct json_text text = {0};
    told_hold_note(session, hold);
    basket_desk_told(session, hold);
    add_hold(&text, event, hold);
    wire_answer_text(gateway, to, &text);
    json_text_release(&text);
}

void seat_desk_refuse(struct gateway *gateway, const struct reply_to *to, const struct hold *hold)
{
    json_t *seats = seats_json(hold->seats, hold->seats_count);
    switch (hold->result) {
    case HOLD_NOT_ADMITTED:
        wire_error(gateway, to, "not_admitted", "It is not your turn.", NULL);
        break;
    case HOLD_TAKEN:
        wire_error(gateway, to, "seat_taken", "At least one of these seats is no longer free.",
                   json_pack("{sO}", "seats", seats));
        break;
    case HOLD_TOO_MANY:
        wire_error(gateway, to, "too_many_seats", "That is more seats than one visitor may have.",
                   json_pack("{si}", "seats_max", (int)hold->seats_max));
        break;
    case HOLD_AREA_FULL:
        wire_error(gateway, to, "area_full", "There are not enough free places in this area.",
                   json_pack("{si}", "free", (int)hold->free_count));
        break;
    case HOLD_PAYING:
        wire_error(gateway, to, "payment_running", "These seats are being paid for.", NULL);
        break;
    case HOLD_NO_ORDER:
        wire_error(gateway, to, "no_such_order", "There is no running payment with this number.",
                   NULL);
        break;
    case HOLD_LEDGER_BEHIND:
        wire_error(gateway, to, "ledger_down",
                   "Payments are held up for a moment. Your seats stay held.",
                   json_pack("{si}", "retry_s", RETRY_S_BUSY));
        break;
    default:
        wire_error(gateway, to, "no_hold", "Nothing is held.", NULL);
        break;
    }
    json_decref(seats);
}

/* --- the map --- */

static json_t *map_json(const struct event_entry *event)
{
    const struct seat_map *map = event->map;
    size_t packed_bytes = seat_map_packed_bytes(map);
    size_t text_bytes = sodium_base64_encoded_len(packed_bytes, B64);
    unsigned char *packed = malloc(packed_bytes + 1);
    char *text = malloc(text_bytes);
    assert(packed != NULL && text != NULL);
    seat_map_pack(map, packed);
    sodium_bin2base64(text, text_bytes, packed, packed_bytes, B64);
    json_t *body = json_pack("{ss sI ss ss sI}", "type", "map", "version",
                             (json_int_t)seat_map_version(map), "plan", event->plan_etag, "states",
                             text, "server_ms", (json_int_t)clock_wall_ms());
    free(packed);
    free(text);
    return body;
}

void seat_desk_send_map(struct gateway *gateway, struct session *session, const struct reply_to *to)
{
    session->is_map_open = true;
    session->is_map_stale = false;
    if (to != NULL)
        wire_answer(gateway, to, map_json(session->event));
    else
        wire_send(gateway, session, map_json(session->event));
}

void seat_desk_map(struct gateway *gateway, struct session *session, const struct reply_to *to,
                   const json_t *request)
{
    (void)request;
    if (session->stage != STAGE_ENTERED)
        wire_error(gateway, to, "not_admitted", "It is not your turn.", NULL);
    else if (!event_is_ready(session->event))
        wire_busy(gateway, to);
    else
        seat_desk_send_map(gateway, session, to);
}

static json_t *index_list(const uint32_t *seats, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(seats[i]));
    return list;
}

static char *text_of(json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    assert(text != NULL);
    return text;
}

static char *changes_text(const struct seat_changes *changes)
{
    return text_of(json_pack("{ss sI so so so}", "type", "seats", "version",
                             (json_int_t)changes->version, "free",
                             index_list(changes->free, changes->free_count), "held",
                             index_list(changes->held, changes->held_count), "sold",
                             index_list(changes->sold, changes->sold_count)));
}

/* Put together once for all: a push costs a socket what the frame costs. */
static void push_changes(struct gateway *gateway, struct event_entry *event)
{
    struct seat_changes changes;
    if (!seat_map_take_changes(event->map, &changes))
        return;
    char *text = changes_text(&changes);
    if (changes.is_reset || strlen(text) > SCRATCH_BYTES) {
        free(text);
        text = text_of(map_json(event));
    }
    size_t bytes = strlen(text);
    for (struct session *session = event->sessions; session != NULL;
         session = session->event_next) {
        if (!session->is_map_open || session->is_map_stale)
            continue;
        if (wire_is_slow(session)) {
            session->is_map_stale =
                true; /* gets one whole map later instead of a queue of changes */
            lws_callback_on_writable(session->wsi);
        } else {
            wire_send_text(gateway, session, text, bytes);
        }
    }
    free(text);
}

static void on_swept(void *ctx, enum seats_status status, size_t expired_count)
{
    (void)status, (void)expired_count; /* the freed seats come to everyone by map:{E} */
    struct event_entry *event = ctx;
    event->is_sweep_asked = false;
}

static void sweep_if_due(struct gateway *gateway, struct event_entry *event, int64_t now_ms)
{
    enum queue_phase phase = event_phase(event);
    /* A sale may be set back: what is held and paid then ends all the same. */
    bool may_have_holds =
        (phase != PHASE_DRAFT && phase != PHASE_ANNOUNCED && phase != PHASE_PREQUEUE) ||
        event->line.holds > 0;
    if (event_is_idle(event) || !may_have_holds || event->is_sweep_asked ||
        now_ms - event->swept_ms < SWEEP_INTERVAL_MS)
        return;
    event->swept_ms = now_ms;
    if (gateway->seats->sweep(gateway->seats, event->id, on_swept, event) == SEATS_OK)
        event->is_sweep_asked = true;
}

void seat_desk_on_turn(struct gateway *gateway, int64_t now_ms)
{
    bool is_push_due = now_ms - gateway->seats_pushed_ms >= PUSH_INTERVAL_MS;
    for (size_t i = 0; i < gateway->book.count; i++) {
        struct event_entry *event = gateway->book.entries[i];
        if (!event_is_ready(event))
            continue;
        sweep_if_due(gateway, event, now_ms);
        if (is_push_due)
            push_changes(gateway, event);
    }
    if (is_push_due)
        gateway->seats_pushed_ms = now_ms;
}

/* --- holds --- */

/* Who was too slow hears at once what else there is. */
static void answer_taken(struct gateway *gateway, const struct ask *ask, const struct hold *hold)
{
    wire_error(gateway, &ask->to, "seat_taken", "At least one of these seats is no longer free.",
               json_pack("{so so}", "seats", seats_json(hold->seats, hold->seats_count), "instead",
                         best_desk_instead(ask->event, hold, ask->seats_count)));
}

static void on_hold_answered(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct ask *ask = ctx;
    struct gateway *gateway = ask->gateway;
    if (status != SEATS_OK) {
        wire_busy(gateway, &ask->to);
    } else if (hold->result == HOLD_OK) {
        gateway->figures.holds++;
        seat_desk_answer_hold(gateway, &ask->to, ask->event, hold);
    } else if (hold->result == HOLD_TAKEN) {
        answer_taken(gateway, ask, hold);
    } else {
        seat_desk_refuse(gateway, &ask->to, hold);
    }
    line_pace_on_hold(ask);
    free(ask);
}

static void on_released(void *ctx, enum seats_status status, const struct hold *hold)
{
    struct ask *ask = ctx;
    struct gateway *gateway = ask->gateway;
    if (status != SEATS_OK) {
        wire_busy(gateway, &ask->to);
    } else if (hold->result == HOLD_OK || hold->result == HOLD_NONE) {
        told_hold_forget(session_by_id(&gateway->sessions, ask->to.session));
        basket_desk_told(session_by_id(&gateway->sessions, ask->to.session), hold);
        wire_answer(gateway, &ask->to,
                    json_pack("{ss so sI}", "type", "released", "seats",
                              seats_json(hold->seats, hold->seats_count), "deadline_ms",
                              (json_int_t)hold->deadline_ms));
    } else {
        seat_desk_refuse(gateway, &ask->to, hold);
    }
    free(ask);
}

/* Reads `seats` into out; false when an error has been answered. */
static bool read_seats(struct gateway *gateway, const struct event_entry *event,
                       const struct reply_to *to, const json_t *list,
                       struct held_seat out[HOLD_SEATS_MAX], size_t *count)
{
    if (!json_is_array(list) || json_array_size(list) == 0) {
        wire_bad_field(gateway, to, "seats", "seats must be a list of seat numbers.");
        return false;
    }
    size_t size = json_array_size(list);
    if (size > HOLD_SEATS_MAX || size > event_seats_max(event)) {
        wire_error(gateway, to, "too_many_seats", "That is more seats than one visitor may have.",
                   json_pack("{si}", "seats_max", (int)event_seats_max(event)));
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_integer(item)) {
            wire_bad_field(gateway, to, "seats", "seats must be a list of whole numbers.");
            return false;
        }
        json_int_t seat = json_integer_value(item);
        if (seat < 0 || seat >= (json_int_t)plan_seats_count(event->plan) ||
            !plan_is_for_sale(event->plan, (uint32_t)seat)) {
            wire_error(gateway, to, "no_such_seat", "There is no such seat for sale.",
                       json_pack("{s[I]}", "seats", seat));
            return false;
        }
        out[i] =
            (struct held_seat){(uint32_t)seat, plan_seat_category(event->plan, (uint32_t)seat)};
    }
    *count = size;
    return true;
}

static void finish(enum seats_status sent, struct ask *ask, seats_hold_fn *fn)
{
    if (sent != SEATS_OK)
        fn(ask, sent, NULL);
}

static void hold_area(struct gateway *gateway, struct session *session, const struct reply_to *to,
                      const json_t *request)
{
    const struct event_entry *event = session->event;
    const json_t *index = json_object_get(request, "area");
    const json_t *count = json_object_get(request, "count");
    const struct plan_area *area = NULL;
    if (json_is_integer(index) && json_integer_value(index) >= 0 &&
        json_integer_value(index) < PLAN_AREAS_MAX)
        area = plan_area(event->plan, (uint32_t)json_integer_value(index));
    if (!json_is_integer(index)) {
        wire_bad_field(gateway, to, "area", "area must be a whole number.");
    } else if (area == NULL) {
        wire_error(gateway, to, "no_such_seat", "There is no such standing area.", NULL);
    } else if (!json_is_integer(count) || json_integer_value(count) < 1) {
        wire_bad_field(gateway, to, "count", "count must be a whole number from 1.");
    } else if (json_integer_value(count) > (json_int_t)event_seats_max(event)) {
        wire_error(gateway, to, "too_many_seats", "That is more seats than one visitor may have.",
                   json_pack("{si}", "seats_max", (int)event_seats_max(event)));
    } else {
        struct area_request wanted = {area->first, area->capacity,
                                      (uint32_t)json_integer_value(count), area->category};
        struct ask *ask = ask_create(gateway, session, to);
        finish(gateway->seats->hold_area(gateway->seats, event->id, session->visitor, &wanted,
                                         on_hold_answered, ask),
               ask, on_hold_answered);
    }
}

void seat_desk_hold(struct gateway *gateway, struct session *session, const struct reply_to *to,
                    const json_t *request)
{
    const struct event_entry *event = session->event;
    if (session->stage != STAGE_ENTERED) {
        wire_error(gateway, to, "not_admitted", "It is not your turn.", NULL);
        return;
    }
    if (!event_is_ready(event)) {
        wire_busy(gateway, to);
        return;
    }
    if (json_object_get(request, "best") != NULL) {
        best_desk_hold(gateway, session, to, request);
        return;
    }
    if (json_object_get(request, "area") != NULL) {
        hold_area(gateway, session, to, request);
        return;
    }
    struct held_seat seats[HOLD_SEATS_MAX];
    size_t count = 0;
    if (read_seats(gateway, event, to, json_object_get(request, "seats"), seats, &count)) {
        struct ask *ask = ask_create(gateway, session, to);
        ask->seats_count = count;
        finish(gateway->seats->hold(gateway->seats, event->id, session->visitor, seats, count,
                                    on_hold_answered, ask),
               ask, on_hold_answered);
    }
}

void seat_desk_release(struct gateway *gateway, struct session *session, const struct reply_to *to,
                       const json_t *request)
{
    const struct event_entry *event = session->event;
    if (!event_is_ready(event)) {
        wire_busy(gateway, to);
        return;
    }
    const json_t *list = json_object_get(request, "seats");
    struct held_seat seats[HOLD_SEATS_MAX];
    size_t count = 0;
    if (list != NULL && !read_seats(gateway, event, to, list, seats, &count))
        return;
    uint32_t indices[HOLD_SEATS_MAX];
    for (size_t i = 0; i < count; i++)
        indices[i] = seats[i].seat;
    struct ask *ask = ask_create(gateway, session, to);
    finish(gateway->seats->release(gateway->seats, event->id, session->visitor, indices, count,
                                   on_released, ask),
           ask, on_released);
}
