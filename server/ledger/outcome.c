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
static int append(const char *bytes, size_t count, void *ctx)
{
    struct outcomes *outcomes = ctx;
    while (outcomes->room - outcomes->count <= count) {
        outcomes->room = outcomes->room == 0 ? 1024 : outcomes->room * 2;
        outcomes->bytes = realloc(outcomes->bytes, outcomes->room);
        assert(outcomes->bytes != NULL);
    }
    memcpy(outcomes->bytes + outcomes->count, bytes, count);
    outcomes->count += count;
    outcomes->bytes[outcomes->count] = '\0';
    return 0;
}

static void append_text(struct outcomes *outcomes, const char *text)
{
    (void)append(text, strlen(text), outcomes);
}

/* None of the words has a space. */
static void add_line(struct outcomes *outcomes, const struct outbox_entry *entry, const char *type,
                     json_t *told)
{
    assert(told != NULL);
    const char *const words[] = {entry->event, entry->visitor, type, entry->order};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        append_text(outcomes, words[i]);
        append_text(outcomes, " ");
    }
    int failed = json_dump_callback(told, append, outcomes, JSON_COMPACT);
    assert(!failed);
    append_text(outcomes, "\n");
    json_decref(told);
}

void outcome_confirmed(struct outcomes *outcomes, const struct outbox_entry *entry,
                       const struct ledger_result *result, const struct token_keys *keys)
{
    json_t *tickets = json_array();
    for (size_t i = 0; i < entry->seats_count; i++)
        (void)json_array_append_new(tickets, ticket(&entry->seats[i], result->order_nr, keys));
    add_line(outcomes, entry, "confirmed",
             json_pack("{ss ss sI sI ss so}", "type", "confirmed", "order", entry->order, "at_ms",
                       (json_int_t)result->committed_ms, "amount_minor",
                       (json_int_t)entry->amount_minor, "currency", entry->currency, "tickets",
                       tickets));
}

void outcome_unsold(struct outcomes *outcomes, const struct outbox_entry *entry, const char *reason)
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
    add_line(outcomes, entry, "unsold",
             json_pack("{ss ss ss ss}", "type", "unsold", "order", entry->order, "reason",
                       reasons[at].reason, "message", reasons[at].message));
}

bool outcomes_are_full(const struct outcomes *outcomes)
{
    return outcomes->count >= OUTCOMES_BYTES_FULL;
}

void outcomes_tell(struct outcomes *outcomes, struct redis_pipe *redis)
{
    if (outcomes->count == 0)
        return;
    redis_pipe_add(redis, "PUBLISH", "outcome", outcomes->bytes, NULL);
    outcomes->count = 0;
}

void outcomes_release(struct outcomes *outcomes)
{
    free(outcomes->bytes);
    *outcomes = (struct outcomes){0};
}
