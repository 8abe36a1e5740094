/* One table: name, kind, range, default, help. Help and parsing come from the same lines. */
#include "loadtest/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loadtest/calibrate.h"
#include "loadtest/metrics.h"
#include "loadtest/nearest.h"

enum option_kind {
    KIND_TEXT,
    KIND_COUNT,
    KIND_DOUBLE,
    KIND_SEATS,
    KIND_THINK,
    KIND_PATIENCE,
    KIND_CHOICE,
    KIND_CALIBRATION,
    KIND_SEED,
    KIND_CAP,
    KIND_MODE,
    KIND_PIDS,
    KIND_FLAG,
    KIND_ARRIVAL,
    KIND_WITHIN,
    KIND_EXPECT,
    KIND_GIVEN /* only noted as given */
};

struct option_line {
    const char *name, *argument;
    enum option_kind kind;
    size_t at; /* of the member, for kinds with one */
    double min, max;
    const char *help;
};

#define AT(member) offsetof(struct stampede_options, member)

static const struct option_line lines[] = {
    {"url", "URL", KIND_TEXT, AT(url), 0, 0, "the server (http://127.0.0.1:8080)"},
    {"event", "ID", KIND_TEXT, AT(event), 0, 0, "the event (the first one that is on sale)"},
    {"visitors", "N", KIND_COUNT, AT(visitors), 1, STAMPEDE_VISITORS_MAX,
     "how many people come (1000)"},
    {"arrive", "SHAPE", KIND_ARRIVAL, 0, 0, 0,
     "at-once | within S | even S | ramp S | steps S N | early SHARE S S |\n"
     "                          poisson RATE, each with: after S (within 5)"},
    {"arrive-within-s", "S", KIND_WITHIN, 0, 0, ARRIVAL_S_MAX, "the same as --arrive \"within S\""},
    {"duration-s", "S", KIND_DOUBLE, AT(duration_s), 1, STAMPEDE_DURATION_S_MAX,
     "the run ends at the latest (120)"},
    {"answer-s", "S", KIND_DOUBLE, AT(answer_s), 1, 600,
     "an answer, or a connection, that takes longer is given up and tried again (15)"},
    {"mode", "MODE", KIND_MODE, 0, 0, 0,
     "journey: come, wait, buy; wait: come and stay in line, measure memory;\n"
     "                          hold: hold and release as fast as possible; buy: when all are\n"
     "                          inside, each buys once, as fast as possible; bad: slow readers,\n"
     "                          garbage and floods (journey)"},
    {"leave", "SHARE", KIND_DOUBLE, AT(leave), 0, 1, "leave while waiting or inside (0.05)"},
    {"no-pay", "SHARE", KIND_DOUBLE, AT(no_pay), 0, 1, "hold seats and walk away (0.05)"},
    {"decline", "SHARE", KIND_DOUBLE, AT(decline), 0, 1,
     "pay with a card that is declined first (0.05)"},
    {"double-click", "SHARE", KIND_DOUBLE, AT(double_click), 0, 1, "press pay twice (0.05)"},
    {"slow-cards", "SHARE", KIND_DOUBLE, AT(slow_cards), 0, 1,
     "pay with a card that answers slowly or twice (0.05)"},
    {"patience-s", "A..B", KIND_PATIENCE, 0, 0, 0,
     "leave after waiting so long; or \"around M\" (for ever)"},
    {"tabs", "SHARE", KIND_DOUBLE, AT(tabs), 0, 1, "open more tabs (0.02)"},
    {"tabs-each", "N", KIND_COUNT, AT(tabs_each), 1, STAMPEDE_TABS_MAX,
     "how many more tabs those open who do (1)"},
    {"refresh", "SHARE", KIND_DOUBLE, AT(refresh), 0, 1, "reload while waiting (0.02)"},
    {"reloads", "N", KIND_COUNT, AT(reloads), 1, STAMPEDE_RELOADS_MAX,
     "how often those who reload do so (1)"},
    {"no-show", "SHARE", KIND_DOUBLE, AT(no_show), 0, 1,
     "do not enter when it is their turn; half of them are not there (0)"},
    {"grab", "SHARE", KIND_DOUBLE, AT(grab), 0, 1, "ask first for seats that look taken (0.1)"},
    {"maps", "SHARE", KIND_DOUBLE, AT(maps), 0, 1,
     "open the map when inside, as the page does (1)"},
    {"seats", "A..B", KIND_SEATS, 0, 1, STAMPEDE_SEATS_MAX, "seats per visitor (1..3)"},
    {"choose", "WHICH", KIND_CHOICE, 0, 0, 0,
     "near: free ones near each other, anywhere; best: the server's choice;\n"
     "                          front: the first row as long as it lasts (near)"},
    {"think-ms", "A..B", KIND_THINK, 0, 0, 0,
     "pause before each step inside; or \"around M\", log-normal (200..2000)"},
    {"hold-rate", "N", KIND_DOUBLE, AT(hold_rate), 0, 1e6,
     "modes hold and buy: holds, orders per second, 0 = no pause (0)"},
    {"buyers", "N", KIND_COUNT, AT(buyers), 1, STAMPEDE_VISITORS_MAX,
     "mode buy without --hold-rate: so many buy at the same time (200)"},
    {"seed", "N", KIND_SEED, 0, 0, 0, "repeats the same visitors (from the clock)"},
    {"split-at-s", "S", KIND_DOUBLE, AT(split_at_s), 0, STAMPEDE_DURATION_S_MAX,
     "tells latencies before and after this moment apart (never)"},
    {"expect", "EXPR", KIND_EXPECT, 0, 0, 0,
     "a threshold, such as \"hold.p99<20ms\", of a figure in docs/stampede.md; may be repeated"},
    {"no-thresholds", NULL, KIND_FLAG, AT(is_lenient), 0, 0,
     "a missed threshold is told and does not decide"},
    {"ledger", "FILE", KIND_TEXT, AT(ledger), 0, 0,
     "the ledger to check against, or none (var/ledger.db)"},
    {"provider", "FILE", KIND_TEXT, AT(provider), 0, 0,
     "the sandbox provider's book to check against, or none (beside the ledger)"},
    {"cap", "N", KIND_CAP, 0, 0, 1e9, "the cap to check against (active_cap in the ledger)"},
    {"finish-min", "SHARE", KIND_DOUBLE, AT(finish_min), 0, 1,
     "share of visitors that must come to an end (0.9)"},
    {"processes", "N", KIND_COUNT, AT(processes), 1, STAMPEDE_PROCESSES_MAX,
     "(as few as open files allow)"},
    {"server-pids", "PID,..", KIND_PIDS, 0, 0, 0, "the server's processes, to be measured"},
    {"children", "FILE", KIND_TEXT, AT(children), 0, 0,
     "likewise, from lines \"name pid\" (beside the ledger)"},
    {"report", "FILE", KIND_TEXT, AT(report), 0, 0, "writes the report as JSON"},
    {"calibration", "FILE", KIND_CALIBRATION, 0, 0, 0,
     "what `stampede calibrate --report FILE` found: warns when a run comes near it"},
    {"html", "FILE", KIND_TEXT, AT(html), 0, 0, "writes the report as a page with plots"},
    {"i-own-this-host", "NAME", KIND_TEXT, AT(own_host), 0, 0,
     "allows a target that is not this machine"},
    {"data-dir", "DIR", KIND_TEXT, AT(data_dir), 0, 0,
     "run: the server's data directory, with ledger and children (var)"},
    {"stanchion", "FILE", KIND_TEXT, AT(stanchion), 0, 0,
     "run: the server's program (beside this one)"},
    {"set", "KEY=VALUE", KIND_GIVEN, 0, 0, 0,
     "run: changes a setting of each event; may be repeated"},
    {"plain", NULL, KIND_FLAG, AT(is_plain), 0, 0, "one line per second even on a terminal"},
    {"help", NULL, KIND_FLAG, 0, 0, 0, "this text"},
};
#define LINES_COUNT (sizeof lines / sizeof *lines)

/* These are about the run; a crowd of a scenario cannot have them. */
static const char *const names_of_run[] = {
    "url",      "event",  "expect",      "no-thresholds", "seed",        "ledger",
    "children", "report", "server-pids", "data-dir",      "stanchion",   "i-own-this-host",
    "set",      "plain",  "help",        "html",          "calibration", "provider"};

static bool is_of_run(const char *name)
{
    for (size_t i = 0; i < sizeof names_of_run / sizeof *names_of_run; i++)
        if (strcmp(names_of_run[i], name) == 0)
            return true;
    return false;
}

static const char *const mode_names[MODE_COUNT] = {"journey", "wait", "hold", "buy", "bad"};
static const char *const choice_names[CHOICE_COUNT] = {"near", "best", "front"};

const char *stampede_mode_name(enum stampede_mode mode)
{
    return mode_names[mode];
}

static void print_help(void)
{
    puts("stampede: sends virtual visitors to a Stanchion event and checks from outside what it "
         "promised.\n\n"
         "usage: stampede [options]                       one crowd to an event that is there\n"
         "       stampede [run] SCENARIO|FILE [options]  sets events up, sends crowds, judges\n"
         "       stampede scenarios [NAME]               lists the scenarios, or prints one\n"
         "       stampede page REPORT.json FILE.html     draws a report that was kept\n"
         "       stampede compare A.json B.json [--json] what got better or worse beyond noise\n"
         "       stampede compare A.json.. -- B.json..   the same of several runs on each side\n"
         "       stampede calibrate [--report FILE] [--processes N] [--duration-s S] [--floor "
         "FILE]\n"
         "                                               what the tester itself can do here\n");
    for (size_t i = 0; i < LINES_COUNT; i++) {
        char name[40];
        int n = snprintf(name, sizeof name, "--%s %s", lines[i].name,
                         lines[i].argument ? lines[i].argument : "");
        printf("  %-24s%s\n", n > 0 ? name : lines[i].name, lines[i].help);
    }
    puts("\nexit code: 0 every check is green, 1 a promise was broken or a threshold missed,\n"
         "           2 wrong usage, 3 the run could not be carried out. docs/stampede.md tells "
         "what each check "
         "proves.");
}

static bool read_number(const char *text, double *number, const char **rest)
{
    char *end;
    errno = 0;
    *number = strtod(text, &end);
    *rest = end;
    return end != text && errno == 0 && isfinite(*number);
}

static bool read_in_range(const struct option_line *line, const char *text, double *number)
{
    const char *rest;
    return read_number(text, number, &rest) && *rest == '\0' && *number >= line->min &&
           *number <= line->max;
}

/* "2..5" or "3" */
static bool read_span(const struct option_line *line, const char *text, double *first, double *last)
{
    const char *rest;
    if (!read_number(text, first, &rest))
        return false;
    /* strtod takes "1." of "1..3" as a number. */
    if (rest > text && rest[-1] == '.' && rest[0] == '.')
        rest--;
    *last = *first;
    if (strncmp(rest, "..", 2) == 0 && !read_number(rest + 2, last, &rest))
        return false;
    return *rest == '\0' && *first >= line->min && *last <= line->max && *first <= *last;
}

static bool read_pids(struct stampede_options *o, const char *text)
{
    while (*text && o->server_pids_count < STAMPEDE_SERVER_PIDS_MAX) {
        char *end;
        long pid = strtol(text, &end, 10);
        if (end == text || pid <= 0 || (*end != ',' && *end != '\0'))
            return false;
        o->server_pids[o->server_pids_count++] = (pid_t)pid;
        text = *end == ',' ? end + 1 : end;
    }
    return *text == '\0' && o->server_pids_count > 0;
}

static bool read_mode(struct stampede_options *o, const char *text)
{
    for (int i = 0; i < MODE_COUNT; i++)
        if (strcmp(text, mode_names[i]) == 0) {
            o->mode = (enum stampede_mode)i;
            return true;
        }
    return false;
}

static bool read_choice(struct stampede_options *o, const char *text)
{
    for (int i = 0; i < CHOICE_COUNT; i++)
        if (strcmp(text, choice_names[i]) == 0) {
            o->choice = (enum stampede_choice)i;
            return true;
        }
    return false;
}

/* Seconds as text, kept as milliseconds. */
static bool read_patience(struct stampede_options *o, const char *text)
{
    struct pause p;
    if (!pause_parse(text, &p))
        return false;
    p.from_ms *= 1000, p.to_ms *= 1000, p.median_ms *= 1000;
    o->patience = p;
    o->is_patient = false;
    return p.to_ms + p.median_ms > 0 && p.to_ms + p.median_ms <= STAMPEDE_DURATION_S_MAX * 1000.0;
}

static bool read_seed(struct stampede_options *o, const char *text)
{
    char *end;
    errno = 0;
    o->seed = strtoull(text, &end, 0);
    return end != text && *end == '\0' && errno == 0 && text[0] != '-';
}

static bool take_value(struct stampede_options *o, const struct option_line *line, const char *text)
{
    void *member = (char *)o + line->at;
    double a = 0, b = 0;
    switch (line->kind) {
    case KIND_TEXT:
        memcpy(member, &text, sizeof text);
        return *text != '\0';
    case KIND_COUNT:
        if (!read_in_range(line, text, &a) || a != floor(a))
            return false;
        *(uint32_t *)member = (uint32_t)a;
        return true;
    case KIND_DOUBLE:
        return read_in_range(line, text, (double *)member);
    case KIND_SEATS:
        if (!read_span(line, text, &a, &b) || a != floor(a) || b != floor(b))
            return false;
        o->seats_min = (uint32_t)a, o->seats_max = (uint32_t)b;
        return true;
    case KIND_THINK:
        return pause_parse(text, &o->think);
    case KIND_PATIENCE:
        return read_patience(o, text);
    case KIND_CALIBRATION:
        return calibrate_read(text, &o->rates);
    case KIND_CHOICE:
        return read_choice(o, text);
    case KIND_CAP:
        if (!read_in_range(line, text, &a))
            return false;
        o->cap = (int64_t)a;
        return true;
    case KIND_SEED:
        return read_seed(o, text);
    case KIND_MODE:
        return read_mode(o, text);
    case KIND_PIDS:
        return read_pids(o, text);
    case KIND_ARRIVAL:
        return arrival_parse(text, &o->arrival);
    case KIND_WITHIN:
        if (!read_in_range(line, text, &a))
            return false;
        o->arrival = (struct arrival){.kind = ARRIVAL_WITHIN, .s = a};
        return true;
    case KIND_EXPECT:
        return stampede_options_expect(o, text);
    case KIND_FLAG:
        *(bool *)member = true;
        return true;
    case KIND_GIVEN:
        return *text != '\0';
    }
    return false;
}

/* The server keeps both in its data directory. */
static void find_children(struct stampede_options *o)
{
    static char path[4096];
    const char *slash = strrchr(o->ledger, '/');
    int n = snprintf(path, sizeof path, "%.*schildren", slash ? (int)(slash + 1 - o->ledger) : 0,
                     o->ledger);
    if (!o->children && n > 0 && (size_t)n < sizeof path && strcmp(o->ledger, "none") != 0)
        o->children = path;
}

static void set_defaults(struct stampede_options *o)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *o = (struct stampede_options){.url = "http://127.0.0.1:8080",
                                   .ledger = "var/ledger.db",
                                   .visitors = 1000,
                                   .arrival = {.kind = ARRIVAL_WITHIN, .s = 5},
                                   .duration_s = 120,
                                   .answer_s = 15,
                                   .leave = 0.05,
                                   .no_pay = 0.05,
                                   .decline = 0.05,
                                   .double_click = 0.05,
                                   .slow_cards = 0.05,
                                   .tabs = 0.02,
                                   .refresh = 0.02,
                                   .grab = 0.1,
                                   .maps = 1,
                                   .buyers = 200,
                                   .finish_min = 0.9,
                                   .reloads = 1,
                                   .seats_min = 1,
                                   .seats_max = 3,
                                   .think = {.from_ms = 200, .to_ms = 2000},
                                   .is_patient = true,
                                   .tabs_each = 1,
                                   .cap = -1,
                                   .seed =
                                       (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec};
}

bool stampede_options_expect(struct stampede_options *o, const char *text)
{
    size_t at = o->expectations_count;
    if (at == STAMPEDE_EXPECTATIONS_MAX || !expect_parse(text, &o->expectations[at]) ||
        !metrics_is_name(o->expectations[at].metric))
        return false;
    o->expectation_texts[at] = text;
    o->expectations_count++;
    return true;
}

enum options_status stampede_options_set(struct stampede_options *o, const char *name,
                                         const char *value, const char **help)
{
    for (size_t i = 0; i < LINES_COUNT; i++) {
        if (strcmp(lines[i].name, name) != 0 || is_of_run(name))
            continue;
        *help = lines[i].help;
        return take_value(o, &lines[i], value) ? OPTIONS_OK : OPTIONS_WRONG;
    }
    return OPTIONS_UNKNOWN;
}

static void refuse_unknown(const char *given)
{
    const char *names[LINES_COUNT];
    char typed[64];
    size_t bytes = strcspn(given, "="), dashes = strspn(given, "-");
    for (size_t i = 0; i < LINES_COUNT; i++)
        names[i] = lines[i].name;
    (void)snprintf(typed, sizeof typed, "%.*s", (int)(bytes - dashes), given + dashes);
    const char *nearest = nearest_of(typed, names, LINES_COUNT);
    if (nearest)
        fprintf(stderr, "stampede: there is no option %s; did you mean --%s?\n", given, nearest);
    else
        fprintf(stderr, "stampede: there is no option %s; see stampede --help\n", given);
}

/* In one line, though the help has several. */
static void refuse_value(const struct option_line *line, const char *value)
{
    fprintf(stderr, "stampede: --%s cannot be \"%s\"; it is: ", line->name, value);
    for (const char *c = line->help; *c; c++) {
        if (*c == '\n')
            c += strspn(c, "\n ") - 1;
        fputc(*c, stderr);
    }
    if (line->min < line->max)
        fprintf(stderr, ", from %.15g to %.15g", line->min, line->max);
    fputc('\n', stderr);
}

enum options_status stampede_options_read(int argc, char **argv, struct stampede_options *o)
{
    struct option table[LINES_COUNT + 1];
    memset(table, 0, sizeof table);
    for (size_t i = 0; i < LINES_COUNT; i++) {
        table[i].name = lines[i].name;
        table[i].has_arg = lines[i].argument ? required_argument : no_argument;
    }
    set_defaults(o);
    int index = 0;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", table, &index)) != -1;) {
        if (c != 0) {
            if (c == ':')
                fprintf(stderr, "stampede: %s needs a value; see stampede --help\n",
                        argv[optind - 1]);
            else
                refuse_unknown(argv[optind - 1]);
            return OPTIONS_WRONG;
        }
        if (strcmp(lines[index].name, "help") == 0) {
            print_help();
            return OPTIONS_HELP;
        }
        if (!take_value(o, &lines[index], optarg ? optarg : "")) {
            refuse_value(&lines[index], optarg ? optarg : "");
            return OPTIONS_WRONG;
        }
        if (o->given_count == STAMPEDE_GIVEN_MAX) {
            fprintf(stderr, "stampede: more than %d options\n", STAMPEDE_GIVEN_MAX);
            return OPTIONS_WRONG;
        }
        o->given[o->given_count++] = (struct options_given){lines[index].name, optarg};
    }
    if (optind < argc) {
        fprintf(stderr, "stampede: \"%s\" is not an option; see stampede --help\n", argv[optind]);
        return OPTIONS_WRONG;
    }
    find_children(o);
    return OPTIONS_OK;
}
