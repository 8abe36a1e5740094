/* The embedded pages: addresses, encodings, and that the table has every file of the folder. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "web/assets.h"
#include "web/words.h"

static void setup(void)
{
    cr_assert_eq(web_assets_init(), WEB_ASSETS_OK);
}

TestSuite(web_assets, .init = setup, .fini = web_assets_release);

static const struct web_asset *find_part(const char *name)
{
    char path[256];
    int length = snprintf(path, sizeof path, "/a/%s/%s", web_assets_build(), name);
    cr_assert(length > 0 && (size_t)length < sizeof path);
    return web_asset_find(path, 0);
}

Test(web_assets, pages_have_addresses_and_are_asked_for_again)
{
    const char *paths[] = {"/", "/e/arena-night", "/organizer"};
    for (size_t i = 0; i < 3; i++) {
        const struct web_asset *page = web_asset_find(paths[i], 0);
        cr_assert_not_null(page, "%s", paths[i]);
        cr_assert_str_eq(page->content_type, "text/html; charset=utf-8");
        cr_assert_str_eq(page->cache_control, "no-cache");
        cr_assert_eq(strncmp(page->etag, "W/\"", 3), 0);
        cr_assert_eq(strlen(page->etag), WEB_ASSET_ETAG_BYTES);
    }
}

Test(web_assets, pages_name_this_build)
{
    const struct web_asset *page = web_asset_find("/e/x", 0);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "/a/%s/style.css", web_assets_build());
    cr_assert_not_null(memmem(page->bytes, page->bytes_count, wanted, strlen(wanted)));
    cr_assert_null(memmem(page->bytes, page->bytes_count, "@build@", 7));
}

Test(web_assets, unknown_paths_and_other_builds_are_not_found)
{
    const char *paths[] = {"",
                           "/e/",
                           "/e",
                           "/e/a/b",
                           "/index.html",
                           "/a/",
                           "/a/0000000000000000/style.css",
                           "/a/style.css",
                           "/..",
                           "//",
                           "/organizer/"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        cr_assert_null(web_asset_find(paths[i], 0), "%s", paths[i]);
    cr_assert_null(find_part("event.html"));
    cr_assert_null(find_part("nothing.js"));
    cr_assert_null(find_part(""));
}

Test(web_assets, gzip_is_the_same_text)
{
    const struct web_asset *part = find_part("style.css");
    cr_assert_not_null(part);
    unsigned char *plain = malloc(part->bytes_count + 1);
    cr_assert_not_null(plain);
    z_stream stream = {0};
    cr_assert_eq(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)part->gzip;
    stream.avail_in = (uInt)part->gzip_count;
    stream.next_out = plain;
    stream.avail_out = (uInt)part->bytes_count + 1;
    cr_assert_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    cr_assert_eq(stream.total_out, part->bytes_count);
    cr_assert_arr_eq(plain, part->bytes, part->bytes_count);
    inflateEnd(&stream);
    free(plain);
}

Test(web_assets, a_second_init_changes_nothing)
{
    const struct web_asset *before = web_asset_find("/", 0);
    const unsigned char *gzip = before->gzip;
    cr_assert_eq(web_assets_init(), WEB_ASSETS_OK);
    cr_assert_eq(web_asset_find("/", 0)->gzip, gzip);
}

static int is_served(const char *name)
{
    const char *ending = strrchr(name, '.');
    return ending && (!strcmp(ending, ".js") || !strcmp(ending, ".css") || !strcmp(ending, ".svg"));
}

/* `prefix`: what the names of this folder's files begin with, such as "organizer/". */
static void expect_folder(const char *source, const char *prefix)
{
    char folder[512], name[512];
    snprintf(folder, sizeof folder, "%s/web/%s", source, prefix);
    DIR *dir = opendir(folder);
    cr_assert_not_null(dir, "%s", folder);
    size_t count = 0;
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (!is_served(entry->d_name))
            continue;
        snprintf(name, sizeof name, "%s%s", prefix, entry->d_name);
        const struct web_asset *part = find_part(name);
        cr_expect_not_null(part, "%s is not in the table of web/assets.c", name);
        if (part)
            cr_expect_str_eq(part->cache_control, "public, max-age=31536000, immutable");
        count++;
    }
    closedir(dir);
    cr_expect_gt(count, 5, "%s has only %zu files that are served", folder, count);
}

Test(web_assets, every_file_of_the_folder_is_in_the_table)
{
    const char *source = getenv("STANCHION_SOURCE");
    cr_assert_not_null(source, "ctest sets STANCHION_SOURCE to the source tree");
    expect_folder(source, "");
    expect_folder(source, "organizer/");
}

/* The line page must reach a phone on a bad network: the page, its style, its icon, its module and
 * all that this module imports at once, however far. What comes by import() is not counted. */
#define MODULES_MAX 64

struct modules {
    char names[MODULES_MAX][64];
    size_t count;
};

static void modules_add(struct modules *modules, const char *name, size_t bytes)
{
    for (size_t i = 0; i < modules->count; i++)
        if (strlen(modules->names[i]) == bytes && strncmp(modules->names[i], name, bytes) == 0)
            return;
    cr_assert_lt(modules->count, MODULES_MAX);
    cr_assert_lt(bytes, sizeof modules->names[0]);
    memcpy(modules->names[modules->count], name, bytes);
    modules->names[modules->count++][bytes] = '\0';
}

/* Adds every x of `import './x';` and `import ... from './x';` */
static void modules_add_imports(struct modules *modules, const struct web_asset *module)
{
    const char *marks[] = {"\nimport './", " from './"};
    for (size_t i = 0; i < 2; i++) {
        const char *at = (const char *)module->bytes;
        while ((at = strstr(at, marks[i])) != NULL) {
            at += strlen(marks[i]);
            modules_add(modules, at, strcspn(at, "'"));
        }
    }
}

Test(web_assets, the_waiting_page_is_small)
{
    static struct modules modules;
    size_t total = web_asset_find("/e/x", 0)->gzip_count + find_part("style.css")->gzip_count +
                   find_part("icon.svg")->gzip_count;
    modules_add(&modules, "event.js", strlen("event.js"));
    for (size_t i = 0; i < modules.count; i++) {
        const struct web_asset *module = find_part(modules.names[i]);
        cr_assert_not_null(module, "%s", modules.names[i]);
        total += module->gzip_count;
        modules_add_imports(&modules, module);
    }
    cr_assert_gt(modules.count, 8, "only %zu modules were found", modules.count);
    for (size_t language = 0; language < web_languages_count(); language++) {
        const char *id = web_language_id(language);
        char words[64];
        snprintf(words, sizeof words, "%s-line.json", id);
        size_t with_words = total + find_part(words)->gzip_count;
        cr_expect_lt(with_words, 20000, "%zu bytes compressed in %s", with_words, id);
    }
}

/* What is left out of scripts (web/plain_source.h) must not be part of
 * a text over several lines. */
Test(web_assets, no_template_literal_has_a_line_like_a_comment)
{
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "event.js" : "seatmap.js";
        const struct web_asset *part = find_part(name);
        cr_assert_not_null(part);
        cr_expect_null(memmem(part->bytes, part->bytes_count, "\n//", 3), "%s", name);
        cr_expect_null(memmem(part->bytes, part->bytes_count, "\n\n", 2), "%s", name);
        if (i == 1)
            cr_expect_not_null(memmem(part->bytes, part->bytes_count, "// ", 3),
                               "%s: ends of lines stay", name);
    }
}

Test(web_assets, a_page_is_there_in_each_language)
{
    const struct web_asset *english = web_asset_find("/e/x", 0);
    size_t korean = web_language_find("ko");
    const struct web_asset *page = web_asset_find("/e/x", korean);
    cr_assert_not_null(page);
    cr_expect_str_neq(page->etag, english->etag);
    cr_expect(web_asset_is_page(page));
    const char *wanted[] = {"<html lang=\"ko\" dir=\"ltr\">", "/ko-line.json", "href=\"?lang=en\"",
                            "JavaScript 없이"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        cr_expect_not_null(memmem(page->bytes, page->bytes_count, wanted[i], strlen(wanted[i])),
                           "%s", wanted[i]);
    cr_expect_null(memchr(page->bytes, '@', page->bytes_count));
    cr_expect_not(web_asset_is_page(find_part("ko-line.json")));
}
