/* The terminal: a block at the bottom that is drawn over again and again, and lines that scroll
 * away above it. The cursor is hidden between screen_begin() and screen_end(), and comes back
 * whatever ends the program, except kill -9. */
#ifndef STAMPEDE_SCREEN_H
#define STAMPEDE_SCREEN_H

#include <stdbool.h>
#include "loadtest/live.h"

/* False when stdout is no terminal, or TERM says that it is too simple. */
bool screen_is_there(void);
void screen_begin(void);
/* The size now, and what the environment says of colours (NO_COLOR) and characters (LC_ALL,
 * LC_CTYPE, LANG). */
struct live_style screen_style(void);
/* Draws over the last block. What does not fit into the terminal's height is left out at the
 * bottom. */
void screen_draw(const char *text, unsigned lines);
/* A line (without its end) above the block. */
void screen_say(const char *line);
/* The block stays; the cursor is below it. Without a beginning nothing happens. */
void screen_end(void);

#endif
