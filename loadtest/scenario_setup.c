/* Each call runs `stanchion event ...` to its end; what it says is shown only when it fails. */
#include "loadtest/scenario_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loadtest/program.h"

#define ROW_SEATS 50
#define SECTION_ROWS 20
#define ID_NAME_BYTES 30

/* Beside our own program, unless it is named. */
static bool find_program(struct scenario_setup *u, const struct stampede_options *o)
{
    int n;
    if (o->stanchion) {
        n = snprintf(u->program, sizeof u->program, "%s", o->stanchion);
    } else {
        char self[2048];
        ssize_t bytes = readlink("/proc/self/exe", self, sizeof self - 1);
        char *slash = NULL;
        if (bytes > 0) {
            self[bytes] = '\0';
            slash = strrchr(self, '/');
        }
        if (!slash)
            return false;
        *slash = '\0';
        n = snprintf(u->program, sizeof u->program, "%s/stanchion", self);
    }
    if (n > 0 && (size_t)n < sizeof u->program && access(u->program, X_OK) == 0)
        return true;
    fprintf(stderr, "stampede: there is no program %s; name it with --stanchion FILE\n",
            u->program);
    return false;
}

bool scenario_setup_init(struct scenario_setup *u, const struct stampede_options *o,
                         const struct scenario *s, const char *name)
{
    *u = (struct scenario_setup){.data_dir = o->data_dir};
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    int name_bytes = (int)strcspn(name, ".");
    for (size_t i = 0; i < s->events_count; i++) {
        const char *word = s->events_count > 1 ? s->events[i].name : name;
        int bytes = s->events_count > 1 ? (int)strlen(word) : name_bytes;
        int n =
            snprintf(u->ids[i], sizeof u->ids[i], "%.*s-%lld",
                     bytes < ID_NAME_BYTES ? bytes : ID_NAME_BYTES, word, (long long)time(NULL));
        if (n < 0)
            return false;
    }
    return find_program(u, o);
}

/* Runs `stanchion event WORDS... --data.dir DIR`. */
static bool call(const struct scenario_setup *u, const char *const *words, size_t words_count)
{
    const char *argv[STAMPEDE_SCENARIO_SETTINGS_MAX + STAMPEDE_GIVEN_MAX + 12];
    char said[2048];
    size_t count = 0;
    argv[count++] = u->program;
    argv[count++] = "event";
    for (size_t i = 0; i < words_count; i++)
        argv[count++] = words[i];
    argv[count++] = "--data.dir";
    argv[count++] = u->data_dir;
    argv[count] = NULL;
    int code = program_run(argv, said, sizeof said, STAMPEDE_PROGRAM_MS);
    if (code != 0)
        fprintf(stderr, "stampede: `stanchion event %s %s` failed (%d): %s\n", words[0], words[1],
                code, said);
    return code == 0;
}

/* One table of rows of 50 seats. */
static bool write_seats(const char *path, uint32_t seats)
{
    FILE *f = fopen(path, "we");
    if (!f)
        return false;
    fprintf(f, "section,row,seat_from,seat_to,category,price,currency\n");
    for (uint32_t row = 0; seats > 0; row++) {
        uint32_t count = seats < ROW_SEATS ? seats : ROW_SEATS;
        fprintf(f, "%u,%u,1,%u,%s,%s,EUR\n", row / SECTION_ROWS + 1, row % SECTION_ROWS + 1, count,
                row % 2 ? "Back" : "Front", row % 2 ? "25.00" : "50.00");
        seats -= count;
    }
    return fclose(f) == 0;
}

static bool load_made(const struct scenario_setup *u, const char *id, const char *name,
                      uint32_t seats)
{
    const char *base = getenv("TMPDIR");
    char dir[512], path[600];
    int a = snprintf(dir, sizeof dir, "%s/stampede-XXXXXX", base && *base ? base : "/tmp");
    if (a < 0 || (size_t)a >= sizeof dir || !mkdtemp(dir)) {
        perror("stampede: a temporary directory");
        return false;
    }
    int b = snprintf(path, sizeof path, "%s/seats.csv", dir);
    const char *words[] = {"load", dir, "--id", id, "--name", name};
    bool is_good = b > 0 && write_seats(path, seats) && call(u, words, 6);
    (void)unlink(path);
    (void)rmdir(dir);
    return is_good;
}

bool scenario_setup_load(struct scenario_setup *u, const struct scenario *s)
{
    for (size_t i = 0; i < s->events_count; i++, u->loaded_count++) {
        const struct scenario_event *e = &s->events[i];
        const char *words[] = {"load", e->inventory, "--id", u->ids[i]};
        const char *name = s->title && s->title[0] ? s->title : u->ids[i];
        if (e->inventory ? !call(u, words, 4) : !load_made(u, u->ids[i], name, e->seats))
            return false;
    }
    return true;
}

/* The words of one `event set`. */
struct set_words {
    const char *words[STAMPEDE_SCENARIO_SETTINGS_MAX + STAMPEDE_GIVEN_MAX + 3];
    char texts[STAMPEDE_SCENARIO_SETTINGS_MAX + STAMPEDE_GIVEN_MAX]
              [STAMPEDE_NAME_BYTES_MAX + STAMPEDE_SETTING_BYTES_MAX];
    size_t count, texts_count;
};

static bool add_setting(struct set_words *w, const char *key, size_t key_bytes, const char *value,
                        int64_t start_ms)
{
    char made[STAMPEDE_SETTING_BYTES_MAX - 2], *text = w->texts[w->texts_count];
    int n = key_bytes <= STAMPEDE_NAME_BYTES_MAX &&
                    scenario_setting_value(value, start_ms, made, sizeof made)
                ? snprintf(text, sizeof w->texts[0], "%.*s=%s", (int)key_bytes, key, made)
                : -1;
    if (n < 0) {
        fprintf(stderr, "stampede: %s cannot be \"%s\"\n", key, value);
        return false;
    }
    w->words[w->count++] = text;
    w->texts_count++;
    return true;
}

/* --set KEY=VALUE */
static bool add_given(struct set_words *w, const char *given, int64_t start_ms)
{
    const char *equals = strchr(given, '=');
    if (equals)
        return add_setting(w, given, (size_t)(equals - given), equals + 1, start_ms);
    fprintf(stderr, "stampede: --set needs KEY=VALUE, not \"%s\"\n", given);
    return false;
}

/* A schedule or a phase of its own says when the sale begins. */
static bool opens_itself(const struct scenario_event *e)
{
    for (size_t i = 0; i < e->settings_count; i++)
        if (strcmp(e->settings[i].key, "phase") == 0 ||
            strcmp(e->settings[i].key, "opens_at_ms") == 0)
            return true;
    return false;
}

/* A setting of the command line takes the place of the file's. */
static bool is_given(const struct stampede_options *o, const char *key)
{
    size_t bytes = strlen(key);
    for (size_t i = 0; i < o->given_count; i++)
        if (strcmp(o->given[i].name, "set") == 0 && strncmp(o->given[i].value, key, bytes) == 0 &&
            o->given[i].value[bytes] == '=')
            return true;
    return false;
}

static bool open_event(const struct scenario_setup *u, const struct scenario *s,
                       const struct stampede_options *o, size_t event, int64_t start_ms)
{
    struct set_words w = {.words = {"set", u->ids[event]}, .count = 2};
    const struct scenario_event *e = &s->events[event];
    bool is_good = true;
    for (size_t i = 0; i < e->settings_count && is_good; i++) {
        const struct scenario_setting *setting = &e->settings[i];
        if (!is_given(o, setting->key))
            is_good = add_setting(&w, setting->key, strlen(setting->key), setting->value, start_ms);
    }
    for (size_t i = 0; i < o->given_count && is_good; i++)
        if (strcmp(o->given[i].name, "set") == 0)
            is_good = add_given(&w, o->given[i].value, start_ms);
    if (!opens_itself(e) && !is_given(o, "phase"))
        w.words[w.count++] = "phase=open";
    return is_good && call(u, w.words, w.count);
}

bool scenario_setup_open(const struct scenario_setup *u, const struct scenario *s,
                         const struct stampede_options *o, int64_t start_ms)
{
    for (size_t i = 0; i < s->events_count; i++)
        if (!open_event(u, s, o, i, start_ms))
            return false;
    return true;
}

bool scenario_setup_set(const struct scenario_setup *u, size_t event,
                        const struct scenario_setting *setting, int64_t start_ms)
{
    struct set_words w = {.words = {"set", u->ids[event]}, .count = 2};
    return add_setting(&w, setting->key, strlen(setting->key), setting->value, start_ms) &&
           call(u, w.words, w.count);
}

void scenario_setup_close(const struct scenario_setup *u)
{
    for (size_t i = 0; i < u->loaded_count; i++) {
        const char *words[] = {"set", u->ids[i], "phase=closed"};
        (void)call(u, words, 3);
    }
}
