/* A hash table from text to a number, for finding labels and duplicates among 100,000 seats. */
#ifndef STANCHION_IMPORT_TABLE_H
#define STANCHION_IMPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct import_table_slot;

struct import_table {
    struct import_table_slot *slots;
    size_t size, used;
};

#define IMPORT_TABLE_NONE UINT32_MAX

/* An empty table needs no memory: all zeros is one. Frees the slots; the
 * keys belong to the caller. */
void import_table_release(struct import_table *table);

/* Looks for (scope, key): the same text in another scope is another key. Returns the number found;
 * otherwise adds it with `value` and returns IMPORT_TABLE_NONE. The key must outlive the table.
 * `*is_stored` is false only when it should have been added and memory ran out. */
uint32_t import_table_put(struct import_table *table, uint32_t scope, const char *key,
                          uint32_t value, bool *is_stored);
/* The number, or IMPORT_TABLE_NONE. */
uint32_t import_table_get(const struct import_table *table, uint32_t scope, const char *key);

#endif
