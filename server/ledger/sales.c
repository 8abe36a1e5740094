/* See the header. */
#include "server/ledger/sales.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/log.h"

struct sale {
    char event[EVENT_ID_BYTES_MAX + 1];
    int64_t orders, revenue_minor, refunded_minor;
    bool is_new; /* Redis has not been told */
};

void sales_release(struct sales *sales)
{
    free(sales->items);
    *sales = (struct sales){0};
}

static struct sale *sale_of(struct sales *sales, const char *event)
{
    for (size_t i = 0; i < sales->count; i++)
        if (strcmp(sales->items[i].event, event) == 0)
            return &sales->items[i];
    struct sale *grown = realloc(sales->items, (sales->count + 1) * sizeof *grown);
    assert(grown != NULL);
    sales->items = grown;
    struct sale *sale = &grown[sales->count++];
    *sale = (struct sale){0};
    (void)snprintf(sale->event, sizeof sale->event, "%s", event);
    return sale;
}

static void on_part(void *ctx, const struct ledger_sales *part)
{
    struct sale *sale = sale_of(ctx, part->event);
    sale->orders += part->orders;
    sale->revenue_minor += part->amount_minor;
    sale->refunded_minor += part->refunded_minor;
    sale->is_new = true;
}

static void tell(struct redis_pipe *redis, const struct sale *sale)
{
    char key[EVENT_ID_BYTES_MAX + 16], orders[24], revenue[24], refunded[24];
    (void)snprintf(key, sizeof key, "ev:%s:sales", sale->event);
    (void)snprintf(orders, sizeof orders, "%" PRId64, sale->orders);
    (void)snprintf(revenue, sizeof revenue, "%" PRId64, sale->revenue_minor);
    (void)snprintf(refunded, sizeof refunded, "%" PRId64, sale->refunded_minor);
    redis_pipe_add(redis, "HSET", key, "orders", orders, "revenue_minor", revenue, "refunded_minor",
                   refunded, NULL);
}

enum batch_status sales_tell(struct sales *sales, struct batch *batch)
{
    enum ledger_status status =
        ledger_sales_since(batch->store, &sales->orders_nr, &sales->refunds_nr, on_part, sales);
    if (status != LEDGER_OK) {
        log_error("reading what was sold: %s: %s", ledger_status_word(status),
                  ledger_problem(batch->store));
        return BATCH_STORE_FAILED;
    }
    bool is_all = sales->epoch != batch->epoch;
    for (size_t i = 0; i < sales->count; i++)
        if (is_all || sales->items[i].is_new)
            tell(batch->redis, &sales->items[i]);
    if (!redis_pipe_flush(batch->redis))
        return BATCH_REDIS_LOST;
    for (size_t i = 0; i < sales->count; i++)
        sales->items[i].is_new = false;
    sales->epoch = batch->epoch;
    return BATCH_OK;
}
