/* Verbs about dead letters: the list, and the second try for one of them. */
#include "server/office/office.h"

#include "server/ledger/replay.h"
#include "server/office/office_notes.h"

#define PAGE_MAX 1000

void office_dead_list(struct office *office, const struct office_request *request,
                      struct office_answer *answer)
{
    json_t *dead = NULL;
    int64_t after = json_integer_value(json_object_get(request->args, "after"));
    if (office_took(office, answer, ledger_dead_page(office->batch->store, after, PAGE_MAX, &dead)))
        (void)json_object_set_new(answer->body, "dead", dead);
}

static json_t *seats_of(const struct outbox_entry *entry)
{
    json_t *list = json_array();
    for (size_t i = 0; i < entry->seats_count; i++)
        (void)json_array_append_new(list, json_integer(entry->seats[i].seat));
    return list;
}

void office_dead_replay(struct office *office, const struct office_request *request,
                        struct office_answer *answer)
{
    const json_t *nr = json_object_get(request->args, "nr");
    struct ledger_replay replay;
    if (!json_is_integer(nr) || json_integer_value(nr) <= 0) {
        office_fail(answer, "bad_request", "\"nr\" is not the number of a dead letter.");
        return;
    }
    enum batch_status status = replay_letter(office->batch, json_integer_value(nr), &replay);
    answer->store_failed = status == BATCH_STORE_FAILED;
    bool is_written = replay.verdict == REPLAY_OK && replay.result.order_nr > 0;
    if (status == BATCH_STORE_FAILED)
        office_fail(answer, "ledger_down", "The ledger cannot be written.");
    else if (replay.verdict != REPLAY_OK && replay.verdict != REPLAY_BEFORE)
        office_fail(answer, replay_verdict_word(replay.verdict), "Letter %lld, order %s: %s",
                    (long long)replay.nr, replay.order[0] != '\0' ? replay.order : "unknown",
                    replay.reason);
    else if (status == BATCH_REDIS_LOST && !is_written)
        office_fail(answer, "busy", "Redis is away; nothing was done.");
    else if (replay.verdict == REPLAY_OK &&
             office_took(office, answer, ledger_begin(office->batch->store)))
        (void)office_conclude(
            office, answer,
            office_note(office, request, answer, &(struct office_note){.text = replay.order}));
    (void)json_object_set_new(answer->body, "order", json_string(replay.order));
    (void)json_object_set_new(answer->body, "seats", seats_of(&replay.entry));
    (void)json_object_set_new(answer->body, "before",
                              json_boolean(replay.verdict == REPLAY_BEFORE));
    ledger_replay_release(&replay);
}
