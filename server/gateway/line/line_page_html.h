/* The page for browsers without JavaScript, as text: where a visitor stands, made from EVENT and
 * from what a poll was told (docs/protocol.md). Pure: no clock, no session; everything that came
 * from outside is escaped.
 */
#ifndef STANCHION_LINE_PAGE_HTML_H
#define STANCHION_LINE_PAGE_HTML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define LINE_PAGE_JITTER_S 5 /* jitter_s is below this */

struct line_page {
    const json_t *event;   /* EVENT; NULL = there is none of this name */
    const json_t *told;    /* place, admitted or error; NULL = nothing has been asked */
    const char *build;     /* of the assets */
    size_t language;       /* of web/words.h */
    bool is_cookie_needed; /* somebody asked who keeps no cookies */
    bool had_place;        /* came with a receipt */
    int jitter_s;          /* so that not all come back in the same second */
};

/* After how many seconds the page asks again; 0 = never. */
int line_page_refresh_s(const struct line_page *page);
/* The whole document, NUL-terminated. The caller frees it. */
char *line_page_html(const struct line_page *page, size_t *bytes);

#endif
