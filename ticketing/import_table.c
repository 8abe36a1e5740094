/* Open addressing with linear probing, at most half full; FNV-1a over scope and text. */
#include "ticketing/import_table.h"

#include <stdlib.h>
#include <string.h>

struct import_table_slot {
    const char *key; /* NULL = free */
    uint32_t scope, value;
    uint64_t hash;
};

static uint64_t hash_of(uint32_t scope, const char *key)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ scope;
    hash *= UINT64_C(1099511628211);
    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return hash ^ (hash >> 32);
}

/* The slot that has the key, or the free one where it belongs. The table has a free slot. */
static struct import_table_slot *find(const struct import_table *table, uint64_t hash,
                                      uint32_t scope, const char *key)
{
    size_t mask = table->size - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct import_table_slot *slot = &table->slots[i];
        if (slot->key == NULL ||
            (slot->hash == hash && slot->scope == scope && strcmp(slot->key, key) == 0))
            return slot;
    }
}

static bool grow(struct import_table *table)
{
    struct import_table larger = {.size = table->size == 0 ? 64 : table->size * 2};
    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < table->size; i++) {
        const struct import_table_slot *old = &table->slots[i];
        if (old->key != NULL)
            *find(&larger, old->hash, old->scope, old->key) = *old;
    }
    larger.used = table->used;
    free(table->slots);
    *table = larger;
    return true;
}

void import_table_release(struct import_table *table)
{
    free(table->slots);
    memset(table, 0, sizeof *table);
}

uint32_t import_table_put(struct import_table *table, uint32_t scope, const char *key,
                          uint32_t value, bool *is_stored)
{
    *is_stored = true;
    if ((table->used + 1) * 2 > table->size && !grow(table)) {
        *is_stored = false;
        return IMPORT_TABLE_NONE;
    }
    uint64_t hash = hash_of(scope, key);
    struct import_table_slot *slot = find(table, hash, scope, key);
    if (slot->key != NULL)
        return slot->value;
    *slot = (struct import_table_slot){.key = key, .scope = scope, .value = value, .hash = hash};
    table->used++;
    return IMPORT_TABLE_NONE;
}

uint32_t import_table_get(const struct import_table *table, uint32_t scope, const char *key)
{
    if (table->size == 0)
        return IMPORT_TABLE_NONE;
    const struct import_table_slot *slot = find(table, hash_of(scope, key), scope, key);
    return slot->key == NULL ? IMPORT_TABLE_NONE : slot->value;
}
