/* The built-in files are compiled in, so that the program needs nothing beside it. */
#include "loadtest/scenario_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/load_run.h"
#include "loadtest/nearest.h"
#include "scenarios_files.h"

struct built_in {
    const char *name;
    const unsigned char *text;
    const unsigned long *bytes;
};

static const struct built_in built_ins[] = {
    {"onsale-spike", scenarios_onsale_spike_ini, &scenarios_onsale_spike_ini_bytes},
    {"prequeue-draw", scenarios_prequeue_draw_ini, &scenarios_prequeue_draw_ini_bytes},
    {"reconnect-storm", scenarios_reconnect_storm_ini, &scenarios_reconnect_storm_ini_bytes},
    {"redis-lost", scenarios_redis_lost_ini, &scenarios_redis_lost_ini_bytes},
    {"refresh-storm", scenarios_refresh_storm_ini, &scenarios_refresh_storm_ini_bytes},
    {"no-shows", scenarios_no_shows_ini, &scenarios_no_shows_ini_bytes},
    {"survival", scenarios_survival_ini, &scenarios_survival_ini_bytes},
    {"hot-seats", scenarios_hot_seats_ini, &scenarios_hot_seats_ini_bytes},
    {"sell-out", scenarios_sell_out_ini, &scenarios_sell_out_ini_bytes},
    {"bad-clients", scenarios_bad_clients_ini, &scenarios_bad_clients_ini_bytes},
    {"soak", scenarios_soak_ini, &scenarios_soak_ini_bytes},
    {"million", scenarios_million_ini, &scenarios_million_ini_bytes},
    {"two-events", scenarios_two_events_ini, &scenarios_two_events_ini_bytes},
};
#define BUILT_INS_COUNT (sizeof built_ins / sizeof *built_ins)

/* A scenario or a command: both stand in the same place. */
static void refuse(const char *name)
{
    static const char *const commands[] = {"run", "scenarios", "page", "compare", "calibrate"};
    const size_t commands_count = sizeof commands / sizeof *commands;
    const char *words[BUILT_INS_COUNT + sizeof commands / sizeof *commands];
    memcpy(words, commands, sizeof commands);
    for (size_t i = 0; i < BUILT_INS_COUNT; i++)
        words[commands_count + i] = built_ins[i].name;
    const char *nearest = nearest_of(name, words, sizeof words / sizeof *words);
    fprintf(stderr, "stampede: there is no scenario \"%s\"; ", name);
    if (nearest)
        fprintf(stderr, "did you mean %s?\n", nearest);
    else
        fprintf(stderr, "`stampede scenarios` lists them, a file of one's own is named "
                        "./like-this.ini, and other commands are in `stampede --help`\n");
}

static const struct built_in *find(const char *name)
{
    for (size_t i = 0; i < BUILT_INS_COUNT; i++)
        if (strcmp(built_ins[i].name, name) == 0)
            return &built_ins[i];
    refuse(name);
    return NULL;
}

static struct scenario *parse(const char *name, const char *text, size_t bytes,
                              const struct stampede_options *defaults)
{
    struct scenario_error error;
    struct scenario *s = scenario_parse(text, bytes, defaults, &error);
    if (!s && error.line > 0)
        fprintf(stderr, "stampede: %s:%u: %s\n", name, error.line, error.text);
    else if (!s)
        fprintf(stderr, "stampede: %s: %s\n", name, error.text);
    return s;
}

static struct scenario *read_file(const char *path, const struct stampede_options *defaults)
{
    char *text = malloc(STAMPEDE_SCENARIO_BYTES_MAX + 1);
    FILE *f = text ? fopen(path, "re") : NULL;
    if (!f) {
        perror(path);
        free(text);
        return NULL;
    }
    size_t bytes = fread(text, 1, STAMPEDE_SCENARIO_BYTES_MAX + 1, f);
    bool is_good = !ferror(f) && bytes <= STAMPEDE_SCENARIO_BYTES_MAX;
    fclose(f);
    struct scenario *s = is_good ? parse(path, text, bytes, defaults) : NULL;
    if (!is_good)
        fprintf(stderr, "stampede: %s cannot be read, or has more than %d bytes\n", path,
                STAMPEDE_SCENARIO_BYTES_MAX);
    free(text);
    return s;
}

struct scenario *scenario_files_read(const char *name, const struct stampede_options *defaults)
{
    if (strpbrk(name, "/."))
        return read_file(name, defaults);
    const struct built_in *b = find(name);
    return b ? parse(name, (const char *)b->text, *b->bytes, defaults) : NULL;
}

static bool list_one(const struct built_in *b, const struct stampede_options *defaults)
{
    struct scenario *s = parse(b->name, (const char *)b->text, *b->bytes, defaults);
    if (!s)
        return false;
    uint64_t visitors = 0;
    for (size_t i = 0; i < s->crowds_count; i++)
        visitors += s->crowds[i].options.visitors;
    printf("%-18s%9llu visitors  %s\n", b->name, (unsigned long long)visitors, s->title);
    if (s->about)
        printf("%38s%s\n", "", s->about);
    scenario_free(s);
    return true;
}

int scenario_files_list(int argc, char **argv)
{
    char program[] = "stampede", *no_arguments[] = {program, NULL};
    struct stampede_options *defaults = calloc(1, sizeof *defaults);
    bool is_good = defaults && stampede_options_read(1, no_arguments, defaults) == OPTIONS_OK;
    if (argc > 2) {
        fprintf(stderr, "usage: stampede scenarios [NAME]\n");
        is_good = false;
    } else if (argc > 1) {
        const struct built_in *b = find(argv[1]);
        is_good = b != NULL;
        if (b)
            fwrite(b->text, 1, *b->bytes, stdout);
    } else {
        for (size_t i = 0; i < BUILT_INS_COUNT && is_good; i++)
            is_good = list_one(&built_ins[i], defaults);
    }
    free(defaults);
    return is_good ? 0 : LOAD_RUN_USAGE;
}
