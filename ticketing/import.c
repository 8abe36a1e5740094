/* The front of the importer: which files there are, in which order they are read, and what comes of
 * it.
 *
 * event.ini first (the currency), then prices (categories of sections), then the plan. A fault in
 * one does not keep the others from being read: the organizer wants to see all faults at once. A
 * plan is only made when there is none.
 */
#include "ticketing/import.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "ticketing/import_builder.h"
#include "ticketing/import_event.h"
#include "ticketing/import_pretix.h"
#include "ticketing/import_rows.h"

/* The files of one inventory; NULL = there is none. The strings belong to the report. */
struct inventory_files {
    const char *plan, *prices, *event;
};

static bool is_there(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

/* "directory/name" when that exists, otherwise NULL. */
static const char *find_in(struct import_report *report, const char *directory, const char *name)
{
    size_t bytes = strlen(directory) + 1 + strlen(name);
    char *path = malloc(bytes + 1);
    const char *found = NULL;
    if (path == NULL) {
        import_no_memory(report);
        return NULL;
    }
    bool has_slash = directory[0] != '\0' && directory[strlen(directory) - 1] == '/';
    if (snprintf(path, bytes + 1, "%s%s%s", directory, has_slash ? "" : "/", name) > 0 &&
        is_there(path))
        found = import_text(report, path, strlen(path));
    free(path);
    return found;
}

static enum import_status find_files(const struct import_options *options,
                                     struct import_report *report, struct inventory_files *files)
{
    struct stat status;
    const char *path = import_text(report, options->path, strlen(options->path));
    const struct import_source at = {.file = path};
    *files = (struct inventory_files){.plan = path};
    if (options->prices_path != NULL)
        files->prices = import_text(report, options->prices_path, strlen(options->prices_path));
    if (stat(options->path, &status) != 0 || !S_ISDIR(status.st_mode))
        return IMPORT_OK; /* import_read has the words for a file that cannot be read */
    files->plan = find_in(report, path, "plan.json");
    const char *seats = find_in(report, path, "seats.csv");
    if (files->plan != NULL && seats != NULL) {
        import_error(report, at, "import.two_plans",
                     "the directory has a plan.json and a seats.csv: expected one of them");
        return IMPORT_REFUSED;
    }
    if (files->plan == NULL)
        files->plan = seats;
    if (files->plan == NULL) {
        import_error(report, at, "import.no_plan",
                     "the directory has no plan.json and no seats.csv");
        return IMPORT_UNREADABLE;
    }
    if (files->prices == NULL)
        files->prices = find_in(report, path, "prices.csv");
    files->event = find_in(report, path, "event.ini");
    return IMPORT_OK;
}

static bool is_json(const char *text)
{
    text += strspn(text, " \t\r\n");
    return *text == '{' || *text == '[';
}

/* "concert-hall" for "plans/concert-hall.csv": the name of a plan that has none. */
static const char *name_of_file(struct import_report *report, const char *path)
{
    const char *name = import_file_name(path), *dot = strrchr(name, '.');
    size_t bytes = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
    return import_text(report, name, bytes > PLAN_LABEL_BYTES_MAX ? PLAN_LABEL_BYTES_MAX : bytes);
}

static enum import_status read_plan(const struct import_options *options, struct builder *b,
                                    const char *file, const char *currency, struct plan **out)
{
    char *memory = NULL, *text;
    size_t bytes;
    struct pretix_head head = {.name = ""};
    enum import_status status = import_read(b->report, file, &memory, &text, &bytes);
    if (status != IMPORT_OK)
        return status;
    if (is_json(text))
        import_pretix(b, file, text, bytes, &head);
    else
        import_rows(b, file, text, options, currency);
    free(memory);
    const char *name = import_pair_get(b->report, "", "name");
    if (name == NULL)
        name = head.name[0] != '\0' ? head.name : name_of_file(b->report, file);
    return builder_finish(b, file, name, head.width, head.height, currency, out);
}

/* The graver of two. */
static enum import_status worse(enum import_status a, enum import_status b)
{
    return a > b ? a : b;
}

static enum import_status load(const struct import_options *options,
                               const struct inventory_files *files, struct import_report *report,
                               struct plan **out)
{
    struct price_list prices = {0};
    struct builder b;
    enum import_status status = IMPORT_OK;
    if (files->event != NULL)
        status = import_event(report, files->event);
    const char *currency = import_pair_get(report, "", "currency");
    if (currency == NULL)
        currency = options->currency;
    if (files->prices != NULL)
        status = worse(status, prices_read(report, files->prices, currency, &prices));
    builder_init(&b, report, &prices);
    b.may_lack_prices = options->may_lack_prices;
    status = worse(status, read_plan(options, &b, files->plan, currency, out));
    builder_release(&b);
    prices_release(&prices);
    return status;
}

enum import_status inventory_load(const struct import_options *options, struct plan **out,
                                  struct import_report *report)
{
    struct inventory_files files;
    struct plan *plan = NULL;
    assert(options->path != NULL && options->maps_count <= IMPORT_MAPS_MAX);
    enum import_status status = find_files(options, report, &files);
    if (status == IMPORT_OK)
        status = load(options, &files, report, &plan);
    if (report->is_out_of_memory)
        status = IMPORT_NO_MEMORY;
    if (status == IMPORT_OK && report->errors.count == 0) {
        *out = plan;
        return IMPORT_OK;
    }
    plan_free(plan);
    return status == IMPORT_OK ? IMPORT_REFUSED : status;
}
