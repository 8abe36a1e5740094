/* `stanchion event load`: reads and checks the whole inventory here, says everything that is wrong
 * with it, and only then sends it to the ledger in one request. Names and settings come from
 * event.ini; options win over it. */
#include "server/cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/office_client.h"
#include "server/office/inventory_settings.h"
#include "ticketing/import.h"
#include "ticketing/plan_json.h"

#define PROBLEM_BYTES_MAX 2048
#define OURS_BYTES_MAX 64

/* The options' places in the table of commands. */
enum {
    OPTION_ID,
    OPTION_NAME,
    OPTION_PRICES,
    OPTION_MAP,
    OPTION_CURRENCY,
    OPTION_TIME_ZONE,
    OPTION_DRY_RUN
};

/* One load. */
struct load {
    struct import_report report;
    struct plan *plan;
    json_t *settings;
    char id[EVENT_ID_BYTES_MAX + 1];
    const char *name, *currency, *time_zone;
    char ours[IMPORT_MAPS_MAX][OURS_BYTES_MAX];
    struct import_map maps[IMPORT_MAPS_MAX];
};

static const char *option(const struct cli_args *args, int index)
{
    return args->values_count[index] > 0 ? args->values[index][0] : NULL;
}

_Static_assert(CLI_REPEATS_MAX <= IMPORT_MAPS_MAX, "an option repeats no more than there is room");

static bool read_maps(const struct cli_args *args, struct load *load)
{
    for (size_t i = 0; i < args->values_count[OPTION_MAP]; i++) {
        const char *text = args->values[OPTION_MAP][i], *equals = strchr(text, '=');
        size_t bytes = equals ? (size_t)(equals - text) : 0;
        if (bytes == 0 || bytes >= OURS_BYTES_MAX || equals[1] == '\0') {
            (void)cli_fail(
                "--map %s: expected OURS=THEIRS, for example section=sector, at most %d times",
                text, IMPORT_MAPS_MAX);
            return false;
        }
        memcpy(load->ours[i], text, bytes);
        load->ours[i][bytes] = '\0';
        load->maps[i] = (struct import_map){load->ours[i], equals + 1};
    }
    return true;
}

static void print_problems(const char *kind, const struct import_problems *problems)
{
    char text[PROBLEM_BYTES_MAX];
    for (size_t i = 0; i < problems->listed; i++)
        (void)fprintf(stderr, "%s: %s\n", kind,
                      import_problem_format(&problems->items[i], text, sizeof text));
    if (problems->count > problems->listed)
        (void)fprintf(stderr, "%s: and %zu more\n", kind, problems->count - problems->listed);
}

static void on_wrong_setting(void *ctx, const char *file, uint32_t line, const struct said *problem)
{
    (void)ctx;
    (void)fprintf(stderr, "error: %s:%" PRIu32 ": %s\n", file, line, problem->text);
}

/* An id out of the path's last part: letters and digits stay, runs of others become one dash. */
static void id_from_path(const char *path, char *id)
{
    size_t end = strlen(path), used = 0;
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    const char *dot = memchr(path + start, '.', end - start);
    if (dot && dot > path + start)
        end = (size_t)(dot - path);
    for (size_t i = start; i < end && used < EVENT_ID_BYTES_MAX; i++) {
        char c = path[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_letter)
            id[used++] = c;
        else if (used > 0 && id[used - 1] != '-')
            id[used++] = '-';
    }
    while (used > 0 && id[used - 1] == '-')
        used--;
    id[used] = '\0';
}

static const char *first_of(const char *first, const char *second, const char *third)
{
    const char *best = first ? first : second;
    return best && best[0] ? best : third;
}

static bool choose_names(const struct cli_args *args, struct load *load)
{
    const struct import_report *report = &load->report;
    const char *id = option(args, OPTION_ID);
    if (id && strlen(id) > EVENT_ID_BYTES_MAX) {
        (void)cli_fail("an event's id has at most %d characters", EVENT_ID_BYTES_MAX);
        return false;
    }
    if (id)
        (void)snprintf(load->id, sizeof load->id, "%s", id);
    else
        id_from_path(args->arguments[0], load->id);
    if (load->id[0] == '\0') {
        (void)cli_fail("no id can be made from %s: choose one with --id", args->arguments[0]);
        return false;
    }
    load->name = first_of(option(args, OPTION_NAME), import_pair_get(report, "", "name"),
                          load->plan->name[0] ? load->plan->name : load->id);
    load->currency =
        first_of(option(args, OPTION_CURRENCY), import_pair_get(report, "", "currency"),
                 load->plan->categories_count > 0 ? load->plan->categories[0].currency : "EUR");
    return true;
}

/* Everything that can be checked without a server. */
static bool check(const struct cli_args *args, struct load *load)
{
    const struct import_options options = {.path = args->arguments[0],
                                           .prices_path = option(args, OPTION_PRICES),
                                           .maps = load->maps,
                                           .maps_count = args->values_count[OPTION_MAP]};
    enum import_status status = inventory_load(&options, &load->plan, &load->report);
    load->time_zone = first_of(option(args, OPTION_TIME_ZONE),
                               import_pair_get(&load->report, "", "time_zone"), "UTC");
    print_problems("warning", &load->report.warnings);
    print_problems("error", &load->report.errors);
    size_t errors =
        load->report.errors.count + inventory_settings_read(&load->report, load->time_zone,
                                                            load->settings, on_wrong_setting, NULL);
    if (status == IMPORT_NO_MEMORY)
        (void)cli_fail("not enough memory to read %s", args->arguments[0]);
    else if (status != IMPORT_OK || errors > 0)
        (void)cli_fail("%zu error%s in %s; nothing was loaded", errors, errors == 1 ? "" : "s",
                       args->arguments[0]);
    return status == IMPORT_OK && errors == 0 && choose_names(args, load);
}

static int send(const struct config *config, const struct load *load)
{
    json_t *plan = plan_to_json(load->plan);
    json_t *args = json_pack("{s:s, s:s, s:s, s:s, s:o, s:O}", "id", load->id, "name", load->name,
                             "currency", load->currency, "time_zone", load->time_zone, "plan", plan,
                             "settings", load->settings);
    if (!args)
        return cli_fail("the id or a name is not UTF-8");
    struct office_client *client = office_client_create(config);
    json_t *answer = client ? office_ask(client, "event.load", args, OFFICE_LOAD_WAIT_MS) : NULL;
    if (answer)
        (void)printf("%s: %" PRIu32 " seats in %zu categories loaded; ", load->id,
                     plan_seats_count(load->plan), load->plan->categories_count);
    if (json_is_true(json_object_get(answer, "is_live")))
        (void)printf("the sale goes on with them, what is sold keeps its price\n");
    else if (answer)
        (void)printf("`stanchion event open %s` opens the sale\n", load->id);
    int code = answer ? CLI_OK : CLI_FAILED;
    json_decref(answer);
    json_decref(args);
    office_client_free(client);
    return code;
}

int cli_event_load(struct config *config, const struct cli_args *args)
{
    static struct load load; /* large */
    int code = CLI_FAILED;
    import_report_init(&load.report);
    load.settings = json_object();
    if (!read_maps(args, &load))
        code = CLI_USAGE;
    else if (!check(args, &load))
        code = CLI_FAILED;
    else if (args->values_count[OPTION_DRY_RUN] == 0)
        code = send(config, &load);
    else
        code = printf("%s: %" PRIu32
                      " seats in %zu categories are good; nothing was loaded (--dry-run)\n",
                      load.id, plan_seats_count(load.plan), load.plan->categories_count) > 0
                   ? CLI_OK
                   : CLI_FAILED;
    json_decref(load.settings);
    plan_free(load.plan);
    import_report_release(&load.report);
    return code;
}
