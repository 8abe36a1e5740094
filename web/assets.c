/* The table of embedded files, made ready once: placeholders filled in, hashed, compressed.
 *
 * The table is written by hand so that what is served is what somebody decided to serve; a test
 * compares it with the folder. From it come the assets: a page in each language, every other file
 * once, and each part of each language's words. They are few, so finding one is a walk.
 */
#include "web/assets.h"
#include "web_files.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "web/plain_source.h"
#include "web/words.h"

#define BUILD_DIGITS 16
#define NAME_BYTES_MAX 48
#define ASSETS_MAX 512
#define ASSETS_PREFIX "/a/"
#define EVENT_PREFIX "/e/"

static const char type_html[] = "text/html; charset=utf-8";
static const char type_css[] = "text/css; charset=utf-8";
static const char type_js[] = "text/javascript; charset=utf-8";
static const char type_json[] = "application/json";
static const char type_svg[] = "image/svg+xml";
static const char cache_page[] = "no-cache";
static const char cache_forever[] = "public, max-age=31536000, immutable";

struct file {
    const char *name;
    const char *content_type;
    const unsigned char *bytes;
    const unsigned long *bytes_count;
    bool is_page; /* has an address of its own, placeholders, and a variant for each language */
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
    PAGE("tickets.html", tickets_html),
    PART("inside.html", inside_html, type_html),
    PART("inside.css", inside_css, type_css),
    PART("forms.css", forms_css, type_css),
    PART("index.css", index_css, type_css),
    PART("office.css", office_css, type_css),
    PART("account.css", account_css, type_css),
    PART("style.css", style_css, type_css),
    PART("icon.svg", icon_svg, type_svg),
    PART("accent.js", accent_js, type_js),
    PART("account.js", account_js, type_js),
    PART("ask.js", ask_js, type_js),
    PART("askcount.js", askcount_js, type_js),
    PART("bell.js", bell_js, type_js),
    PART("best.js", best_js, type_js),
    PART("clock.js", clock_js, type_js),
    PART("dom.js", dom_js, type_js),
    PART("draw.css", draw_css, type_css),
    PART("draw.js", draw_js, type_js),
    PART("drawcheck.js", drawcheck_js, type_js),
    PART("drawlink.js", drawlink_js, type_js),
    PART("elsewhere.js", elsewhere_js, type_js),
    PART("ended.js", ended_js, type_js),
    PART("event.js", event_js, type_js),
    PART("format.js", format_js, type_js),
    PART("index.js", index_js, type_js),
    PART("inside.js", inside_js, type_js),
    PART("line.js", line_js, type_js),
    PART("link.css", link_css, type_css),
    PART("link.js", link_js, type_js),
    PART("linkout.js", linkout_js, type_js),
    PART("mapfit.js", mapfit_js, type_js),
    PART("news.js", news_js, type_js),
    PART("organizer/allotments.js", allotments_js, type_js),
    PART("organizer/amount.js", amount_js, type_js),
    PART("organizer/api.js", api_js, type_js),
    PART("organizer/basics.js", basics_js, type_js),
    PART("organizer/board.js", board_js, type_js),
    PART("organizer/changes.js", changes_js, type_js),
    PART("organizer/create.js", create_js, type_js),
    PART("organizer/doors.js", doors_js, type_js),
    PART("organizer/effects.js", effects_js, type_js),
    PART("organizer/entry.js", entry_js, type_js),
    PART("organizer/feed.js", feed_js, type_js),
    PART("organizer/frame.js", frame_js, type_js),
    PART("organizer/hall.js", hall_js, type_js),
    PART("organizer/heat.js", heat_js, type_js),
    PART("organizer/home.js", home_js, type_js),
    PART("organizer/inventory.js", inventory_js, type_js),
    PART("organizer/lever.js", lever_js, type_js),
    PART("organizer/limits.js", limits_js, type_js),
    PART("organizer/log.js", log_js, type_js),
    PART("organizer/lottery.js", lottery_js, type_js),
    PART("organizer/main.js", main_js, type_js),
    PART("organizer/memory.js", memory_js, type_js),
    PART("organizer/order.js", order_js, type_js),
    PART("organizer/orders.js", orders_js, type_js),
    PART("organizer/parts.js", parts_js, type_js),
    PART("organizer/people.js", people_js, type_js),
    PART("organizer/plot.js", plot_js, type_js),
    PART("organizer/plots.js", plots_js, type_js),
    PART("organizer/schedule.js", schedule_js, type_js),
    PART("organizer/prices.js", prices_js, type_js),
    PART("organizer/rehearse.js", rehearse_js, type_js),
    PART("organizer/said.js", said_js, type_js),
    PART("organizer/setup.js", setup_js, type_js),
    PART("organizer/steer.js", steer_js, type_js),
    PART("organizer/steps.js", steps_js, type_js),
    PART("pay.js", pay_js, type_js),
    PART("plan.js", plan_js, type_js),
    PART("poll.js", poll_js, type_js),
    PART("problem.js", problem_js, type_js),
    PART("protocol.js", protocol_js, type_js),
    PART("purchase.js", purchase_js, type_js),
    PART("sale.js", sale_js, type_js),
    PART("qr.js", qr_js, type_js),
    PART("qrcode.js", qrcode_js, type_js),
    PART("seatlist.js", seatlist_js, type_js),
    PART("seatmap.js", seatmap_js, type_js),
    PART("seats.js", seats_js, type_js),
    PART("signin.js", signin_js, type_js),
    PART("stepper.js", stepper_js, type_js),
    PART("basket.js", basket_js, type_js),
    PART("stock.js", stock_js, type_js),
    PART("store.js", store_js, type_js),
    PART("text.js", text_js, type_js),
    PART("tickets.js", tickets_js, type_js),
    PART("timeleft.js", timeleft_js, type_js),
    PART("turn.js", turn_js, type_js),
    PART("visit.js", visit_js, type_js),
};

#define FILES_COUNT (sizeof files / sizeof files[0])

struct entry {
    char name[NAME_BYTES_MAX];
    size_t language; /* of a page */
    bool is_page;
    struct web_asset asset;
};

/* Process lifetime. The entries own what their assets point to. */
static struct entry entries[ASSETS_MAX];
static size_t entries_count;
static char build[BUILD_DIGITS + 1];
static bool is_ready;

static void hash_to_hex(const unsigned char *bytes, size_t count, char hex[BUILD_DIGITS + 1])
{
    unsigned char digest[crypto_generichash_BYTES];
    crypto_generichash(digest, sizeof digest, bytes, count, NULL, 0);
    sodium_bin2hex(hex, BUILD_DIGITS + 1, digest, BUILD_DIGITS / 2);
}

static void hash_words(crypto_generichash_state *state)
{
    for (size_t language = 0; language < web_languages_count(); language++)
        for (size_t part = 0; part < web_words_parts_count(); part++) {
            char *text = web_words_part_json(language, part);
            crypto_generichash_update(state, (const unsigned char *)text, strlen(text));
            free(text);
        }
}

static void hash_build(void)
{
    crypto_generichash_state state;
    unsigned char digest[crypto_generichash_BYTES];
    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    for (size_t i = 0; i < FILES_COUNT; i++)
        crypto_generichash_update(&state, files[i].bytes, *files[i].bytes_count);
    hash_words(&state);
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(build, sizeof build, digest, BUILD_DIGITS / 2);
}

/* --- pages --- */

/* The page again; that it is wanted in this language is remembered by a cookie. */
void web_language_links(size_t language, char out[WEB_LANGUAGE_LINKS_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t other = 0; other < web_languages_count(); other++) {
        const char *id = web_language_id(other);
        if (other == language)
            continue;
        int bytes = snprintf(out + used, WEB_LANGUAGE_LINKS_BYTES - used,
                             "<a href=\"?lang=%s\" hreflang=\"%s\" lang=\"%s\" dir=\"%s\">%s</a>\n",
                             id, id, id, web_language_direction(other), web_language_name(other));
        assert(bytes > 0 && (size_t)bytes < WEB_LANGUAGE_LINKS_BYTES - used);
        used += (size_t)bytes;
    }
}

/* What stands between two "@" in a page: the build, something of the language, or a text's key. */
static const char *placeholder_value(const char *name, size_t language,
                                     const char links[WEB_LANGUAGE_LINKS_BYTES])
{
    if (strcmp(name, "build") == 0)
        return build;
    if (strcmp(name, "language") == 0)
        return web_language_id(language);
    if (strcmp(name, "direction") == 0)
        return web_language_direction(language);
    if (strcmp(name, "languages") == 0)
        return links;
    const char *text = web_word(language, name, 0);
    assert(text[0] != '\0'); /* a page asks for a text that there is */
    return text;
}

static void put_page(FILE *out, const struct file *page, size_t language)
{
    char links[WEB_LANGUAGE_LINKS_BYTES], name[NAME_BYTES_MAX];
    const char *from = (const char *)page->bytes; /* NUL-terminated by embed_files() */
    web_language_links(language, links);
    for (const char *mark; (mark = strchr(from, '@')) != NULL;) {
        size_t bytes = strcspn(mark + 1, "@");
        assert(bytes < sizeof name && mark[1 + bytes] == '@');
        memcpy(name, mark + 1, bytes);
        name[bytes] = '\0';
        fwrite(from, 1, (size_t)(mark - from), out);
        fputs(placeholder_value(name, language, links), out);
        from = mark + bytes + 2;
    }
    fputs(from, out);
}

/* The page in this language. The result belongs to the caller; NULL without memory. */
static unsigned char *page_create(const struct file *page, size_t language, size_t *bytes_count)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes_count);
    if (!out)
        return NULL;
    put_page(out, page, language);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return (unsigned char *)text;
}

/* --- assets --- */

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
    /* weak: both encodings have it */
    int bytes = snprintf(asset->etag, sizeof asset->etag, "W/\"%s\"", hex);
    assert(bytes == WEB_ASSET_ETAG_BYTES);
}

/* Takes over `bytes`; NULL = there was no memory for them. */
static enum web_assets_status entry_add(const char *name, bool is_page, size_t language,
                                        const char *type, unsigned char *bytes, size_t count)
{
    assert(entries_count < ASSETS_MAX && strlen(name) < NAME_BYTES_MAX);
    struct entry *entry = &entries[entries_count++];
    *entry = (struct entry){.language = language, .is_page = is_page};
    memcpy(entry->name, name, strlen(name) + 1);
    entry->asset = (struct web_asset){.content_type = type,
                                      .cache_control = is_page ? cache_page : cache_forever,
                                      .bytes = bytes,
                                      .bytes_count = count};
    if (bytes != NULL)
        entry->asset.gzip = gzip_create(bytes, count, &entry->asset.gzip_count);
    if (entry->asset.gzip == NULL)
        return WEB_ASSETS_NO_MEMORY;
    asset_tag(&entry->asset);
    return WEB_ASSETS_OK;
}

static enum web_assets_status add_page(const struct file *file)
{
    enum web_assets_status status = WEB_ASSETS_OK;
    for (size_t language = 0; status == WEB_ASSETS_OK && language < web_languages_count();
         language++) {
        size_t count = 0;
        unsigned char *bytes = page_create(file, language, &count);
        status = entry_add(file->name, true, language, file->content_type, bytes, count);
    }
    return status;
}

static enum web_assets_status add_part(const struct file *file)
{
    enum plain_kind kind = file->content_type == type_js    ? PLAIN_SCRIPT
                           : file->content_type == type_css ? PLAIN_STYLE
                                                            : PLAIN_AS_IT_IS;
    size_t count = 0;
    unsigned char *bytes = plain_source(file->bytes, *file->bytes_count, kind, &count);
    return entry_add(file->name, false, 0, file->content_type, bytes, count);
}

/* "ko-line.json": one part of one language's words. */
static enum web_assets_status add_words(size_t language, size_t part)
{
    char name[NAME_BYTES_MAX];
    char *text = web_words_part_json(language, part);
    int bytes = snprintf(name, sizeof name, "%s-%s.json", web_language_id(language),
                         web_words_part_name(part));
    assert(bytes > 0 && (size_t)bytes < sizeof name);
    return entry_add(name, false, language, type_json, (unsigned char *)text, strlen(text));
}

static enum web_assets_status add_all(void)
{
    enum web_assets_status status = WEB_ASSETS_OK;
    for (size_t i = 0; status == WEB_ASSETS_OK && i < FILES_COUNT; i++)
        status = files[i].is_page ? add_page(&files[i]) : add_part(&files[i]);
    for (size_t language = 0; language < web_languages_count(); language++)
        for (size_t part = 0; status == WEB_ASSETS_OK && part < web_words_parts_count(); part++)
            status = add_words(language, part);
    return status;
}

enum web_assets_status web_assets_init(void)
{
    if (is_ready)
        return WEB_ASSETS_OK;
    if (sodium_init() < 0)
        return WEB_ASSETS_NO_MEMORY;
    web_words_init();
    hash_build();
    if (add_all() != WEB_ASSETS_OK) {
        web_assets_release();
        return WEB_ASSETS_NO_MEMORY;
    }
    is_ready = true;
    return WEB_ASSETS_OK;
}

void web_assets_release(void)
{
    for (size_t i = 0; i < entries_count; i++) {
        free((void *)(uintptr_t)entries[i].asset.gzip);
        free((void *)(uintptr_t)entries[i].asset.bytes);
    }
    memset(entries, 0, sizeof entries);
    entries_count = 0;
    web_words_release();
    is_ready = false;
}

static const struct web_asset *find_page(const char *name, size_t language)
{
    for (size_t i = 0; i < entries_count; i++)
        if (entries[i].is_page && entries[i].language == language &&
            strcmp(entries[i].name, name) == 0)
            return &entries[i].asset;
    return NULL;
}

static const struct web_asset *find_part(const char *rest)
{
    if (strncmp(rest, build, BUILD_DIGITS) != 0 || rest[BUILD_DIGITS] != '/')
        return NULL;
    for (size_t i = 0; i < entries_count; i++)
        if (!entries[i].is_page && strcmp(entries[i].name, rest + BUILD_DIGITS + 1) == 0)
            return &entries[i].asset;
    return NULL;
}

const struct web_asset *web_asset_find(const char *path, size_t language)
{
    assert(is_ready);
    if (strcmp(path, "/") == 0)
        return find_page("index.html", language);
    if (strcmp(path, "/draw") == 0)
        return find_page("draw.html", language);
    if (strcmp(path, "/tickets") == 0)
        return find_page("tickets.html", language);
    if (strcmp(path, "/organizer") == 0)
        return find_page("organizer.html", language);
    if (strncmp(path, ASSETS_PREFIX, sizeof ASSETS_PREFIX - 1) == 0)
        return find_part(path + sizeof ASSETS_PREFIX - 1);
    if (strncmp(path, EVENT_PREFIX, sizeof EVENT_PREFIX - 1) == 0) {
        const char *event = path + sizeof EVENT_PREFIX - 1;
        return *event && !strchr(event, '/') ? find_page("event.html", language) : NULL;
    }
    return NULL;
}

bool web_asset_is_page(const struct web_asset *asset)
{
    return asset->cache_control == cache_page;
}

const char *web_assets_build(void)
{
    assert(is_ready);
    return build;
}
