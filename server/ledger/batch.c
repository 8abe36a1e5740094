/* See the header. */
#include "server/ledger/batch.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/ledger/captures.h"
#include "server/ledger/outcome.h"
#include "server/ledger/unsell.h"
#include "ticketing/ledger_intents.h"
#include "ticketing/outbox_mark.h"

/* One entry on its way through the batch. */
struct item {
    const char *broken; /* the reason why it could not be read, or NULL */
    bool is_told;       /* somebody waits for the outcome */
    struct outbox_entry entry;
    struct ledger_result result;
};

/* Writes one entry. Hopefully: without a way back for an order that is refused. */
static enum ledger_status write_item(struct batch *batch, const struct stream_entry *from,
                                     struct item *item, bool is_hopeful, int64_t now_ms)
{
    char order[ORDER_ID_BYTES + 1];
    struct ledger_origin origin = {from->id, from->body, batch->epoch, now_ms};
    item->broken = outbox_entry_read(from->body, from->body_bytes, &item->entry, order);
    if (item->broken != NULL) {
        item->result.verdict = VERDICT_DEAD;
        log_error("dead letter %s, order \"%s\": %s", from->id, order, item->broken);
        return ledger_write_dead(batch->store, order, item->broken, &origin);
    }
    if (item->entry.kind == OUTBOX_VOID) {
        bool order_stands = false;
        enum ledger_status status =
            ledger_write_void(batch->store, &item->entry, now_ms, &order_stands);
        item->is_told = !order_stands;
        return status;
    }
    if (item->entry.kind == OUTBOX_INTENT)
        return ledger_write_intent(batch->store, &item->entry, now_ms);
    item->is_told = true;
    return is_hopeful
               ? ledger_write_order_hopefully(batch->store, &item->entry, now_ms, &item->result)
               : ledger_write_order(batch->store, &item->entry, &origin, &item->result);
}

static bool is_refused(const struct item *item)
{
    return item->broken == NULL && item->result.verdict == VERDICT_DEAD;
}

static void release_items(struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        outbox_entry_release(&items[i].entry);
    memset(items, 0, count * sizeof *items);
}

/* All in one transaction. *has_refused: an order was refused that cannot be undone alone, and
 * nothing is written. */
static enum ledger_status write_items(struct batch *batch, const struct stream_entry *entries,
                                      struct item *items, size_t count, bool is_hopeful,
                                      bool *has_refused)
{
    int64_t now_ms = clock_wall_ms();
    enum ledger_status status = ledger_begin(batch->store);
    *has_refused = false;
    for (size_t i = 0; i < count && status == LEDGER_OK; i++) {
        if (entries[i].body == NULL)
            continue;
        status = write_item(batch, &entries[i], &items[i], is_hopeful, now_ms);
        *has_refused = is_hopeful && status == LEDGER_OK && is_refused(&items[i]);
        if (*has_refused)
            return ledger_rollback(batch->store);
    }
    if (status == LEDGER_OK && batch->captures != NULL)
        status = captures_write(batch->captures, now_ms);
    if (status == LEDGER_OK)
        status = ledger_commit(batch->store);
    return status;
}

/* Orders are refused about never, so a savepoint for each is only paid for when one was. */
static enum ledger_status write_all(struct batch *batch, const struct stream_entry *entries,
                                    struct item *items, size_t count)
{
    bool has_refused;
    enum ledger_status status = write_items(batch, entries, items, count, true, &has_refused);
    if (status != LEDGER_OK || !has_refused)
        return status;
    release_items(items, count);
    return write_items(batch, entries, items, count, false, &has_refused);
}

static void count_item(struct batch_stats *stats, const struct item *item)
{
    if (item->result.verdict == VERDICT_DEAD)
        stats->dead++;
    else if (item->entry.kind == OUTBOX_VOID)
        stats->voids++;
    else if (item->entry.kind == OUTBOX_INTENT)
        stats->intents++;
    else if (item->result.verdict == VERDICT_REPEATED)
        stats->repeated++;
    else {
        stats->written++;
        stats->seats += (int64_t)item->entry.seats_count;
    }
}

static void settle_item(struct batch *batch, const struct stream_entry *from,
                        const struct item *item, struct outcomes *outcomes)
{
    if (item->broken != NULL || item->entry.text == NULL)
        return;
    bool is_dead = item->result.verdict == VERDICT_DEAD;
    if (is_dead) {
        log_error("dead letter %s, order %s: %s", from->id, item->entry.order, item->result.reason);
        if (batch->epoch != 0)
            unsell(batch->store, batch->redis, batch->epoch, &item->entry);
    }
    if (!item->is_told)
        return;
    if (item->entry.kind == OUTBOX_VOID)
        outcome_unsold(outcomes, &item->entry, item->entry.reason);
    else if (is_dead)
        outcome_unsold(outcomes, &item->entry, "ledger_refused");
    else
        outcome_confirmed(outcomes, &item->entry, &item->result, batch->store);
    if (outcomes_are_full(outcomes))
        outcomes_tell(outcomes, batch->redis);
}

/* After the commit: what became of the entries, for the figures and for those who wait. */
static void settle_items(struct batch *batch, const struct stream_entry *entries,
                         const struct item *items, size_t count)
{
    struct outcomes outcomes = {0};
    for (size_t i = 0; i < count; i++)
        settle_item(batch, &entries[i], &items[i], &outcomes);
    outcomes_tell(&outcomes, batch->redis);
    outcomes_release(&outcomes);
}

/* Whoever waits with calling the provider may: everything up to here is on disk. */
static void tell_noted(struct batch *batch, const struct stream_entry *entries,
                       const struct item *items, size_t count)
{
    bool has_intents = false;
    for (size_t i = 0; i < count; i++)
        has_intents = has_intents || items[i].entry.kind == OUTBOX_INTENT;
    if (!has_intents)
        return;
    redis_pipe_add(batch->redis, "SET", OUTBOX_NOTED_KEY, entries[count - 1].id, NULL);
    redis_pipe_add(batch->redis, "PUBLISH", OUTBOX_NOTED_CHANNEL, entries[count - 1].id, NULL);
}

enum batch_status batch_write(struct batch *batch, const struct stream_entry *entries, size_t count)
{
    if (count == 0)
        return BATCH_OK;
    assert(count <= LEDGER_BATCH_MAX);
    struct item *items = calloc(count, sizeof *items);
    assert(items != NULL);
    enum ledger_status status = write_all(batch, entries, items, count);
    if (status == LEDGER_OK) {
        batch->stats.batches++;
        batch->stats.lag_ms = clock_wall_ms() + batch->redis_ahead_ms - stream_id_ms(entries[0].id);
        for (size_t i = 0; i < count; i++)
            if (entries[i].body != NULL)
                count_item(&batch->stats, &items[i]);
        settle_items(batch, entries, items, count);
        tell_noted(batch, entries, items, count);
        stream_remove(batch->redis, STREAM_OUTBOX, entries, count);
        if (batch->captures != NULL)
            captures_written(batch->captures);
    } else {
        log_error("the ledger cannot be written (%s): %s%s", ledger_status_word(status),
                  ledger_problem(batch->store),
                  status == LEDGER_FULL ? "; free some space, nothing is lost" : "");
    }
    release_items(items, count);
    free(items);
    if (status != LEDGER_OK)
        return BATCH_STORE_FAILED;
    return redis_pipe_flush(batch->redis) ? BATCH_OK : BATCH_REDIS_LOST;
}
