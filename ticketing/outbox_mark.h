/* How far the ledger has come with the outbox: the id of a stream entry, "ms-nr", which only grows.
 *
 * The ledger writes entries in their order, so an entry is on disk when the mark that the ledger
 * gave last is not before it (docs/decisions/0045-the-intent-before-the-call.md).
 */
#ifndef STANCHION_OUTBOX_MARK_H
#define STANCHION_OUTBOX_MARK_H

#include <stdbool.h>
#include <stdint.h>

/* Where the ledger keeps its mark, and the channel on which it tells a new one. */
#define OUTBOX_NOTED_KEY "outbox:noted"
#define OUTBOX_NOTED_CHANNEL "noted"

/* {0, 0} comes before every entry. */
struct outbox_mark {
    int64_t ms, nr;
};

/* Reads "ms-nr"; "" is {0, 0}. False: not an id. */
bool outbox_mark_read(const char *text, struct outbox_mark *out);
bool outbox_mark_has(const struct outbox_mark *noted, const struct outbox_mark *entry);

#endif
