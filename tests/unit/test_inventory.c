/* Inventories as they lie in the tree and in the world: the example arena in both formats, every
 * example of docs/inventory.md, real plans when STANCHION_PLANS names their directory, and all of
 * them damaged at random.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/inventory_try.h"
#include "ticketing/import_report.h"
#include "ticketing/plan_json.h"

/* A file of the source tree. */
static void source_path(const char *name, char *out, size_t max)
{
    const char *root = getenv("STANCHION_SOURCE");
    int written = snprintf(out, max, "%s/%s", root == NULL ? "." : root, name);
    cr_assert(written > 0 && (size_t)written < max);
}

static struct plan *load(const char *path, const char *prices, struct import_report *report)
{
    const struct import_options options = {.path = path, .prices_path = prices};
    struct plan *plan = NULL;
    enum import_status status = inventory_load(&options, &plan, report);
    cr_assert(eq(int, status, IMPORT_OK), "%s: %s", path,
              report->errors.listed > 0 ? report->errors.items[0].message : "");
    return plan;
}

/* --- the arena --- */

struct arena {
    struct import_report report;
    struct plan *plan;
};

static void arena_init(struct arena *arena, const char *name)
{
    char path[600], prices[600];
    source_path(name, path, sizeof path);
    source_path("docs/examples/arena/prices.csv", prices, sizeof prices);
    import_report_init(&arena->report);
    arena->plan = load(path, prices, &arena->report);
}

static void arena_release(struct arena *arena)
{
    plan_free(arena->plan);
    import_report_release(&arena->report);
}

Test(arena, is_the_same_in_both_formats)
{
    struct arena json, blocks;
    arena_init(&json, "docs/examples/arena");
    arena_init(&blocks, "docs/examples/arena/blocks.csv");
    const struct plan *a = json.plan, *b = blocks.plan;
    cr_assert(eq(u32, a->seated_count, b->seated_count));
    cr_assert(eq(u32, a->seats_count, b->seats_count));
    cr_assert(eq(sz, a->sections_count, b->sections_count));
    cr_assert(eq(sz, a->rows_count, b->rows_count));
    cr_assert(eq(sz, a->categories_count, b->categories_count));
    for (size_t i = 0; i < a->sections_count; i++) {
        cr_assert_str_eq(a->sections[i].name, b->sections[i].name);
        cr_assert_str_eq(a->sections[i].level, b->sections[i].level);
    }
    for (uint32_t i = 0; i < a->seats_count; i++) {
        struct plan_place x, y;
        cr_assert(plan_place(a, i, &x) == PLAN_OK && plan_place(b, i, &y) == PLAN_OK);
        cr_assert_str_eq(x.section, y.section);
        cr_assert_str_eq(x.row, y.row);
        cr_assert_str_eq(x.number, y.number);
        cr_assert_str_eq(x.category->name, y.category->name);
        cr_assert_str_eq(x.category->color, y.category->color);
        cr_assert_str_eq(x.category->currency, y.category->currency);
        cr_assert(eq(i64, x.category->price_minor, y.category->price_minor));
        cr_assert(eq(u8, x.flags, y.flags), "seat %u", i);
        cr_assert(eq(int, x.area != NULL, y.area != NULL));
    }
    arena_release(&json);
    arena_release(&blocks);
}

Test(arena, has_what_an_example_should_have)
{
    struct arena arena;
    size_t with[PLAN_FLAGS_ALL + 1] = {0};
    arena_init(&arena, "docs/examples/arena");
    const struct plan *plan = arena.plan;
    cr_assert(eq(sz, arena.report.warnings.count, 0));
    cr_assert(plan->seated_count >= 10000);
    cr_assert(eq(sz, plan->areas_count, 2));
    cr_assert(plan->categories_count >= 5 && plan->shapes_count >= 1);
    for (uint32_t i = 0; i < plan->seated_count; i++)
        for (int flag = 1; flag <= PLAN_FLAGS_ALL; flag *= 2)
            with[flag] += (plan->seats[i].flags & flag) != 0;
    cr_assert(with[PLAN_ACCESSIBLE] >= 40);
    cr_assert(with[PLAN_COMPANION] >= 40);
    cr_assert(with[PLAN_RESTRICTED_VIEW] >= 100);
    cr_assert(with[PLAN_AISLE] >= 1000);
    cr_assert_str_eq(import_pair_get(&arena.report, "", "currency"), "EUR");
    cr_assert_str_eq(plan->name, "Arena Night");
    arena_release(&arena);
}

Test(arena, survives_the_way_through_PLAN)
{
    struct arena arena;
    struct plan *again;
    char why[200];
    size_t bytes, bytes_again;
    arena_init(&arena, "docs/examples/arena");
    char *text = plan_to_text(arena.plan, &bytes);
    cr_assert(eq(int, plan_from_text(text, bytes, &again, why, sizeof why), PLAN_OK), "%s", why);
    char *text_again = plan_to_text(again, &bytes_again);
    cr_assert(eq(sz, bytes, bytes_again));
    cr_assert(memcmp(text, text_again, bytes) == 0);
    cr_assert(bytes < 1 << 20);
    plan_free(again);
    free(text);
    free(text_again);
    arena_release(&arena);
}

/* --- docs/inventory.md --- */

/* A chapter of the document: its files have been written, `command` and `output` were found. */
struct chapter {
    struct inventory_try t;
    char title[120], command[300];
    char output[2000];
    bool is_open;
    size_t tried;
};

/* "stanchion event load hall/seats.csv --map section=sector --prices hall/prices.csv": the
 * directory's name is for the reader, ours stands in for it. */
static void run_command(struct chapter *c)
{
    struct import_map maps[IMPORT_MAPS_MAX];
    size_t maps_count = 0;
    char *save = NULL, *prices = NULL, *plan = NULL;
    for (char *word = strtok_r(c->command, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        char *slash = strchr(word, '/'), *equals = strchr(word, '=');
        bool is_option = strncmp(word, "--", 2) == 0;
        if (is_option && strcmp(word, "--id") == 0)
            strtok_r(NULL, " ", &save);
        else if (is_option && strcmp(word, "--prices") == 0) {
            prices = strtok_r(NULL, " ", &save);
            prices = strchr(prices, '/') + 1;
        } else if (!is_option && equals != NULL) {
            *equals = '\0';
            maps[maps_count++] = (struct import_map){word, equals + 1};
        } else if (slash != NULL) {
            plan = slash + 1;
        }
    }
    inventory_try_load(&c->t, plan, prices, maps, maps_count);
}

static void try_chapter(struct chapter *c)
{
    if (c->command[0] == '\0')
        return;
    run_command(c);
    char *lines = inventory_try_lines(&c->t);
    char summary[200];
    if (c->t.status == IMPORT_OK)
        snprintf(summary, sizeof summary, "%u seats, %u standing places\n", c->t.plan->seated_count,
                 c->t.plan->seats_count - c->t.plan->seated_count);
    else
        snprintf(summary, sizeof summary, "refused\n");
    size_t bytes = strlen(lines) + strlen(summary) + 1;
    char *all = malloc(bytes);
    snprintf(all, bytes, "%s%s", lines, summary);
    cr_expect_str_eq(all, c->output, "%s\nthe document says\n%s\nbut it is\n%s", c->title,
                     c->output, all);
    free(all);
    free(lines);
    c->tried++;
    c->command[0] = c->output[0] = '\0';
}

/* One line of the document; `fence` is what stands behind the opening ```, NULL outside. */
static void read_doc_line(struct chapter *c, FILE *doc, const char *line)
{
    char file[200] = "", text[8192] = "", next[1024];
    size_t used = 0;
    if (line[0] == '#') {
        inventory_try_release(&c->t);
        inventory_try_init(&c->t);
        snprintf(c->title, sizeof c->title, "%.100s", line);
        return;
    }
    if (strncmp(line, "```", 3) != 0)
        return;
    bool is_console = strncmp(line, "```console", 10) == 0;
    sscanf(line, "```%*s %199s", file);
    while (fgets(next, sizeof next, doc) != NULL && strncmp(next, "```", 3) != 0) {
        if (is_console && next[0] == '$') {
            next[strcspn(next, "\n")] = '\0';
            snprintf(c->command, sizeof c->command, "%.290s", next + 2);
            continue;
        }
        int written = snprintf(text + used, sizeof text - used, "%s", next);
        cr_assert(written > 0 && (size_t)written < sizeof text - used);
        used += (size_t)written;
    }
    if (is_console) {
        memcpy(c->output, text, used < sizeof c->output ? used + 1 : 0);
        try_chapter(c);
    } else if (file[0] != '\0') {
        inventory_try_file(&c->t, file, text);
    }
}

Test(inventory_doc, every_example_does_what_it_says)
{
    char path[600], line[1024];
    static struct chapter c;
    source_path("docs/inventory.md", path, sizeof path);
    FILE *doc = fopen(path, "r");
    cr_assert(doc != NULL, "%s", path);
    inventory_try_init(&c.t);
    while (fgets(line, sizeof line, doc) != NULL)
        read_doc_line(&c, doc, line);
    fclose(doc);
    inventory_try_release(&c.t);
    cr_assert(c.tried >= 8, "only %zu examples found", c.tried);
}

/* --- damage --- */

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static char *read_source(const char *name, size_t bytes_max, size_t *bytes)
{
    char path[600];
    source_path(name, path, sizeof path);
    FILE *file = fopen(path, "rb");
    cr_assert(file != NULL);
    char *text = malloc(bytes_max);
    *bytes = fread(text, 1, bytes_max, file);
    fclose(file);
    return text;
}

/* Cuts, overwrites, doubles or drops a piece; returns the new size, at most twice the old one. */
static size_t damage(char *text, size_t bytes)
{
    static const char nasty[] = "\"\"{}[],;:\n\r\\-0123456789eE.\xff\xc3\xe2\0";
    size_t at = next_random() % bytes, length = next_random() % 40;
    if (length > bytes - at)
        length = bytes - at;
    switch (next_random() % 4) {
    case 0:
        return at;
    case 1:
        for (size_t i = 0; i < length; i++)
            text[at + i] = nasty[next_random() % (sizeof nasty - 1)];
        return bytes;
    case 2:
        memmove(text + at + length, text + at, bytes - at);
        return bytes + length;
    default:
        memmove(text + at, text + at + length, bytes - at - length);
        return bytes - length;
    }
}

static void try_damaged(struct inventory_try *t, const char *name, const char *text, size_t bytes,
                        int rounds)
{
    char *copy = malloc(2 * bytes + 400);
    for (int i = 0; i < rounds; i++) {
        size_t size = bytes;
        memcpy(copy, text, bytes);
        for (uint64_t times = 1 + next_random() % 3; times > 0 && size > 0; times--)
            size = damage(copy, size);
        inventory_try_bytes(t, name, copy, size);
        inventory_try_load(t, NULL, NULL, NULL, 0); /* asserts that status, plan and report agree */
        cr_assert(ne(int, t->status, IMPORT_NO_MEMORY));
    }
    free(copy);
}

/* A fresh seed each time; SEED=... repeats one. The files are beginnings of the example, small
 * enough for many rounds. */
Test(damage, is_refused_or_taken_but_never_crashes)
{
    static const struct {
        const char *source, *name;
        size_t bytes_max;
    } files[] = {
        {"docs/examples/arena/blocks.csv", "seats.csv", 6000},
        {"docs/examples/arena/plan.json", "plan.json", 6000},
        {"docs/examples/arena/prices.csv", "prices.csv", 6000},
        {"docs/examples/arena/event.ini", "event.ini", 6000},
    };
    const char *seed = getenv("SEED");
    struct inventory_try t;
    random_state = seed != NULL ? strtoull(seed, NULL, 10)
                                : (uint64_t)time(NULL) * 2654435761u ^ (uint64_t)getpid();
    random_state |= 1;
    cr_log_info("SEED=%llu", (unsigned long long)random_state);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t bytes;
        char *text = read_source(files[i].source, files[i].bytes_max, &bytes);
        inventory_try_init(&t);
        if (i == 1) {
            /* A beginning of JSON is never valid: close it, so that there
             * is something to damage. */
            char *end = text + bytes;
            while (end > text && strncmp(end - 2, "},\n", 3) != 0)
                end--;
            bytes = (size_t)(end - text - 1);
            bytes += (size_t)snprintf(text + bytes, files[i].bytes_max - bytes, "}]}]}");
        }
        if (i >= 2)
            inventory_try_file(&t, "seats.csv", "section,row,seat,category\nA,1,1,Premium\n");
        try_damaged(&t, files[i].name, text, bytes, 150);
        inventory_try_release(&t);
        free(text);
    }
}

/* --- plans by others: tests outside the project, run where STANCHION_PLANS names their directory
 * --- */

static bool find_plan(const char *name, char *out, size_t max)
{
    const char *directory = getenv("STANCHION_PLANS");
    if (directory == NULL) {
        cr_skip("STANCHION_PLANS is not set: %s is not tried", name);
        return false;
    }
    int written = snprintf(out, max, "%s/%s", directory, name);
    cr_assert(written > 0 && (size_t)written < max);
    return true;
}

Test(real_plans, riethsporthalle)
{
    struct inventory_try t;
    char path[600], prices[200];
    if (!find_plan("riethsporthalle.strict.json", path, sizeof path))
        return;
    inventory_try_init(&t);
    inventory_try_file(&t, "prices.csv",
                       "category,price,currency\nKategorie I,45.00,EUR\nKategorie "
                       "II,35.50,EUR\nKategorie III,25,EUR\n"
                       "Fanblock,15.00,EUR\nC unten,20.00,EUR\nVIP,99.00,EUR\n");
    snprintf(prices, sizeof prices, "%s/prices.csv", t.directory);
    t.plan = load(path, prices, &t.report);
    cr_assert(eq(u32, plan_seats_count(t.plan), 1252));
    cr_assert(eq(sz, t.plan->sections_count, 6));
    cr_assert(eq(sz, t.plan->rows_count, 63));
    cr_assert(eq(sz, t.plan->categories_count, 6));
    inventory_try_release(&t);
}

Test(real_plans, pretix_editor_sample_is_refused_seat_by_seat)
{
    struct import_report report;
    struct plan *plan = NULL;
    char path[600];
    size_t duplicates = 0;
    if (!find_plan("pretix-editor-sample.json", path, sizeof path))
        return;
    import_report_init(&report);
    enum import_status status =
        inventory_load(&(struct import_options){.path = path}, &plan, &report);
    cr_assert(eq(int, status, IMPORT_REFUSED));
    for (size_t i = 0; i < report.errors.listed; i++)
        if (strstr(report.errors.items[i].message, "the seat_guid \"") != NULL) {
            duplicates++;
            cr_assert(report.errors.items[i].line > 0);
            cr_assert(strstr(report.errors.items[i].message, "(zone \"") != NULL);
        }
    cr_assert(eq(sz, duplicates, 738 - 318));
    import_report_release(&report);
}

Test(real_plans, metalist_kharkiv_by_map)
{
    struct inventory_try t;
    char path[600], prices[200];
    if (!find_plan("metalist-kharkiv.seats.csv", path, sizeof path))
        return;
    inventory_try_init(&t);
    inventory_try_file(
        &t, "prices.csv",
        "category,price,currency,section,level\nNorth,300,UAH,*,north\nRest,500,UAH,*,\n");
    snprintf(prices, sizeof prices, "%s/prices.csv", t.directory);
    const struct import_map maps[] = {{"section", "sector"}, {"level", "stand"}};
    const struct import_options options = {
        .path = path, .prices_path = prices, .maps = maps, .maps_count = 2};
    cr_assert(eq(int, inventory_load(&options, &t.plan, &t.report), IMPORT_OK));
    cr_assert(eq(u32, plan_seats_count(t.plan), 39616));
    cr_assert(eq(sz, t.plan->sections_count, 58));
    cr_assert(eq(sz, t.plan->rows_count, 1453));
    cr_assert(eq(sz, t.report.warnings.count, 0));
    inventory_try_release(&t);
}
