/* A gateway's view of one event's seats: what the maps in the browsers show.
 *
 * Pure: fed with snapshots (seat_store.snapshot) and the texts of map:{E}; asked once per tick for
 * what changed since the last time, so that a thousand changes of a seat cost one push. Life:
 *
 *   create --> (needs a snapshot) --snapshot--> live
 *   live --gap, `*`, nonsense--> (needs a snapshot)
 *
 * While a snapshot is needed, messages are kept (bounded) and applied on top of it when it comes,
 * so a busy event cannot starve the reader. The states shown during that time are the last known
 * ones.
 */
#ifndef STANCHION_SEAT_MAP_H
#define STANCHION_SEAT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ticketing/seat_store.h"

/* Messages kept while a snapshot is under way. Beyond: forgotten, and the
 * next message finds a gap. */
#define SEAT_MAP_PENDING_BYTES_MAX (256u << 10)

enum seat_map_status {
    SEAT_MAP_OK = 0,
    SEAT_MAP_NEEDS_SNAPSHOT, /* a version is missing or the text makes no sense: read the seats
                                again */
    SEAT_MAP_NO_MEMORY,      /* nothing changed */
    SEAT_MAP_STATUS_COUNT
};

/* The four states a browser knows (docs/protocol.md, `map.states`). */
enum wire_state { WIRE_FREE, WIRE_HELD, WIRE_SOLD, WIRE_NOT_FOR_SALE, WIRE_STATE_COUNT };

/* What a `seats` push says. The lists belong to the map and are valid until its next call. */
struct seat_changes {
    int64_t version;
    bool is_reset; /* another plan, or seats came on or off sale: send `map` instead; the lists are
                      empty */
    const uint32_t *free, *held, *sold; /* ascending */
    size_t free_count, held_count, sold_count;
};

struct seat_map;

/* An empty map that needs a snapshot. NULL when there is no memory. */
struct seat_map *seat_map_create(void);
void seat_map_free(struct seat_map *map);

/* True from the start and after SEAT_MAP_NEEDS_SNAPSHOT until a snapshot has been applied. */
bool seat_map_needs_snapshot(const struct seat_map *map);
/* Takes over a snapshot (copied) and the messages kept since. What differs from before counts as
 * changed. An older snapshot than what is known already is ignored (OK), unless one is needed.
 * NEEDS_SNAPSHOT when the messages kept show a gap after it: read again. */
enum seat_map_status seat_map_apply_snapshot(struct seat_map *map,
                                             const struct seat_snapshot *snapshot);
/* Applies one text of map:{E}; `text` needs no NUL. A version already known is ignored (OK). */
enum seat_map_status seat_map_apply_message(struct seat_map *map, const char *text, size_t bytes);

/* Version of what the map shows; 0 before the first snapshot. */
int64_t seat_map_version(const struct seat_map *map);
size_t seat_map_seats_count(const struct seat_map *map);
/* SEAT_NOT_FOR_SALE for a seat outside the plan. */
enum seat_state seat_map_state(const struct seat_map *map, uint32_t seat);

/* Says which category each seat belongs to (copied): seats beyond the array, and all of them before
 * the first call, belong to none. Categories are below PLAN_CATEGORIES_MAX. Costs a walk over the
 * seats; changes of single seats afterwards cost nothing more. false = no memory, nothing changed.
 */
bool seat_map_set_categories(struct seat_map *map, const uint16_t *categories, size_t count);
/* Seats of a category in a state; 0 for a category that does not exist. */
uint32_t seat_map_count(const struct seat_map *map, size_t category, enum seat_state state);
/* Nothing is free, but something is held or being paid for: it may come back. */
bool seat_map_is_held_out(const struct seat_map *map);

/* What browsers do not know yet; after this call they do. False when there is nothing to tell. */
bool seat_map_take_changes(struct seat_map *map, struct seat_changes *changes);

/* The next seat_map_take_changes says that everything may have changed. */
void seat_map_tell_all(struct seat_map *map);

/* Bytes that seat_map_pack() writes. */
size_t seat_map_packed_bytes(const struct seat_map *map);
/* Two bits per seat, seat 0 in the lowest bits of byte 0 (enum wire_state), of version
 * seat_map_version(). Changes not yet taken are in it too; the push that brings them later repeats
 * them harmlessly. */
void seat_map_pack(const struct seat_map *map, uint8_t *out);

#endif
