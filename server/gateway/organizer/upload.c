/* See the header. */
#include "server/gateway/organizer/upload.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/utf8.h"
#include "server/office/event_settings.h"
#include "server/office/inventory_settings.h"
#include "ticketing/import.h"
#include "ticketing/plan_json.h"

#define DIRECTORY "/tmp/stanchion-upload-XXXXXX"
#define PATH_BYTES_MAX (sizeof DIRECTORY + UPLOAD_NAME_BYTES_MAX + 1)
#define MESSAGE_BYTES 300
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct upload {
    struct uploads *uploads;
    enum upload_kind kind;
    char event[64], currency[4];
    char *body;
    size_t body_bytes;
    upload_fn *on_done;
    void *ctx;
    pthread_t thread;
    bool is_done; /* under the lock */
    struct upload_result result;
    struct upload *next;
    /* of the thread alone */
    json_t *root, *settings, *wrong_settings;
    char directory[sizeof DIRECTORY];
    struct import_map maps[IMPORT_MAPS_MAX];
    size_t maps_count;
    struct import_report report;
    struct plan *plan;
};

/* --- the thread --- */

static void refuse(struct upload *u, unsigned status, const char *code, const char *message)
{
    json_t *body = json_pack("{ss ss}", "error", code, "message", message);
    u->result.status = status;
    u->result.answer = json_dumps(body, JSON_COMPACT);
    json_decref(body);
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* A name that can lie in our directory and nowhere else, in any language. */
static bool is_file_name(const char *name)
{
    size_t bytes = name != NULL ? strlen(name) : 0;
    bool is_good = bytes > 0 && bytes <= UPLOAD_NAME_BYTES_MAX && name[0] != '.';
    for (size_t step; is_good && *name != '\0'; name += step) {
        step = utf8_printable(name);
        is_good = step > 0 && *name != '/';
    }
    return is_good;
}

static bool write_file(const struct upload *u, const char *name, const json_t *text)
{
    char path[PATH_BYTES_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", u->directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    size_t bytes = json_string_length(text);
    bool is_written = file != NULL && fwrite(json_string_value(text), 1, bytes, file) == bytes;
    if (file != NULL)
        is_written = fclose(file) == 0 && is_written;
    return is_written;
}

/* The files of the body into a directory of their own; false when the answer is given. */
static bool write_files(struct upload *u)
{
    const json_t *files = json_object_get(u->root, "files");
    json_t *file;
    size_t i;
    (void)snprintf(u->directory, sizeof u->directory, "%s", DIRECTORY);
    if (!json_is_array(files) || json_array_size(files) == 0 ||
        json_array_size(files) > UPLOAD_FILES_MAX) {
        u->directory[0] = '\0';
        refuse(u, 400, "bad_message", "\"files\" must be a list of 1 to 8 files.");
        return false;
    }
    if (mkdtemp(u->directory) == NULL) {
        u->directory[0] = '\0';
        refuse(u, 503, "busy", "There is no room to read the files.");
        return false;
    }
    json_array_foreach((json_t *)(uintptr_t)files, i, file) {
        const json_t *text = json_object_get(file, "text");
        if (!is_file_name(text_of(file, "name")) || !json_is_string(text)) {
            refuse(u, 400, "bad_message",
                   "A file needs a \"name\" without slashes, and a \"text\".");
            return false;
        }
        if (!write_file(u, text_of(file, "name"), text)) {
            refuse(u, 400, "bad_message", "Two files have the same name, or there is no room.");
            return false;
        }
    }
    return true;
}

static void remove_files(struct upload *u)
{
    char path[PATH_BYTES_MAX];
    json_t *file;
    size_t i;
    if (u->directory[0] == '\0')
        return;
    json_array_foreach(json_object_get(u->root, "files"), i, file) {
        if (is_file_name(text_of(file, "name"))) {
            (void)snprintf(path, sizeof path, "%s/%s", u->directory, text_of(file, "name"));
            (void)unlink(path);
        }
    }
    (void)rmdir(u->directory);
}

static bool read_maps(struct upload *u)
{
    const char *ours;
    json_t *theirs;
    json_object_foreach(json_object_get(u->root, "map"), ours, theirs) {
        if (!json_is_string(theirs) || u->maps_count == IMPORT_MAPS_MAX) {
            refuse(u, 400, "bad_message", "\"map\" is an object: our column and yours.");
            return false;
        }
        u->maps[u->maps_count++] = (struct import_map){ours, json_string_value(theirs)};
    }
    return true;
}

/* A single file of any name is the plan; several go by their names. */
static void plan_path(const struct upload *u, char path[PATH_BYTES_MAX])
{
    const json_t *files = json_object_get(u->root, "files");
    if (json_array_size(files) == 1)
        (void)snprintf(path, PATH_BYTES_MAX, "%s/%s", u->directory,
                       text_of(json_array_get(files, 0), "name"));
    else
        (void)snprintf(path, PATH_BYTES_MAX, "%s", u->directory);
}

static const char *base_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? slash + 1 : path != NULL ? path : "";
}

static json_t *problem_json(const struct import_problem *problem)
{
    return json_pack("{ss sI sI ss ss* so}", "file", base_name(problem->file), "line",
                     (json_int_t)problem->line, "column", (json_int_t)problem->column, "message",
                     problem->message, "code", problem->code, "values",
                     said_values_json(problem->values, problem->values_count));
}

static json_t *problems_json(const struct import_problems *problems)
{
    json_t *list = json_array();
    for (size_t i = 0; i < problems->listed; i++) {
        json_t *object = problem_json(&problems->items[i]);
        if (object != NULL)
            (void)json_array_append_new(list, object);
    }
    return list;
}

static void on_wrong_setting(void *ctx, const char *file, uint32_t line, const struct said *said)
{
    json_t *object = problem_json(&(struct import_problem){.file = file,
                                                           .line = line,
                                                           .message = said->text,
                                                           .code = said->code,
                                                           .values = said->values,
                                                           .values_count = said->values_count});
    if (object != NULL)
        (void)json_array_append_new(ctx, object);
}

static void answer_problems(struct upload *u)
{
    json_t *errors = problems_json(&u->report.errors);
    size_t count = u->report.errors.count + json_array_size(u->wrong_settings);
    char message[MESSAGE_BYTES];
    (void)json_array_extend(errors, u->wrong_settings);
    (void)snprintf(message, sizeof message, "The inventory has %zu error%s; nothing was loaded.",
                   count, count == 1 ? "" : "s");
    json_t *body = json_pack("{ss ss so sI so sI}", "error", "bad_inventory", "message", message,
                             "errors", errors, "errors_count", (json_int_t)count, "warnings",
                             problems_json(&u->report.warnings), "warnings_count",
                             (json_int_t)u->report.warnings.count);
    u->result.status = 422;
    u->result.answer = json_dumps(body, JSON_COMPACT);
    json_decref(body);
}

static int64_t standing_count(const struct plan *plan)
{
    int64_t count = 0;
    for (size_t i = 0; i < plan->areas_count; i++)
        count += plan->areas[i].capacity;
    return count;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void answer_inventory(struct upload *u)
{
    json_t *body = json_pack(
        "{sI sI ss ss ss sO so so sI}", "seats_count", (json_int_t)plan_seats_count(u->plan),
        "standing_count", (json_int_t)standing_count(u->plan), "name",
        or_empty(import_pair_get(&u->report, "", "name")), "currency",
        u->plan->categories[0].currency, "time_zone",
        or_empty(import_pair_get(&u->report, "", "time_zone")), "settings", u->settings, "plan",
        plan_to_json(u->plan), "warnings", problems_json(&u->report.warnings), "warnings_count",
        (json_int_t)u->report.warnings.count);
    u->result.status = 200;
    u->result.answer = json_dumps(body, JSON_COMPACT);
    json_decref(body);
}

/* What the body says, otherwise what event.ini says. */
static json_t *choose(const struct upload *u, const char *name, const char *otherwise)
{
    const char *text = text_of(u->root, name);
    const char *of_file = import_pair_get(&u->report, "", name);
    if (text == NULL || text[0] == '\0')
        text = of_file != NULL ? of_file : otherwise;
    return text != NULL ? json_string(text) : NULL;
}

/* Arguments for event.load: always a draft. */
static void make_load(struct upload *u)
{
    json_t *args = json_pack("{so}", "plan", plan_to_json(u->plan));
    if (u->kind == UPLOAD_REPLACE) {
        (void)json_object_set_new(args, "id", json_string(u->event));
        (void)json_object_set_new(args, "only", json_string("draft"));
    } else {
        (void)json_object_update(u->settings, json_object_get(u->root, "settings"));
        (void)json_object_set_new(u->settings, "phase", json_string("draft"));
        (void)json_object_set(args, "id", json_object_get(u->root, "id"));
        (void)json_object_set_new(args, "only", json_string("new"));
        (void)json_object_set_new(args, "name", choose(u, "name", NULL));
        (void)json_object_set_new(args, "currency", json_string(u->plan->categories[0].currency));
        (void)json_object_set_new(args, "time_zone", choose(u, "time_zone", "UTC"));
        (void)json_object_set(args, "settings", u->settings);
    }
    json_t *warnings = problems_json(&u->report.warnings);
    u->result.status = 200;
    u->result.load_args = json_dumps(args, JSON_COMPACT);
    u->result.warnings = json_dumps(warnings, JSON_COMPACT);
    json_decref(warnings);
    json_decref(args);
}

static void import(struct upload *u)
{
    char path[PATH_BYTES_MAX];
    plan_path(u, path);
    const struct import_options options = {.path = path,
                                           .maps = u->maps,
                                           .maps_count = u->maps_count,
                                           .currency = u->currency[0] != '\0' ? u->currency : NULL,
                                           .may_lack_prices = true};
    enum import_status status = inventory_load(&options, &u->plan, &u->report);
    const json_t *zone = json_object_get(u->root, "time_zone");
    const char *time_zone = json_is_string(zone) && json_string_length(zone) > 0
                                ? json_string_value(zone)
                                : import_pair_get(&u->report, "", "time_zone");
    size_t wrong = inventory_settings_read(&u->report, time_zone != NULL ? time_zone : "UTC",
                                           u->settings, on_wrong_setting, u->wrong_settings);
    if (status == IMPORT_NO_MEMORY)
        refuse(u, 503, "busy", "There is not enough memory to read this inventory.");
    else if (status != IMPORT_OK || wrong > 0)
        answer_problems(u);
    else if (u->kind == UPLOAD_CHECK)
        answer_inventory(u);
    else
        make_load(u);
}

static void run(struct upload *u)
{
    u->root = json_loadb(u->body, u->body_bytes, JSON_REJECT_DUPLICATES, NULL);
    free(u->body);
    u->body = NULL;
    u->settings = json_object();
    u->wrong_settings = json_array();
    import_report_init(&u->report);
    const char *currency = text_of(u->root, "currency");
    if (currency != NULL && currency[0] != '\0')
        (void)snprintf(u->currency, sizeof u->currency, "%s", currency);
    if (!json_is_object(u->root))
        refuse(u, 400, "bad_message", "The body must be one object of JSON.");
    else if (currency != NULL && currency[0] != '\0' &&
             (strlen(currency) != 3 || strspn(currency, CAPITALS) != 3))
        refuse(u, 400, "bad_message", "\"currency\" must be three capital letters.");
    else if (read_maps(u) && write_files(u))
        import(u);
    remove_files(u);
    plan_free(u->plan);
    import_report_release(&u->report);
    json_decref(u->settings);
    json_decref(u->wrong_settings);
    json_decref(u->root);
}

static void *thread_main(void *arg)
{
    struct upload *u = arg;
    struct uploads *uploads = u->uploads;
    run(u);
    (void)pthread_mutex_lock(&uploads->lock);
    u->is_done = true;
    (void)pthread_mutex_unlock(&uploads->lock);
    ev_async_send(uploads->loop, &uploads->wake);
    return NULL;
}

/* --- the loop --- */

static void finish(struct upload *u)
{
    (void)pthread_join(u->thread, NULL);
    u->on_done(u->ctx, &u->result);
    free(u);
}

/* Takes the first that is done out of the list; NULL when there is none. */
static struct upload *take_done(struct uploads *uploads, bool is_any)
{
    (void)pthread_mutex_lock(&uploads->lock);
    struct upload **link = &uploads->first;
    while (*link != NULL && !(*link)->is_done && !is_any)
        link = &(*link)->next;
    struct upload *u = *link;
    if (u != NULL) {
        *link = u->next;
        uploads->count--;
    }
    (void)pthread_mutex_unlock(&uploads->lock);
    return u;
}

static void on_wake(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)loop, (void)events;
    for (struct upload *u; (u = take_done(watcher->data, false)) != NULL;)
        finish(u);
}

void uploads_init(struct uploads *uploads, struct ev_loop *loop)
{
    *uploads = (struct uploads){.loop = loop};
    int error = pthread_mutex_init(&uploads->lock, NULL);
    assert(error == 0);
    (void)error;
    ev_async_init(&uploads->wake, on_wake);
    uploads->wake.data = uploads;
    ev_async_start(loop, &uploads->wake);
}

void uploads_release(struct uploads *uploads)
{
    if (uploads->loop == NULL)
        return;
    for (struct upload *u; (u = take_done(uploads, true)) != NULL;)
        finish(u);
    ev_async_stop(uploads->loop, &uploads->wake);
    (void)pthread_mutex_destroy(&uploads->lock);
}

bool upload_start(struct uploads *uploads, enum upload_kind kind, const char *event,
                  const char *currency, char *body, size_t body_bytes, upload_fn *on_done,
                  void *ctx)
{
    struct upload *u = uploads->count < UPLOADS_MAX ? calloc(1, sizeof *u) : NULL;
    if (u == NULL) {
        free(body);
        return false;
    }
    u->uploads = uploads;
    u->kind = kind;
    u->body = body;
    u->body_bytes = body_bytes;
    u->on_done = on_done;
    u->ctx = ctx;
    (void)snprintf(u->event, sizeof u->event, "%s", event != NULL ? event : "");
    (void)snprintf(u->currency, sizeof u->currency, "%s", currency != NULL ? currency : "");
    (void)pthread_mutex_lock(&uploads->lock);
    bool is_started = pthread_create(&u->thread, NULL, thread_main, u) == 0;
    if (is_started) {
        u->next = uploads->first;
        uploads->first = u;
        uploads->count++;
    }
    (void)pthread_mutex_unlock(&uploads->lock);
    if (!is_started) {
        free(body);
        free(u);
    }
    return is_started;
}
