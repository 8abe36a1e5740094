/* More promises of the line, checked from outside: places that survive, turns that are not claimed,
 * the opening, the draw. Pure, like checker.h, O(n log n). */
#ifndef STAMPEDE_CHECKER_LINE_H
#define STAMPEDE_CHECKER_LINE_H

#include "loadtest/checker.h"

/* Whoever lost the connection and came back was told the same place. */
void checker_places_kept(const struct history *h, struct finding *f);
/* A turn that nobody claims goes to the next, not before its time and not long after it; one that
 * was claimed is not taken for that. end_ms: when the run ended. */
void checker_no_shows(const struct history *h, int64_t end_ms, struct finding *f);
/* Nobody was admitted before opens_at_ms. */
void checker_opening(const struct history *h, int64_t opens_at_ms, struct finding *f);
/* Redis forgot everything: nobody was admitted from then on until the server said for the last time
 * that it recovers. Not checked when it never said so. */
void checker_recovery(const struct history *h, struct finding *f);
/* The draw at the opening: places were dealt anew among those who had come before it, nobody who
 * came later got before them, and coming early was no advantage. */
void checker_draw(const struct history *h, int64_t opens_at_ms, struct finding *f);

#endif
