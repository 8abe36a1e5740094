/* The pages and their parts, embedded into the program at build time.
 *
 * Pages (index.html, event.html, organizer.html) have addresses that people see and are asked for
 * again each time. Everything else lives under "/a/<build>/", where <build> is one hash over all
 * files: the address changes whenever any file does, so browsers may keep them for ever, and ES
 * modules find each other by relative imports without being rewritten. The pages say
 * "/a/@build@/..." and get the hash put in by web_assets_init(), and what depends on the language:
 * each page is there once in every language of web/words.h.
 *
 * Plain data after init: any number of readers, no I/O, no locks.
 */
#ifndef STANCHION_WEB_ASSETS_H
#define STANCHION_WEB_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

enum web_assets_status { WEB_ASSETS_OK = 0, WEB_ASSETS_NO_MEMORY, WEB_ASSETS_STATUS_COUNT };

#define WEB_ASSET_ETAG_BYTES 20 /* W/ and 16 hex digits in double quotes */

/* All pointers live from web_assets_init() to web_assets_release(). */
struct web_asset {
    const char *content_type;            /* value of Content-Type */
    const char *cache_control;           /* value of Cache-Control */
    char etag[WEB_ASSET_ETAG_BYTES + 1]; /* value of ETag, weak: of both encodings */
    const unsigned char *bytes;
    size_t bytes_count;
    const unsigned char
        *gzip; /* the same with Content-Encoding: gzip; send Vary: Accept-Encoding */
    size_t gzip_count;
};

/* The value of Content-Security-Policy that every page is made for (no inline script, no inline
 * style). */
#define WEB_CONTENT_SECURITY_POLICY                                                                \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/* Hashes, fills in and compresses everything (about 10 ms). A repeated call does nothing and is OK.
 * NO_MEMORY leaves nothing behind. */
enum web_assets_status web_assets_init(void);
/* Frees what init made; fine without init. */
void web_assets_release(void);

/* The asset at a request path (no query, no host, not percent-decoded): "/", "/e/{event}" (any
 * event name: the page finds out itself whether there is such an event), "/organizer",
 * "/a/<build>/<file>". NULL when there is none, which is also the answer for the assets of another
 * build. */
const struct web_asset *web_asset_find(const char *path, size_t language);
/* Whether it is a page: it depends on the language, the rest does not. */
bool web_asset_is_page(const struct web_asset *asset);

#define WEB_LANGUAGE_LINKS_BYTES 4096
/* A link to the same page in each other language, as HTML. */
void web_language_links(size_t language, char out[WEB_LANGUAGE_LINKS_BYTES]);

/* The "<build>" of the addresses: 16 hex digits. For logs and tests. */
const char *web_assets_build(void);

#endif
