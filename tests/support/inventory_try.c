/* Inventories on disk for tests: written, loaded, removed. */
#include "support/inventory_try.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void inventory_try_init(struct inventory_try *t)
{
    *t = (struct inventory_try){.directory = "/tmp/stanchion-inventory-XXXXXX"};
    cr_assert(mkdtemp(t->directory) != NULL);
    import_report_init(&t->report);
}

static void path_of(const struct inventory_try *t, const char *name, char *out, size_t max)
{
    int written = snprintf(out, max, "%s/%s", t->directory, name);
    cr_assert(written > 0 && (size_t)written < max);
}

void inventory_try_release(struct inventory_try *t)
{
    DIR *directory = opendir(t->directory);
    cr_assert(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[512];
        path_of(t, entry->d_name, path, sizeof path);
        unlink(path);
    }
    closedir(directory);
    rmdir(t->directory);
    plan_free(t->plan);
    import_report_release(&t->report);
}

void inventory_try_bytes(struct inventory_try *t, const char *name, const char *bytes, size_t count)
{
    char path[512];
    path_of(t, name, path, sizeof path);
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL);
    cr_assert(fwrite(bytes, 1, count, file) == count);
    cr_assert(fclose(file) == 0);
}

void inventory_try_file(struct inventory_try *t, const char *name, const char *text)
{
    inventory_try_bytes(t, name, text, strlen(text));
}

void inventory_try_load(struct inventory_try *t, const char *name, const char *prices,
                        const struct import_map *maps, size_t maps_count)
{
    char path[512], prices_path[512];
    struct import_options options = {.path = t->directory, .maps = maps, .maps_count = maps_count};
    if (name != NULL) {
        path_of(t, name, path, sizeof path);
        options.path = path;
    }
    if (prices != NULL) {
        path_of(t, prices, prices_path, sizeof prices_path);
        options.prices_path = prices_path;
    }
    plan_free(t->plan);
    t->plan = NULL;
    import_report_release(&t->report);
    t->status = inventory_load(&options, &t->plan, &t->report);
    cr_assert((t->status == IMPORT_OK) == (t->plan != NULL));
    cr_assert((t->status == IMPORT_OK) == (t->report.errors.count == 0));
}

static const char *without_directory(const char *line)
{
    static const char start[] = "/tmp/stanchion-inventory-";
    if (strncmp(line, start, sizeof start - 1) != 0)
        return line;
    const char *rest = line + sizeof start - 1;
    const char *slash = strchr(rest, '/');
    return slash == NULL || slash - rest > 6 ? line : slash + 1;
}

bool inventory_try_has(const struct import_problems *problems, const char *place, const char *words)
{
    char line[2 * IMPORT_MESSAGE_BYTES_MAX];
    for (size_t i = 0; i < problems->listed; i++) {
        const char *text = import_problem_format(&problems->items[i], line, sizeof line);
        text = without_directory(text);
        if (strncmp(text, place, strlen(place)) == 0 && strstr(text, words) != NULL)
            return true;
    }
    return false;
}

static void add_lines(FILE *out, const struct import_problems *problems, const char *kind)
{
    char line[2 * IMPORT_MESSAGE_BYTES_MAX];
    for (size_t i = 0; i < problems->listed; i++) {
        import_problem_format(&problems->items[i], line, sizeof line);
        fprintf(out, "%s%s\n", kind, without_directory(line));
    }
}

char *inventory_try_lines(const struct inventory_try *t)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    cr_assert(out != NULL);
    add_lines(out, &t->report.errors, "");
    add_lines(out, &t->report.warnings, "warning: ");
    fclose(out);
    return text;
}
