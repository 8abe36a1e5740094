/* See the header. */
#include "server/ledger/outcome.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static json_t *ticket(const struct outbox_seat *seat, int64_t order_nr,
                      const struct token_keys *keys)
{
    char code[TICKET_CODE_BYTES + 1];
    token_ticket_code(keys, order_nr, seat->seat, code);
    return json_pack("{sI ss ss ss ss ss sI ss}", "seat", (json_int_t)seat->seat, "section",
                     seat->section, "row", seat->row, "number", seat->number, "category",
                     seat->category, "type", seat->type, "price_minor",
                     (json_int_t)seat->price_minor, "code", code);
}

/* Grows by doubling. */
struct text {
    char *bytes;
    size_t count, room;
};

static int append(const char *bytes, size_t count, void *ctx)
{
    struct text *text = ctx;
    while (text->room - text->count <= count) {
        text->room *= 2;
        text->bytes = realloc(text->bytes, text->room);
        assert(text->bytes != NULL);
    }
    memcpy(text->bytes + text->count, bytes, count);
    text->count += count;
    return 0;
}

/* The text comes from malloc whatever jansson uses (json_arena.h). */
static char *dump(json_t *object)
{
    struct text text = {.bytes = malloc(512), .room = 512};
    assert(object != NULL && text.bytes != NULL);
    int failed = json_dump_callback(object, append, &text, JSON_COMPACT);
    assert(!failed);
    text.bytes[text.count] = '\0';
    json_decref(object);
    return text.bytes;
}

char *outcome_confirmed(const struct outbox_entry *entry, const struct ledger_result *result,
                        const struct token_keys *keys)
{
    json_t *tickets = json_array();
    for (size_t i = 0; i < entry->seats_count; i++)
        (void)json_array_append_new(tickets, ticket(&entry->seats[i], result->order_nr, keys));
    return dump(json_pack("{ss ss sI sI ss so ss ss}", "type", "confirmed", "order", entry->order,
                          "at_ms", (json_int_t)result->committed_ms, "amount_minor",
                          (json_int_t)entry->amount_minor, "currency", entry->currency, "tickets",
                          tickets, "event", entry->event, "visitor", entry->visitor));
}

char *outcome_unsold(const struct outbox_entry *entry, const char *reason)
{
    static const struct {
        const char *reason, *message;
    } reasons[] = {
        {"time_out", "Time ran out. No money was taken."},
        {"given_up", "The payment was given up. No money was taken."},
        {"ledger_refused", "The seats could not be sold. No money was taken."},
    };
    size_t at = 0, last = sizeof reasons / sizeof reasons[0] - 1;
    while (at < last && strcmp(reasons[at].reason, reason) != 0)
        at++;
    return dump(json_pack("{ss ss ss ss ss ss}", "type", "unsold", "order", entry->order, "reason",
                          reasons[at].reason, "message", reasons[at].message, "event", entry->event,
                          "visitor", entry->visitor));
}
