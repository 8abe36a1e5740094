/* One pass over the lines. A section line opens an event, a crowd or the thresholds of a crowd; the
 * lines below it go to that section's function. What can only be known at the end (which event a
 * crowd goes to, that there is a crowd at all) is looked at last, with the line of the section. */
#include "loadtest/scenario.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum section {
    SECTION_NONE,
    SECTION_SCENARIO,
    SECTION_EVENT,
    SECTION_CROWD,
    SECTION_FAULTS,
    SECTION_EXPECT
};

/* Lifetime: one scenario_parse(). */
struct parser {
    struct scenario *scenario;
    struct scenario_error *error;
    const struct stampede_options *defaults;
    unsigned line;
    enum section section;
    struct scenario_crowd *expects; /* whose thresholds are being read */
    unsigned crowd_lines[STAMPEDE_CROWDS_MAX];
    const char *crowd_events[STAMPEDE_CROWDS_MAX]; /* named by the crowd, or NULL */
    unsigned fault_lines[STAMPEDE_FAULTS_MAX];
    const char *fault_events[STAMPEDE_FAULTS_MAX];
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct parser *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    p->error->line = p->line;
    (void)vsnprintf(p->error->text, sizeof p->error->text, format, arguments);
    va_end(arguments);
    return false;
}

/* Cuts spaces off both ends, in place. */
static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t bytes = strlen(text);
    while (bytes > 0 && isspace((unsigned char)text[bytes - 1]))
        text[--bytes] = '\0';
    return text;
}

static bool is_name(const char *text)
{
    size_t bytes = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return bytes > 0 && bytes <= STAMPEDE_NAME_BYTES_MAX && text[bytes] == '\0' && text[0] != '-';
}

static bool is_setting_key(const char *text)
{
    size_t bytes = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return bytes > 0 && bytes <= STAMPEDE_NAME_BYTES_MAX && text[bytes] == '\0';
}

/* ---- sections ---- */

static bool begin_event(struct parser *p, const char *name)
{
    struct scenario *s = p->scenario;
    if (s->events_count == STAMPEDE_EVENTS_MAX)
        return refuse(p, "more than %d events", STAMPEDE_EVENTS_MAX);
    name = *name ? name : "event";
    for (size_t i = 0; i < s->events_count; i++)
        if (strcmp(s->events[i].name, name) == 0)
            return refuse(p, "there is an event \"%s\" already", name);
    s->events[s->events_count++] = (struct scenario_event){.name = name};
    return true;
}

static bool begin_crowd(struct parser *p, const char *name)
{
    struct scenario *s = p->scenario;
    if (s->crowds_count == STAMPEDE_CROWDS_MAX)
        return refuse(p, "more than %d crowds", STAMPEDE_CROWDS_MAX);
    name = *name ? name : "visitors";
    for (size_t i = 0; i < s->crowds_count; i++)
        if (strcmp(s->crowds[i].name, name) == 0)
            return refuse(p, "there is a crowd \"%s\" already", name);
    p->crowd_lines[s->crowds_count] = p->line;
    s->crowds[s->crowds_count++] = (struct scenario_crowd){.name = name, .options = *p->defaults};
    return true;
}

static bool begin_expect(struct parser *p, const char *name)
{
    struct scenario *s = p->scenario;
    if (*name == '\0' && s->crowds_count != 1)
        return refuse(p, "[expect] must name a crowd, [expect NAME], and stand below it");
    for (size_t i = 0; i < s->crowds_count; i++) {
        p->expects = &s->crowds[i];
        if (*name == '\0' || strcmp(p->expects->name, name) == 0)
            return true;
    }
    return refuse(p, "there is no crowd \"%s\" above", name);
}

static bool begin_section(struct parser *p, char *text)
{
    static const struct {
        const char *word;
        enum section section;
        bool (*begin)(struct parser *p, const char *name);
    } sections[] = {{"scenario", SECTION_SCENARIO, NULL},
                    {"event", SECTION_EVENT, begin_event},
                    {"crowd", SECTION_CROWD, begin_crowd},
                    {"faults", SECTION_FAULTS, NULL},
                    {"expect", SECTION_EXPECT, begin_expect}};
    char *end = strchr(text, ']');
    if (!end || *trim(end + 1) != '\0')
        return refuse(p, "a section looks like [crowd early]");
    *end = '\0';
    char *word = trim(text + 1), *name = word + strcspn(word, " \t");
    if (*name)
        *name++ = '\0';
    name = trim(name);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (strcmp(word, sections[i].word) != 0)
            continue;
        p->section = sections[i].section;
        if (*name && (!sections[i].begin || !is_name(name)))
            return refuse(p, "[%s] cannot have the name \"%s\"", word, name);
        return !sections[i].begin || sections[i].begin(p, name);
    }
    return refuse(p,
                  "there is no section [%s]: it is scenario, event, crowd, faults "
                  "or expect",
                  word);
}

/* ---- lines below a section ---- */

static bool take_about(struct parser *p, const char *key, const char *value)
{
    if (strcmp(key, "title") == 0)
        p->scenario->title = value;
    else if (strcmp(key, "about") == 0)
        p->scenario->about = value;
    else
        return refuse(p, "[scenario] has title and about, not \"%s\"", key);
    return true;
}

static bool take_setting(struct parser *p, const char *key, const char *value)
{
    struct scenario_event *e = &p->scenario->events[p->scenario->events_count - 1];
    char *end;
    if (strcmp(key, "inventory") == 0) {
        e->inventory = value;
        return true;
    }
    if (strcmp(key, "seats") == 0) {
        errno = 0;
        unsigned long seats = strtoul(value, &end, 10);
        if (!isdigit((unsigned char)*value) || *end || errno || seats < 1 ||
            seats > STAMPEDE_MADE_SEATS_MAX)
            return refuse(p, "seats is a number from 1 to %d, not \"%s\"", STAMPEDE_MADE_SEATS_MAX,
                          value);
        e->seats = (uint32_t)seats;
        return true;
    }
    char ignored[STAMPEDE_SETTING_BYTES_MAX];
    if (!is_setting_key(key))
        return refuse(p, "\"%s\" cannot be a setting of an event", key);
    if (!scenario_setting_value(value, 0, ignored, sizeof ignored))
        return refuse(p, "%s cannot be \"%.60s\": a time after the start looks like +8s", key,
                      value);
    if (e->settings_count == STAMPEDE_SCENARIO_SETTINGS_MAX)
        return refuse(p, "more than %d settings", STAMPEDE_SCENARIO_SETTINGS_MAX);
    e->settings[e->settings_count++] = (struct scenario_setting){key, value};
    return true;
}

static bool take_option(struct parser *p, const char *key, const char *value)
{
    size_t at = p->scenario->crowds_count - 1;
    const char *help;
    if (strcmp(key, "event") == 0) {
        p->crowd_events[at] = value;
        return true;
    }
    switch (stampede_options_set(&p->scenario->crowds[at].options, key, value, &help)) {
    case OPTIONS_OK:
        return true;
    case OPTIONS_UNKNOWN:
        return refuse(p, "\"%s\" is nothing a crowd can have", key);
    default:
        return refuse(p, "%s cannot be \"%.60s\"; it is: %.80s", key, value, help);
    }
}

static bool take_share(struct parser *p, struct scenario_fault *f, const char *text)
{
    char *end;
    f->share = strtod(text, &end);
    if (end == text || *end || !(f->share > 0 && f->share <= 1))
        return refuse(p, "drop needs a share above 0 and up to 1, not \"%s\"", text);
    return true;
}

/* "[EVENT] KEY=VALUE" */
static bool take_set(struct parser *p, struct scenario_fault *f, char *text, const char **event)
{
    char *equals = strchr(text, '='), *key = text, *space = strpbrk(text, " \t");
    if (space && equals && space < equals) {
        *space = '\0';
        *event = text;
        key = trim(space + 1);
        equals = strchr(key, '=');
    }
    if (!equals)
        return refuse(p, "set needs KEY=VALUE, or EVENT KEY=VALUE");
    *equals = '\0';
    f->setting = (struct scenario_setting){trim(key), trim(equals + 1)};
    return is_setting_key(f->setting.key) ||
           refuse(p, "\"%s\" cannot be a setting of an event", f->setting.key);
}

static bool take_action(struct parser *p, struct scenario_fault *f, char *word, char *rest,
                        const char **event)
{
    if (strcmp(word, "kill") == 0) {
        f->kind = FAULT_KILL;
        f->process = rest;
        return *rest || refuse(p, "kill needs a process: gateway 0, gateways, ledger, redis");
    }
    if (strcmp(word, "flush") == 0) {
        f->kind = FAULT_FLUSH;
        for (size_t i = 0; i < p->scenario->faults_count; i++)
            if (p->scenario->faults[i].kind == FAULT_FLUSH)
                return refuse(p, "redis can be flushed once");
        return strcmp(rest, "redis") == 0 || refuse(p, "only redis can be flushed");
    }
    if (strcmp(word, "drop") == 0) {
        f->kind = FAULT_DROP;
        return take_share(p, f, rest);
    }
    if (strcmp(word, "set") == 0) {
        f->kind = FAULT_SET;
        return take_set(p, f, rest, event);
    }
    return refuse(p, "there is no fault \"%s\": it is kill, flush, drop or set", word);
}

static bool take_fault(struct parser *p, const char *key, char *value)
{
    struct scenario *s = p->scenario;
    struct scenario_fault f = {0};
    char *end, *rest = value + strcspn(value, " \t");
    if (s->faults_count == STAMPEDE_FAULTS_MAX)
        return refuse(p, "more than %d faults", STAMPEDE_FAULTS_MAX);
    f.at_s = strtod(key, &end);
    bool is_time = end != key && (*end == '\0' || strcmp(end, "s") == 0) && f.at_s >= 0 &&
                   f.at_s <= STAMPEDE_DURATION_S_MAX;
    if (!is_time)
        return refuse(p, "\"%s\" is no time: a fault looks like 3.5s = kill gateway 0", key);
    if (*rest)
        *rest++ = '\0';
    p->fault_lines[s->faults_count] = p->line;
    if (!take_action(p, &f, value, trim(rest), &p->fault_events[s->faults_count]))
        return false;
    s->faults[s->faults_count++] = f;
    return true;
}

static bool take_expectation(struct parser *p, const char *text)
{
    struct stampede_options *o = &p->expects->options;
    if (o->expectations_count == STAMPEDE_EXPECTATIONS_MAX)
        return refuse(p, "more than %d thresholds", STAMPEDE_EXPECTATIONS_MAX);
    if (!stampede_options_expect(o, text))
        return refuse(p, "\"%.60s\" is no threshold: it looks like hold.p99 < 20ms", text);
    return true;
}

static bool take_line(struct parser *p, char *line)
{
    if (p->section == SECTION_NONE)
        return refuse(p, "there must be a section first, such as [crowd]");
    if (p->section == SECTION_EXPECT)
        return take_expectation(p, line);
    char *equals = strchr(line, '=');
    if (!equals)
        return refuse(p, "\"%.60s\" is neither [section] nor key = value", line);
    *equals = '\0';
    char *key = trim(line), *value = trim(equals + 1);
    if (*value == '\0')
        return refuse(p, "%s has no value", key);
    switch (p->section) {
    case SECTION_SCENARIO:
        return take_about(p, key, value);
    case SECTION_EVENT:
        return take_setting(p, key, value);
    case SECTION_CROWD:
        return take_option(p, key, value);
    default:
        return take_fault(p, key, value);
    }
}

/* ---- the whole ---- */

/* The event of that name; without a name the only one. */
static bool find_event(struct parser *p, const char *name, size_t *event)
{
    const struct scenario *s = p->scenario;
    if (!name && s->events_count == 1) {
        *event = 0;
        return true;
    }
    for (size_t i = 0; name && i < s->events_count; i++)
        if (strcmp(s->events[i].name, name) == 0) {
            *event = i;
            return true;
        }
    return name ? refuse(p, "there is no event \"%s\"", name)
                : refuse(p, "say to which event, there are %zu", s->events_count);
}

static bool finish(struct parser *p)
{
    struct scenario *s = p->scenario;
    p->line = 0;
    if (!s->title || s->events_count == 0 || s->crowds_count == 0)
        return refuse(p, "there must be [scenario] with a title, [event] and [crowd]");
    for (size_t i = 0; i < s->events_count; i++)
        if (!s->events[i].inventory == !s->events[i].seats)
            return refuse(p, "event \"%s\" must have either inventory or seats", s->events[i].name);
    for (size_t i = 0; i < s->crowds_count; i++) {
        p->line = p->crowd_lines[i];
        if (!find_event(p, p->crowd_events[i], &s->crowds[i].event))
            return false;
    }
    for (size_t i = 0; i < s->faults_count; i++) {
        p->line = p->fault_lines[i];
        if (s->faults[i].kind == FAULT_SET &&
            !find_event(p, p->fault_events[i], &s->faults[i].event))
            return false;
    }
    return true;
}

static bool parse(struct parser *p, char *text)
{
    while (text) {
        char *end = strchr(text, '\n');
        if (end)
            *end = '\0';
        p->line++;
        char *line = trim(text);
        bool is_empty = *line == '\0' || *line == ';' || *line == '#';
        if (!is_empty && !(*line == '[' ? begin_section(p, line) : take_line(p, line)))
            return false;
        text = end ? end + 1 : NULL;
    }
    return finish(p);
}

struct scenario *scenario_parse(const char *text, size_t bytes,
                                const struct stampede_options *defaults,
                                struct scenario_error *error)
{
    struct scenario *s = calloc(1, sizeof *s);
    struct parser p = {.scenario = s, .error = error, .defaults = defaults};
    *error = (struct scenario_error){0};
    if (s)
        s->text = strndup(text, bytes);
    bool is_good = false;
    if (!s || !s->text)
        (void)refuse(&p, "there is not enough memory");
    else if (strlen(s->text) != bytes)
        (void)refuse(&p, "this is not a text");
    else
        is_good = parse(&p, s->text);
    if (is_good)
        return s;
    scenario_free(s);
    return NULL;
}

void scenario_free(struct scenario *s)
{
    if (s)
        free(s->text);
    free(s);
}

bool scenario_setting_value(const char *value, int64_t start_ms, char *out, size_t out_bytes_max)
{
    int n;
    if (value[0] == '+') {
        char *end;
        double s = strtod(value + 1, &end);
        if (end == value + 1 || strcmp(end, "s") != 0 || !(s >= 0 && s <= STAMPEDE_DURATION_S_MAX))
            return false;
        n = snprintf(out, out_bytes_max, "%" PRId64, start_ms + (int64_t)(s * 1000));
    } else {
        n = snprintf(out, out_bytes_max, "%s", value);
    }
    return n > 0 && (size_t)n < out_bytes_max;
}
