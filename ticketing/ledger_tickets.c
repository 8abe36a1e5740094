/* See the header. The orders up to the last one of a backup keep their codes: what was handed out
 * before stays good. */
#include "ticketing/ledger_tickets.h"

#include <assert.h>
#include <stdio.h>
#include "ticketing/ledger_sqlite.h"

#define NUMBER_BITS 32 /* of an order's number within a code; the rest counts the restores */

static int64_t restores_before(const struct ledger_store *s, int64_t order_nr)
{
    int64_t count = 0;
    while (count < s->restores_count && s->restored_after[count] < order_nr)
        count++;
    return count;
}

void ledger_ticket_code(const struct ledger_store *s, int64_t order_nr, uint32_t seat,
                        char out[TICKET_CODE_BYTES + 1])
{
    assert(order_nr >= 0 && order_nr >> NUMBER_BITS == 0);
    token_ticket_code(s->keys, order_nr | restores_before(s, order_nr) << NUMBER_BITS, seat, out);
}

bool ledger_ticket_read(const struct ledger_store *s, const char *code, int64_t *order_nr,
                        uint32_t *seat)
{
    int64_t number;
    if (!token_ticket_read(s->keys, code, &number, seat))
        return false;
    *order_nr = number & ((INT64_C(1) << NUMBER_BITS) - 1);
    return number >> NUMBER_BITS == restores_before(s, *order_nr);
}

static void name_of(int64_t index, char name[32])
{
    (void)snprintf(name, 32, "restored.%lld", (long long)index);
}

/* Once for each backup: its mark goes in the same transaction. */
static enum ledger_status note_restore(struct ledger_store *s)
{
    char name[32];
    int64_t last = 0;
    enum ledger_status status = ledger_begin(s);
    if (status != LEDGER_OK)
        return status;
    sqlite3_stmt *row = ledger_use(s, STATEMENT_orders_last, "");
    if (ledger_next(s, row, &status)) {
        last = sqlite3_column_int64(row, 0);
        (void)sqlite3_reset(row);
    }
    name_of(s->restores_count, name);
    if (status == LEDGER_OK)
        status = ledger_number_set(s, name, last);
    if (status == LEDGER_OK)
        status = ledger_number_set(s, LEDGER_BACKUP_MARK, 0);
    if (status == LEDGER_OK)
        status = ledger_commit(s);
    if (status == LEDGER_OK)
        s->restored_after[s->restores_count++] = last;
    return status;
}

enum ledger_status ledger_restores_load(struct ledger_store *s)
{
    enum ledger_status status = LEDGER_OK;
    int64_t is_backup = 0;
    while (s->restores_count < LEDGER_RESTORES_MAX) {
        char name[32];
        name_of(s->restores_count, name);
        status = ledger_number_get(s, name, &s->restored_after[s->restores_count]);
        if (status != LEDGER_OK)
            break;
        s->restores_count++;
    }
    if (status != LEDGER_OK && status != LEDGER_NOT_FOUND)
        return status;
    status = ledger_number_get(s, LEDGER_BACKUP_MARK, &is_backup);
    if (status == LEDGER_OK && is_backup != 0 && s->restores_count < LEDGER_RESTORES_MAX)
        return note_restore(s);
    return status == LEDGER_NOT_FOUND ? LEDGER_OK : status;
}
