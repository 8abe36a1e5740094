/* What a person at the terminal sees of one crowd: figures, filled once a second by the crowd's
 * main process, and how they look as text. Plain data, so that it can lie in shared memory. */
#ifndef STAMPEDE_LIVE_H
#define STAMPEDE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include "loadtest/recorder.h"
#include "loadtest/totals.h"

enum live_rate {
    LIVE_JOINED,
    LIVE_ADMITTED,
    LIVE_HOLDS,
    LIVE_SOLD, /* seats */
    LIVE_PUSHES,
    LIVE_ERRORS,
    LIVE_RATES
};
#define LIVE_SPARK 24 /* seconds that are drawn */

struct live {
    char label[STAMPEDE_NAME_BYTES_MAX + 1], event[64];
    const char *doing; /* static: the same in all processes */
    double seconds, duration_s;
    uint32_t visitors, sparks;
    bool is_done; /* the visitors are gone; its report follows */
    struct totals totals;
    double rates[LIVE_RATES];
    float spark[LIVE_RATES][LIVE_SPARK];            /* oldest first; the last `sparks` are there */
    struct timeline_latency latency[LATENCY_COUNT]; /* of the whole run; us */
    float machine, busiest, late_ms;
};

/* What begins now. */
void live_begin(struct live *l, const struct run *r);
/* Takes over the last second. */
void live_take(struct live *l, const struct recorder *r, const struct totals *now);

struct live_style {
    unsigned columns; /* of the terminal; lines are never wider */
    bool has_color, has_unicode;
};

#define LIVE_TEXT_BYTES 32768
/* Draws all crowds, one below the other, each line ended by \n. Returns the number of lines. One
 * crowd gets everything there is to tell, several get the most important. */
unsigned live_draw(const struct live *crowds, size_t count, const struct live_style *style,
                   char text[LIVE_TEXT_BYTES]);
/* One line for where there is no terminal, ended by \n. */
void live_line(const struct live *l, char *text, size_t text_bytes_max);

#endif
