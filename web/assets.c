/* The table of embedded files, made ready once: placeholder filled in, hashed, compressed.
 *
 * The table is written by hand so that what is served is what somebody decided to serve; a test
 * compares it with the folder. Assets are few, so finding one is a walk along the table.
 */
#include "web/assets.h"
#include "web_files.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BUILD_DIGITS 16
#define PLACEHOLDER "@build@"
#define ASSETS_PREFIX "/a/"
#define EVENT_PREFIX "/e/"

static const char type_html[] = "text/html; charset=utf-8";
static const char type_css[] = "text/css; charset=utf-8";
static const char type_js[] = "text/javascript; charset=utf-8";
static const char type_svg[] = "image/svg+xml";
static const char cache_page[] = "no-cache";
static const char cache_forever[] = "public, max-age=31536000, immutable";

struct file {
    const char *name;
    const char *content_type;
    const unsigned char *bytes;
    const unsigned long *bytes_count;
    bool is_page; /* has an address of its own and the placeholder in it */
};

#define PAGE(name, symbol)                                                                         \
    {                                                                                              \
        name, type_html, web_##symbol, &web_##symbol##_bytes, true                                 \
    }
#define PART(name, symbol, type)                                                                   \
    {                                                                                              \
        name, type, web_##symbol, &web_##symbol##_bytes, false                                     \
    }

static const struct file files[] = {
    PAGE("index.html", index_html),
    PAGE("event.html", event_html),
    PAGE("organizer.html", organizer_html),
    PAGE("draw.html", draw_html),
    PART("inside.html", inside_html, type_html),
    PART("inside.css", inside_css, type_css),
    PART("forms.css", forms_css, type_css),
    PART("index.css", index_css, type_css),
    PART("office.css", office_css, type_css),
    PART("account.css", account_css, type_css),
    PART("style.css", style_css, type_css),
    PART("icon.svg", icon_svg, type_svg),
    PART("account.js", account_js, type_js),
    PART("ask.js", ask_js, type_js),
    PART("askcount.js", askcount_js, type_js),
    PART("best.js", best_js, type_js),
    PART("clock.js", clock_js, type_js),
    PART("dom.js", dom_js, type_js),
    PART("draw.css", draw_css, type_css),
    PART("draw.js", draw_js, type_js),
    PART("drawcheck.js", drawcheck_js, type_js),
    PART("drawlink.js", drawlink_js, type_js),
    PART("ended.js", ended_js, type_js),
    PART("event.js", event_js, type_js),
    PART("format.js", format_js, type_js),
    PART("index.js", index_js, type_js),
    PART("inside.js", inside_js, type_js),
    PART("line.js", line_js, type_js),
    PART("news.js", news_js, type_js),
    PART("organizer.js", organizer_js, type_js),
    PART("pay.js", pay_js, type_js),
    PART("plan.js", plan_js, type_js),
    PART("poll.js", poll_js, type_js),
    PART("problem.js", problem_js, type_js),
    PART("protocol.js", protocol_js, type_js),
    PART("purchase.js", purchase_js, type_js),
    PART("sale.js", sale_js, type_js),
    PART("qr.js", qr_js, type_js),
    PART("seatlist.js", seatlist_js, type_js),
    PART("seatmap.js", seatmap_js, type_js),
    PART("seats.js", seats_js, type_js),
    PART("signin.js", signin_js, type_js),
    PART("stepper.js", stepper_js, type_js),
    PART("stock.js", stock_js, type_js),
    PART("store.js", store_js, type_js),
    PART("text-account.js", text_account_js, type_js),
    PART("text-draw.js", text_draw_js, type_js),
    PART("text-inside.js", text_inside_js, type_js),
    PART("text-list.js", text_list_js, type_js),
    PART("text-news.js", text_news_js, type_js),
    PART("text-office.js", text_office_js, type_js),
    PART("text.js", text_js, type_js),
    PART("tickets.js", tickets_js, type_js),
    PART("timeleft.js", timeleft_js, type_js),
    PART("turn.js", turn_js, type_js),
    PART("visit.js", visit_js, type_js),
};

#define FILES_COUNT (sizeof files / sizeof files[0])

/* Process lifetime. `owned` is what web_asset.bytes points to for pages, NULL for the rest. */
static struct web_asset assets[FILES_COUNT];
static unsigned char *owned[FILES_COUNT];
static char build[BUILD_DIGITS + 1];
static bool is_ready;

static void hash_to_hex(const unsigned char *bytes, size_t count, char hex[BUILD_DIGITS + 1])
{
    unsigned char digest[crypto_generichash_BYTES];
    crypto_generichash(digest, sizeof digest, bytes, count, NULL, 0);
    sodium_bin2hex(hex, BUILD_DIGITS + 1, digest, BUILD_DIGITS / 2);
}

static void hash_build(void)
{
    crypto_generichash_state state;
    unsigned char digest[crypto_generichash_BYTES];
    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    for (size_t i = 0; i < FILES_COUNT; i++)
        crypto_generichash_update(&state, files[i].bytes, *files[i].bytes_count);
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(build, sizeof build, digest, BUILD_DIGITS / 2);
}

/* The page with every placeholder replaced. The result belongs to the caller; NULL without memory.
 */
static unsigned char *page_create(const struct file *page, size_t *bytes_count)
{
    const size_t mark_bytes = sizeof PLACEHOLDER - 1;
    const char *from = (const char *)page->bytes; /* NUL-terminated by embed_files() */
    const char *end = from + *page->bytes_count;
    size_t marks = 0;
    for (const char *at = strstr(from, PLACEHOLDER); at; at = strstr(at + mark_bytes, PLACEHOLDER))
        marks++;
    size_t total = *page->bytes_count + marks * BUILD_DIGITS; /* more than enough */
    unsigned char *out = malloc(total + 1);
    if (!out)
        return NULL;
    size_t used = 0;
    for (;;) {
        const char *mark = strstr(from, PLACEHOLDER);
        size_t plain = (size_t)((mark ? mark : end) - from);
        memcpy(out + used, from, plain);
        used += plain;
        if (!mark)
            break;
        memcpy(out + used, build, BUILD_DIGITS);
        used += BUILD_DIGITS;
        from = mark + mark_bytes;
    }
    *bytes_count = used;
    return out;
}

/* NULL without memory. The result belongs to the caller. */
static unsigned char *gzip_create(const unsigned char *bytes, size_t count, size_t *gzip_count)
{
    const int window_gzip = MAX_WBITS + 16;
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_gzip, 9, Z_DEFAULT_STRATEGY))
        return NULL;
    size_t bound = deflateBound(&stream, count);
    unsigned char *out = malloc(bound);
    if (out) {
        stream.next_in = (Bytef *)(uintptr_t)bytes; /* zlib reads it only */
        stream.avail_in = (uInt)count;
        stream.next_out = out;
        stream.avail_out = (uInt)bound;
        int status = deflate(&stream, Z_FINISH);
        assert(status == Z_STREAM_END);
        *gzip_count = stream.total_out;
    }
    deflateEnd(&stream);
    return out;
}

static void asset_tag(struct web_asset *asset)
{
    char hex[BUILD_DIGITS + 1];
    hash_to_hex(asset->bytes, asset->bytes_count, hex);
    asset->etag[0] = '"';
    memcpy(asset->etag + 1, hex, BUILD_DIGITS);
    asset->etag[WEB_ASSET_ETAG_BYTES - 1] = '"';
    asset->etag[WEB_ASSET_ETAG_BYTES] = '\0';
}

static enum web_assets_status asset_init(size_t i)
{
    const struct file *file = &files[i];
    struct web_asset *asset = &assets[i];
    asset->content_type = file->content_type;
    asset->cache_control = file->is_page ? cache_page : cache_forever;
    asset->bytes = file->bytes;
    asset->bytes_count = *file->bytes_count;
    if (file->is_page) {
        owned[i] = page_create(file, &asset->bytes_count);
        if (!owned[i])
            return WEB_ASSETS_NO_MEMORY;
        asset->bytes = owned[i];
    }
    asset->gzip = gzip_create(asset->bytes, asset->bytes_count, &asset->gzip_count);
    if (!asset->gzip)
        return WEB_ASSETS_NO_MEMORY;
    asset_tag(asset);
    return WEB_ASSETS_OK;
}

enum web_assets_status web_assets_init(void)
{
    if (is_ready)
        return WEB_ASSETS_OK;
    if (sodium_init() < 0)
        return WEB_ASSETS_NO_MEMORY;
    hash_build();
    for (size_t i = 0; i < FILES_COUNT; i++) {
        if (asset_init(i) != WEB_ASSETS_OK) {
            web_assets_release();
            return WEB_ASSETS_NO_MEMORY;
        }
    }
    is_ready = true;
    return WEB_ASSETS_OK;
}

void web_assets_release(void)
{
    for (size_t i = 0; i < FILES_COUNT; i++) {
        free((void *)(uintptr_t)assets[i].gzip);
        free(owned[i]);
        owned[i] = NULL;
    }
    memset(assets, 0, sizeof assets);
    is_ready = false;
}

static const struct web_asset *find_file(const char *name, bool want_page)
{
    for (size_t i = 0; i < FILES_COUNT; i++)
        if (files[i].is_page == want_page && strcmp(files[i].name, name) == 0)
            return &assets[i];
    return NULL;
}

static const struct web_asset *find_part(const char *rest)
{
    if (strncmp(rest, build, BUILD_DIGITS) != 0 || rest[BUILD_DIGITS] != '/')
        return NULL;
    return find_file(rest + BUILD_DIGITS + 1, false);
}

const struct web_asset *web_asset_find(const char *path)
{
    assert(is_ready);
    if (strcmp(path, "/") == 0)
        return find_file("index.html", true);
    if (strcmp(path, "/draw") == 0)
        return find_file("draw.html", true);
    if (strcmp(path, "/organizer") == 0)
        return find_file("organizer.html", true);
    if (strncmp(path, ASSETS_PREFIX, sizeof ASSETS_PREFIX - 1) == 0)
        return find_part(path + sizeof ASSETS_PREFIX - 1);
    if (strncmp(path, EVENT_PREFIX, sizeof EVENT_PREFIX - 1) == 0) {
        const char *event = path + sizeof EVENT_PREFIX - 1;
        return *event && !strchr(event, '/') ? find_file("event.html", true) : NULL;
    }
    return NULL;
}

const char *web_assets_build(void)
{
    assert(is_ready);
    return build;
}
