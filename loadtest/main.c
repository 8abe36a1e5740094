/* stampede: virtual visitors for Stanchion, and the checker of its promises. Ways to call
 * it: one crowd to an event that is there, a scenario, the list of scenarios, and what is done with
 * reports that were kept. */
#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "loadtest/calibrate.h"
#include "loadtest/compare.h"
#include "loadtest/load_run.h"
#include "loadtest/report.h"
#include "loadtest/report_html.h"
#include "loadtest/scenario_files.h"
#include "loadtest/scenario_run.h"

static int run_one(int argc, char **argv)
{
    static struct stampede_options options; /* large */
    switch (stampede_options_read(argc, argv, &options)) {
    case OPTIONS_OK:
        break;
    case OPTIONS_HELP:
        return 0;
    default:
        return LOAD_RUN_USAGE;
    }
    bool is_set = false;
    for (size_t i = 0; i < options.given_count; i++)
        is_set |= strcmp(options.given[i].name, "set") == 0;
    if (options.data_dir || options.stanchion || is_set) {
        fprintf(stderr, "stampede: --data-dir, --stanchion and --set are for `stampede run`\n");
        return LOAD_RUN_USAGE;
    }
    return load_run(&options, NULL);
}

/* `stampede help`, `stampede run --help` ... */
static bool asks_for_help(int argc, char **argv)
{
    bool is_help = argc > 1 && strcmp(argv[1], "help") == 0;
    for (int i = 1; i < argc && i < 3; i++)
        is_help |= strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    return is_help;
}

static int print_help(void)
{
    static struct stampede_options options; /* large */
    char program[] = "stampede", help[] = "--help", *words[] = {program, help, NULL};
    return stampede_options_read(2, words, &options) == OPTIONS_HELP ? 0 : LOAD_RUN_USAGE;
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fprintf(stderr, "stampede: a library could not be started\n");
        return VERDICT_NOT_CARRIED_OUT;
    }
    int code;
    if (asks_for_help(argc, argv))
        code = print_help();
    else if (argc > 1 && strcmp(argv[1], "scenarios") == 0)
        code = scenario_files_list(argc - 1, argv + 1);
    else if (argc > 1 && strcmp(argv[1], "run") == 0)
        code = scenario_run(argc - 1, argv + 1);
    else if (argc > 1 && strcmp(argv[1], "compare") == 0)
        code = compare_command(argc - 1, argv + 1);
    else if (argc > 1 && strcmp(argv[1], "calibrate") == 0)
        code = calibrate_command(argc - 1, argv + 1);
    else if (argc > 1 && strcmp(argv[1], "page") == 0)
        code = report_html_command(argc - 1, argv + 1);
    else if (argc > 1 && argv[1][0] != '-')
        code =
            scenario_run(argc, argv); /* `stampede million` is short for `stampede run million` */
    else
        code = run_one(argc, argv);
    curl_global_cleanup();
    return code;
}
