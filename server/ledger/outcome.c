/* See the header. */
#include "server/ledger/outcome.h"

#include <string.h>
#include "ticketing/ledger_tickets.h"

/* None of the words has a space. */
static void begin_line(struct json_text *text, const struct outbox_entry *entry, const char *type)
{
    const char *const words[] = {entry->event, entry->visitor, type, entry->order};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        json_text_raw(text, words[i]);
        json_text_raw(text, " ");
    }
}

static void add_ticket(struct json_text *text, const struct outbox_seat *seat, int64_t order_nr,
                       const struct ledger_store *store)
{
    char code[TICKET_CODE_BYTES + 1];
    ledger_ticket_code(store, order_nr, seat->seat, code);
    json_text_whole(text, "{\"seat\":", seat->seat);
    json_text_string(text, ",\"section\":", seat->section);
    json_text_string(text, ",\"row\":", seat->row);
    json_text_string(text, ",\"number\":", seat->number);
    json_text_string(text, ",\"category\":", seat->category);
    json_text_string(text, ",\"type\":", seat->type);
    json_text_whole(text, ",\"price_minor\":", seat->price_minor);
    json_text_string(text, ",\"code\":", code);
    json_text_raw(text, "}");
}

void outcome_confirmed(struct outcomes *outcomes, const struct outbox_entry *entry,
                       const struct ledger_result *result, const struct ledger_store *store)
{
    struct json_text *text = &outcomes->text;
    begin_line(text, entry, "confirmed");
    json_text_string(text, "{\"type\":\"confirmed\",\"order\":", entry->order);
    json_text_whole(text, ",\"at_ms\":", result->committed_ms);
    json_text_whole(text, ",\"amount_minor\":", entry->amount_minor);
    json_text_string(text, ",\"currency\":", entry->currency);
    json_text_raw(text, ",\"tickets\":[");
    for (size_t i = 0; i < entry->seats_count; i++) {
        if (i > 0)
            json_text_raw(text, ",");
        add_ticket(text, &entry->seats[i], result->order_nr, store);
    }
    json_text_raw(text, "]}\n");
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
    begin_line(&outcomes->text, entry, "unsold");
    json_text_string(&outcomes->text, "{\"type\":\"unsold\",\"order\":", entry->order);
    json_text_string(&outcomes->text, ",\"reason\":", reasons[at].reason);
    json_text_string(&outcomes->text, ",\"message\":", reasons[at].message);
    json_text_raw(&outcomes->text, "}\n");
}

bool outcomes_are_full(const struct outcomes *outcomes)
{
    return outcomes->text.count >= OUTCOMES_BYTES_FULL;
}

void outcomes_tell(struct outcomes *outcomes, struct redis_pipe *redis)
{
    if (outcomes->text.count == 0)
        return;
    redis_pipe_add(redis, "PUBLISH", "outcome", outcomes->text.bytes, NULL);
    json_text_clear(&outcomes->text);
}

void outcomes_release(struct outcomes *outcomes)
{
    json_text_release(&outcomes->text);
}
