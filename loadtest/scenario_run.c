/* The main process of a scenario: sets events up, starts one process per crowd (load_run.c), and
 * while they run does two things: triggers the faults whose time has come, and passes Ctrl-C on.
 * Reports come back as JSON in unnamed files. */
#include "loadtest/scenario_run.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loadtest/clocks.h"
#include "loadtest/load_run.h"
#include "loadtest/redis_flush.h"
#include "loadtest/report.h"
#include "loadtest/report_html.h"
#include "loadtest/scenario_files.h"
#include "loadtest/scenario_setup.h"
#include "loadtest/screen.h"
#include "loadtest/server_processes.h"

#define LOOK_US INT64_C(20000)
#define LEAD_MS 1000 /* from the settings to the first visitor; grows when setting takes longer */
#define DRAW_US INT64_C(1000000)
#define OPEN_TRIES 3
#define OUTPUT_BYTES 65536 /* a crowd's report goes out in one piece */

static volatile sig_atomic_t interrupts;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupts++;
}

/* Lifetime: one scenario_run(). */
struct stage {
    const char *name;
    struct stampede_options options; /* of the command line */
    char ledger[4096], children[4096];
    struct scenario *scenario;
    struct scenario_setup setup;
    struct run_network *network; /* shared with the crowds */
    int64_t start_us, start_ms;
    pid_t pids[STAMPEDE_CROWDS_MAX];
    int reports[STAMPEDE_CROWDS_MAX]; /* files in memory */
    int words[STAMPEDE_CROWDS_MAX];   /* likewise, what a crowd says while we draw */
    struct live *lives;               /* shared, one per crowd; NULL: we do not draw */
    int64_t drawn_us;
    json_t *notes; /* faults and when they were triggered */
    int codes[STAMPEDE_CROWDS_MAX];
    size_t faults_done;
    bool has_fault_failed;
};

/* ---- before the run ---- */

static bool choose_paths(struct stage *s)
{
    struct stampede_options *o = &s->options;
    bool has_ledger = false, has_children = false;
    o->data_dir = o->data_dir ? o->data_dir : "var";
    for (size_t i = 0; i < o->given_count; i++) {
        has_ledger |= strcmp(o->given[i].name, "ledger") == 0;
        has_children |= strcmp(o->given[i].name, "children") == 0;
    }
    int a = snprintf(s->ledger, sizeof s->ledger, "%s/ledger.db", o->data_dir);
    int b = snprintf(s->children, sizeof s->children, "%s/children", o->data_dir);
    if (!has_ledger)
        o->ledger = s->ledger;
    if (!has_children)
        o->children = s->children;
    return a > 0 && (size_t)a < sizeof s->ledger && b > 0 && (size_t)b < sizeof s->children;
}

/* --visitors is for all crowds together, in the file's proportion; at least one each. */
static void share_out(struct stage *s, uint32_t wanted)
{
    struct scenario *c = s->scenario;
    uint64_t all = 0;
    for (size_t i = 0; i < c->crowds_count; i++)
        all += c->crowds[i].options.visitors;
    for (size_t i = 0; i < c->crowds_count; i++) {
        struct stampede_options *o = &c->crowds[i].options;
        uint64_t share = (o->visitors * (uint64_t)wanted + all / 2) / all;
        o->visitors = share > 0 ? (uint32_t)share : 1;
    }
}

/* What the command line says wins over the file. */
static void apply_given(struct stage *s)
{
    const char *help;
    struct scenario *c = s->scenario;
    for (size_t i = 0; i < s->options.given_count; i++) {
        const struct options_given *g = &s->options.given[i];
        bool is_visitors = strcmp(g->name, "visitors") == 0;
        if (is_visitors)
            share_out(s, s->options.visitors);
        for (size_t k = 0; k < c->crowds_count && !is_visitors; k++)
            (void)stampede_options_set(&c->crowds[k].options, g->name, g->value, &help);
    }
    for (size_t i = 0; i < c->crowds_count; i++) {
        struct stampede_options *o = &c->crowds[i].options;
        o->event = s->setup.ids[c->crowds[i].event];
        o->seed += i;
        o->report = o->html = NULL;
        o->label = c->crowds_count > 1 ? c->crowds[i].name : NULL;
        o->is_plain |= c->crowds_count > 1;
    }
}

/* Settings take a moment to set; times in them count from the start, so the start must be known
 * first and still lie ahead afterwards. */
static bool open_events(struct stage *s)
{
    int64_t lead_ms = LEAD_MS;
    for (int i = 0; i < OPEN_TRIES; i++, lead_ms *= 3) {
        s->start_us = clocks_us() + lead_ms * 1000;
        s->start_ms = clocks_wall_ms() + lead_ms;
        if (!scenario_setup_open(&s->setup, s->scenario, &s->options, s->start_ms))
            return false;
        if (clocks_us() < s->start_us)
            return true;
    }
    fprintf(stderr, "stampede: the server takes too long to set the events up\n");
    return false;
}

/* ---- the run ---- */

static bool start_crowd(struct stage *s, size_t i)
{
    s->reports[i] = memfd_create("report", MFD_CLOEXEC);
    s->words[i] = s->lives ? memfd_create("words", MFD_CLOEXEC) : -1;
    fflush(stdout);
    pid_t parent = getpid(), pid = s->reports[i] < 0 ? -1 : fork();
    if (pid < 0) {
        perror("stampede: a crowd");
        return false;
    }
    if (pid == 0) {
        static char output[OUTPUT_BYTES];
        const struct load_run_place place = {s->start_us, s->network,
                                             s->lives ? &s->lives[i] : NULL, s->reports[i]};
        if (s->words[i] >= 0)
            (void)dup2(s->words[i], STDOUT_FILENO);
        setvbuf(stdout, output, _IOFBF, sizeof output);
        (void)setpgid(0, 0); /* Ctrl-C comes through us */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int code = getppid() == parent ? load_run(&s->scenario->crowds[i].options, &place) : 1;
        fflush(stdout);
        _exit(code);
    }
    s->pids[i] = pid;
    return true;
}

/* Says it, and keeps it for the report. */
__attribute__((format(printf, 3, 4))) static void note(struct stage *s, double at_s,
                                                       const char *format, ...)
{
    char text[STAMPEDE_NOTE_BYTES_MAX + 1], line[STAMPEDE_NOTE_BYTES_MAX + 40];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int m = n > 0 ? snprintf(line, sizeof line, "fault at %.1f s: %s", at_s, text) : -1;
    if (m < 0)
        return;
    json_array_append_new(s->notes, json_pack("{s:f, s:s}", "at_s", at_s, "text", text));
    if (s->lives) {
        screen_say(line);
        s->drawn_us = 0;
    } else {
        printf("%s\n", line);
        fflush(stdout);
    }
}

static void kill_processes(struct stage *s, const struct scenario_fault *f)
{
    size_t killed = server_processes_kill(s->options.children, f->process);
    note(s, f->at_s, "kill %s: %zu killed", f->process, killed);
    s->has_fault_failed |= killed == 0;
}

static void flush_redis(struct stage *s, const struct scenario_fault *f)
{
    atomic_store(&s->network->lost_ms, clocks_wall_ms()); /* before anybody can notice */
    bool is_done = redis_flush(s->options.data_dir);
    atomic_store(&s->network->lost_ms, clocks_wall_ms());
    note(s, f->at_s, "Redis %s everything", is_done ? "forgets" : "could not be made to forget");
    s->has_fault_failed |= !is_done;
}

static void trigger(struct stage *s, const struct scenario_fault *f)
{
    switch (f->kind) {
    case FAULT_KILL:
        kill_processes(s, f);
        break;
    case FAULT_FLUSH:
        flush_redis(s, f);
        break;
    case FAULT_DROP:
        atomic_store(&s->network->share_ppm, (uint32_t)(f->share * 1e6));
        atomic_fetch_add(&s->network->drops, 1);
        note(s, f->at_s, "%.0f %% of the visitors lose their connection", f->share * 100);
        break;
    default:
        note(s, f->at_s, "set %s %s=%s", s->setup.ids[f->event], f->setting.key, f->setting.value);
        s->has_fault_failed |= !scenario_setup_set(&s->setup, f->event, &f->setting, s->start_ms);
    }
}

static int by_time(const void *a, const void *b)
{
    double x = ((const struct scenario_fault *)a)->at_s,
           y = ((const struct scenario_fault *)b)->at_s;
    return (x > y) - (x < y);
}

static void trigger_due(struct stage *s)
{
    double now_s = (double)(clocks_us() - s->start_us) / 1e6;
    const struct scenario *c = s->scenario;
    while (s->faults_done < c->faults_count && c->faults[s->faults_done].at_s <= now_s)
        trigger(s, &c->faults[s->faults_done++]);
}

/* True while a crowd is left. */
static bool reap(struct stage *s)
{
    bool is_any_left = false;
    for (size_t i = 0; i < s->scenario->crowds_count; i++) {
        int status;
        if (s->pids[i] <= 0)
            continue;
        if (waitpid(s->pids[i], &status, WNOHANG) == s->pids[i]) {
            s->pids[i] = 0;
            s->codes[i] = WIFEXITED(status) ? WEXITSTATUS(status) : VERDICT_NOT_CARRIED_OUT;
        } else {
            is_any_left = true;
        }
    }
    return is_any_left;
}

static void draw(struct stage *s)
{
    static char text[LIVE_TEXT_BYTES];
    if (!s->lives || clocks_us() - s->drawn_us < DRAW_US)
        return;
    s->drawn_us = clocks_us();
    const struct live_style style = screen_style();
    screen_draw(text, live_draw(s->lives, s->scenario->crowds_count, &style, text));
}

static void watch(struct stage *s)
{
    int passed_on = 0;
    const struct timespec pause = {.tv_nsec = LOOK_US * 1000};
    while (reap(s)) {
        for (; passed_on < interrupts; passed_on++)
            for (size_t i = 0; i < s->scenario->crowds_count; i++)
                if (s->pids[i] > 0)
                    kill(s->pids[i], SIGINT);
        if (interrupts == 0)
            trigger_due(s);
        draw(s);
        nanosleep(&pause, NULL);
    }
}

static void take_signals(void)
{
    const struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static bool run_crowds(struct stage *s)
{
    qsort(s->scenario->faults, s->scenario->faults_count, sizeof *s->scenario->faults, by_time);
    bool is_good = true;
    for (size_t i = 0; i < s->scenario->crowds_count && is_good; i++)
        is_good = start_crowd(s, i);
    if (!is_good)
        interrupts = 2;
    if (s->lives)
        screen_begin();
    watch(s);
    if (s->lives)
        screen_end();
    return is_good;
}

/* On a terminal we draw all crowds, and what each has to say comes afterwards. */
static void prepare_screen(struct stage *s)
{
    size_t bytes = s->scenario->crowds_count * sizeof *s->lives;
    if (s->options.is_plain || !screen_is_there())
        return;
    s->lives = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->lives == MAP_FAILED)
        s->lives = NULL;
}

static void print_words(const struct stage *s)
{
    char bytes[4096];
    for (size_t i = 0; i < s->scenario->crowds_count && s->lives; i++) {
        ssize_t count;
        if (lseek(s->words[i], 0, SEEK_SET) != 0)
            continue;
        while ((count = read(s->words[i], bytes, sizeof bytes)) > 0)
            fwrite(bytes, 1, (size_t)count, stdout);
    }
    fflush(stdout);
}

/* ---- after the run ---- */

/* What decides: a broken promise or missed threshold, wrong usage, a run not carried out. */
static int worst(const struct stage *s)
{
    static const int ranks[] = {1, LOAD_RUN_USAGE, VERDICT_NOT_CARRIED_OUT};
    for (size_t r = 0; r < sizeof ranks / sizeof *ranks; r++)
        for (size_t i = 0; i < s->scenario->crowds_count; i++)
            if (s->codes[i] == ranks[r])
                return ranks[r];
    if (s->has_fault_failed || (s->faults_done < s->scenario->faults_count && interrupts == 0)) {
        fprintf(stderr, "stampede: not every fault could be triggered\n");
        return VERDICT_NOT_CARRIED_OUT;
    }
    return VERDICT_GREEN;
}

/* The first crowd's verdict that is as bad as the whole. */
static const char *verdict_of(const struct stage *s, const json_t *crowds, int code)
{
    for (size_t i = 0; i < s->scenario->crowds_count; i++) {
        const json_t *report = json_object_get(crowds, s->scenario->crowds[i].name);
        const char *verdict = json_string_value(json_object_get(report, "verdict"));
        if (verdict && s->codes[i] == code)
            return verdict;
    }
    return code == VERDICT_GREEN ? "green" : "not_carried_out";
}

static json_t *json_of(const struct stage *s, int code)
{
    json_t *o = json_object(), *crowds = json_object();
    for (size_t i = 0; i < s->scenario->crowds_count; i++) {
        json_t *report = NULL;
        if (lseek(s->reports[i], 0, SEEK_SET) == 0)
            report = json_loadfd(s->reports[i], 0, NULL);
        json_object_set_new(crowds, s->scenario->crowds[i].name, report ? report : json_null());
    }
    json_object_set_new(o, "scenario", json_string(s->name));
    json_object_set_new(o, "title", json_string(s->scenario->title));
    if (s->scenario->about)
        json_object_set_new(o, "about", json_string(s->scenario->about));
    json_object_set_new(o, "verdict", json_string(verdict_of(s, crowds, code)));
    json_object_set(o, "faults", s->notes);
    json_object_set_new(o, "crowds", crowds);
    return o;
}

static bool write_reports(const struct stage *s, int code)
{
    const struct stampede_options *p = &s->options;
    if (!p->report && !p->html)
        return true;
    json_t *o = json_of(s, code);
    bool is_good = !p->report || report_write(o, p->report);
    is_good = (!p->html || report_html_write(o, p->html)) && is_good;
    json_decref(o);
    return is_good;
}

static int run_stage(struct stage *s)
{
    char why[400];
    struct stampede_target target;
    if (!stampede_target_init(&target, &s->options, why, sizeof why)) {
        fprintf(stderr, "stampede: %s\n", why);
        return LOAD_RUN_USAGE;
    }
    take_signals(); /* from here on there may be events that must be closed again */
    printf("stampede: %s: %s\n", s->name, s->scenario->title);
    fflush(stdout);
    if (!scenario_setup_init(&s->setup, &s->options, s->scenario, s->name) ||
        !scenario_setup_load(&s->setup, s->scenario)) {
        scenario_setup_close(&s->setup);
        return VERDICT_NOT_CARRIED_OUT;
    }
    apply_given(s);
    prepare_screen(s);
    bool is_good = interrupts == 0 && open_events(s) && interrupts == 0;
    if (interrupts > 0)
        fprintf(stderr, "stampede: interrupted before anybody came\n");
    is_good = is_good && run_crowds(s);
    scenario_setup_close(&s->setup);
    print_words(s);
    int code = is_good ? worst(s) : VERDICT_NOT_CARRIED_OUT;
    if (is_good && !write_reports(s, code) && code == VERDICT_GREEN)
        code = VERDICT_NOT_CARRIED_OUT;
    return code;
}

int scenario_run(int argc, char **argv)
{
    static struct stage s; /* large */
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "stampede: run what? `stampede scenarios` lists the scenarios\n");
        return LOAD_RUN_USAGE;
    }
    s.name = argv[1];
    enum options_status status = stampede_options_read(argc - 1, argv + 1, &s.options);
    if (status != OPTIONS_OK)
        return status == OPTIONS_HELP ? 0 : LOAD_RUN_USAGE;
    if (!choose_paths(&s) || !(s.scenario = scenario_files_read(s.name, &s.options)))
        return LOAD_RUN_USAGE;
    s.network =
        mmap(NULL, sizeof *s.network, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    s.notes = json_array();
    int code = s.network == MAP_FAILED ? VERDICT_NOT_CARRIED_OUT : run_stage(&s);
    json_decref(s.notes);
    scenario_free(s.scenario);
    return code;
}
