/* See the header. The files are small and read once; what is asked for often (web_word) is a look
 * into at most a dozen hash tables. */
#include "web/words.h"

#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "words_files.h"

#define ENGLISH "en.json"
#define ENDING ".json"
#define ID_BYTES_MAX 16
#define RANGE_BYTES_MAX 64
#define RANGES_MAX 40 /* of Accept-Language; what follows is not looked at */
#define WEIGHT_MAX 1000

struct language {
    char id[ID_BYTES_MAX + 1];
    json_t *root;
};

struct source {
    const char *name;
    const unsigned char *bytes;
    const unsigned long *bytes_count;
};

#define SOURCE(file, symbol) {file, symbol, &symbol##_bytes},
static const struct source sources[] = {words_FILES(SOURCE)};
#define SOURCES_COUNT (sizeof sources / sizeof sources[0])

/* Process lifetime. */
static struct language languages[WEB_LANGUAGES_MAX];
static size_t languages_count;

static void read_language(const struct source *source)
{
    struct language *language = &languages[languages_count++];
    size_t id_bytes = strlen(source->name) - (sizeof ENDING - 1);
    assert(languages_count <= WEB_LANGUAGES_MAX && id_bytes <= ID_BYTES_MAX);
    memcpy(language->id, source->name, id_bytes);
    language->id[id_bytes] = '\0';
    language->root =
        json_loadb((const char *)source->bytes, *source->bytes_count, JSON_REJECT_DUPLICATES, NULL);
    assert(json_is_object(json_object_get(language->root, "parts")));
}

void web_words_init(void)
{
    if (languages_count > 0)
        return;
    for (size_t i = 0; i < SOURCES_COUNT; i++)
        if (strcmp(sources[i].name, ENGLISH) == 0)
            read_language(&sources[i]);
    assert(languages_count == 1);
    for (size_t i = 0; i < SOURCES_COUNT; i++)
        if (strcmp(sources[i].name, ENGLISH) != 0)
            read_language(&sources[i]);
}

void web_words_release(void)
{
    for (size_t i = 0; i < languages_count; i++)
        json_decref(languages[i].root);
    memset(languages, 0, sizeof languages);
    languages_count = 0;
}

size_t web_languages_count(void)
{
    return languages_count;
}

static const struct language *at(size_t language)
{
    assert(language < languages_count);
    return &languages[language];
}

const char *web_language_id(size_t language)
{
    return at(language)->id;
}

static const char *said(size_t language, const char *name)
{
    const char *text = json_string_value(json_object_get(at(language)->root, name));
    assert(text != NULL);
    return text;
}

const char *web_language_name(size_t language)
{
    return said(language, "name");
}

const char *web_language_direction(size_t language)
{
    return said(language, "direction");
}

size_t web_language_find(const char *id)
{
    size_t found = 0;
    while (found < languages_count && strcasecmp(languages[found].id, id) != 0)
        found++;
    return found;
}

/* --- Accept-Language --- */

/* "pt-BR" is content with "pt": subtags are dropped from the end until one is known. */
static size_t find_range(const char *range, size_t bytes)
{
    char id[RANGE_BYTES_MAX + 1];
    if (bytes > RANGE_BYTES_MAX)
        return languages_count;
    memcpy(id, range, bytes);
    id[bytes] = '\0';
    for (;;) {
        size_t found = web_language_find(id);
        char *subtag = strrchr(id, '-');
        if (found < languages_count || subtag == NULL)
            return found;
        *subtag = '\0';
    }
}

/* ";q=0.8" as thousandths; none is 1, a damaged one is 0. */
static int read_weight(const char *text, size_t bytes)
{
    const char *mark = memmem(text, bytes, "q=", 2);
    if (mark == NULL)
        return WEIGHT_MAX;
    const char *end = text + bytes;
    const char *digit = mark + 2;
    if (digit < end && *digit == '1')
        return WEIGHT_MAX;
    int weight = 0;
    int unit = WEIGHT_MAX / 10;
    for (digit += 2; digit < end && *digit >= '0' && *digit <= '9'; digit++, unit /= 10)
        weight += (*digit - '0') * unit;
    return weight;
}

size_t web_language_accepted(const char *accept_language)
{
    size_t best = 0;
    int best_weight = 0;
    const char *range = accept_language != NULL ? accept_language : "";
    for (int ranges = 0; *range != '\0' && ranges < RANGES_MAX; ranges++) {
        range += strspn(range, " \t,");
        size_t bytes = strcspn(range, ",");
        size_t id_bytes = strcspn(range, " \t;,");
        size_t found = find_range(range, id_bytes);
        int weight = read_weight(range + id_bytes, bytes - id_bytes);
        if (found < languages_count && weight > best_weight) {
            best = found;
            best_weight = weight;
        }
        range += bytes;
    }
    return best;
}

/* --- texts --- */

static const char *text_of(const json_t *entry, int64_t count)
{
    if (json_is_object(entry)) {
        const json_t *one = json_object_get(entry, "one");
        entry = count == 1 && one != NULL ? one : json_object_get(entry, "other");
    }
    return json_string_value(entry);
}

const char *web_word(size_t language, const char *key, int64_t count)
{
    json_t *parts = json_object_get(at(language)->root, "parts");
    const char *name;
    json_t *part;
    json_object_foreach(parts, name, part) {
        const char *text = text_of(json_object_get(part, key), count);
        if (text != NULL)
            return text;
    }
    return "";
}

size_t web_words_parts_count(void)
{
    return json_object_size(json_object_get(at(0)->root, "parts"));
}

const char *web_words_part_name(size_t part)
{
    json_t *parts = json_object_get(at(0)->root, "parts");
    void *entry = json_object_iter(parts);
    for (; part > 0; part--)
        entry = json_object_iter_next(parts, entry);
    assert(entry != NULL);
    return json_object_iter_key(entry);
}

char *web_words_part_json(size_t language, size_t part)
{
    const json_t *parts = json_object_get(at(language)->root, "parts");
    char *text = json_dumps(json_object_get(parts, web_words_part_name(part)), JSON_COMPACT);
    assert(text != NULL);
    return text;
}
