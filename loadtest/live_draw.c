/* The block on the terminal. Three columns of 24, 28 and 28: people, rates with the last seconds as
 * a curve, latencies; above them a bar of where everybody is, below them errors and the tester
 * itself. On a narrow terminal the columns that do not fit are left out, never broken. */
#include "loadtest/live.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MIN 24
#define COLUMNS_MAX 160
#define PEOPLE_WIDTH 22
#define RATES_WIDTH 28
#define LATENCY_WIDTH 30
#define ROWS 7
#define NUMBER_BYTES 32

enum color { PLAIN, BOLD, DIM, GREEN, BLUE, YELLOW, RED, MAGENTA };

/* Lifetime: one live_draw(). */
struct drawing {
    const struct live_style *style;
    char *text;
    size_t used;
    unsigned column, lines;
    bool is_cut; /* no more room */
};

static void put_raw(struct drawing *d, const char *bytes, size_t count)
{
    if (d->is_cut || d->used + count + 1 >= LIVE_TEXT_BYTES) {
        d->is_cut = true;
        return;
    }
    memcpy(d->text + d->used, bytes, count);
    d->used += count;
    d->text[d->used] = '\0';
}

static void paint(struct drawing *d, enum color color)
{
    static const char *const codes[] = {"\033[0m",  "\033[1m",  "\033[2m",  "\033[32m",
                                        "\033[34m", "\033[33m", "\033[31m", "\033[35m"};
    if (d->style->has_color)
        put_raw(d, codes[color], strlen(codes[color]));
}

/* One character of one column; beyond the terminal's width nothing. */
static void put_cell(struct drawing *d, const char *cell)
{
    if (d->column >= d->style->columns)
        return;
    put_raw(d, cell, strlen(cell));
    d->column++;
}

/* ASCII text. */
__attribute__((format(printf, 3, 4))) static void put(struct drawing *d, enum color color,
                                                      const char *format, ...)
{
    char words[COLUMNS_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    size_t room = d->style->columns > d->column ? d->style->columns - d->column : 0;
    size_t bytes = n < 0 ? 0 : strlen(words);
    bytes = bytes < room ? bytes : room;
    if (color != PLAIN)
        paint(d, color);
    put_raw(d, words, bytes);
    d->column += (unsigned)bytes;
    if (color != PLAIN)
        paint(d, PLAIN);
}

static void put_until(struct drawing *d, unsigned column)
{
    while (d->column < column && d->column < d->style->columns)
        put_cell(d, " ");
}

static void end_line(struct drawing *d)
{
    put_raw(d, "\n", 1);
    d->column = 0;
    d->lines++;
}

/* 1,234,567 */
static const char *grouped(double number, char out[NUMBER_BYTES])
{
    char digits[NUMBER_BYTES];
    int n = snprintf(digits, sizeof digits, "%.0f", number < 0 ? 0 : number);
    size_t count = n > 0 ? (size_t)n : 0, used = 0;
    for (size_t i = 0; i < count && used + 2 < NUMBER_BYTES; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

static void put_title(struct drawing *d, const struct live *l)
{
    char visitors[NUMBER_BYTES], right[80];
    int s = (int)l->seconds, end = (int)l->duration_s;
    int n = snprintf(right, sizeof right, "%s visitors   %d:%02d of at most %d:%02d",
                     grouped(l->visitors, visitors), s / 60, s % 60, end / 60, end % 60);
    put(d, BOLD, "%s", l->label);
    put(d, DIM, "  %s", l->doing);
    if (n > 0 && d->column + (unsigned)n + 1 < d->style->columns) {
        put_until(d, d->style->columns - (unsigned)n);
        put(d, PLAIN, "%s", right);
    }
    end_line(d);
}

/* ---- the bar: bought, gone otherwise, inside, waiting, still to come ---- */

struct part {
    double count;
    enum color color;
    const char *cell, *plain_cell, *name;
};

static void parts_of(const struct live *l, struct part parts[5])
{
    const struct totals *t = &l->totals;
    double bought = (double)t->by_state[VISITOR_BOUGHT], gone = (double)t->over - bought;
    double waiting = (double)t->by_state[VISITOR_WAITING], inside = (double)t->inside;
    const struct part all[5] = {
        {bought, GREEN, "█", "#", "bought"},
        {gone, DIM, "▓", "x", "gone"},
        {inside, BLUE, "█", "=", "inside"},
        {waiting, YELLOW, "▒", ":", "waiting"},
        {l->visitors - bought - gone - waiting - inside, PLAIN, "░", ".", "on the way"}};
    memcpy(parts, all, sizeof all);
}

static void put_bar(struct drawing *d, const struct live *l)
{
    struct part parts[5];
    double sum = 0;
    unsigned drawn = 0, width = d->style->columns;
    parts_of(l, parts);
    for (int i = 0; i < 5; i++) {
        sum += parts[i].count > 0 ? parts[i].count : 0;
        unsigned end = (unsigned)(sum * width / l->visitors + 0.5);
        paint(d, parts[i].color);
        for (; drawn < end && drawn < width; drawn++)
            put_cell(d, d->style->has_unicode ? parts[i].cell : parts[i].plain_cell);
        paint(d, PLAIN);
    }
    end_line(d);
    for (int i = 0; i < 5; i++) {
        put(d, parts[i].color, "%s", d->style->has_unicode ? "" : parts[i].plain_cell);
        if (d->style->has_unicode) {
            paint(d, parts[i].color);
            put_cell(d, parts[i].cell);
            paint(d, PLAIN);
        }
        put(d, DIM, " %s  ", parts[i].name);
    }
    end_line(d);
}

/* ---- columns ---- */

static void put_people(struct drawing *d, const struct live *l, int row)
{
    const struct totals *t = &l->totals;
    double holding = 0, gone = (double)t->over - (double)t->by_state[VISITOR_BOUGHT];
    char number[NUMBER_BYTES];
    for (int i = VISITOR_HELD; i <= VISITOR_VERIFYING; i++)
        holding += (double)t->by_state[i];
    const struct {
        const char *name;
        double count;
        enum color color;
    } rows[ROWS] = {
        {"connected", (double)t->connected, PLAIN},
        {"waiting", (double)t->by_state[VISITOR_WAITING], YELLOW},
        {"inside", (double)t->inside, BLUE},
        {"  with seats", holding, PLAIN},
        {"bought", (double)t->by_state[VISITOR_BOUGHT], GREEN},
        {"gone", gone, PLAIN},
        {"failed", (double)t->by_state[VISITOR_FAILED], t->by_state[VISITOR_FAILED] ? RED : PLAIN}};
    put(d, DIM, "%-12s", rows[row].name);
    put(d, rows[row].color, "%9s", grouped(rows[row].count, number));
}

static void put_spark(struct drawing *d, const float *values, uint32_t count, unsigned width)
{
    static const char *const unicode[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {" ", ".", ".", ":", ":", "-", "=", "+", "#"};
    float most = 0;
    unsigned shown = count < width ? count : width;
    for (unsigned i = LIVE_SPARK - shown; i < LIVE_SPARK; i++)
        most = values[i] > most ? values[i] : most;
    paint(d, MAGENTA);
    for (unsigned i = LIVE_SPARK - shown; i < LIVE_SPARK; i++) {
        int step = most > 0 ? (int)(values[i] / most * 8 + 0.5F) : 0;
        if (values[i] > 0 && step == 0)
            step = 1;
        put_cell(d, d->style->has_unicode ? unicode[step] : ascii[step]);
    }
    paint(d, PLAIN);
}

static void put_rate(struct drawing *d, const struct live *l, int row)
{
    static const char *const names[LIVE_RATES] = {"joins/s", "admitted/s", "holds/s",
                                                  "seats/s", "pushes/s",   "errors/s"};
    char number[NUMBER_BYTES];
    if (row >= LIVE_RATES)
        return;
    put(d, DIM, "%-10s", names[row]);
    put(d, row == LIVE_ERRORS && l->rates[row] > 0 ? RED : PLAIN, "%7s ",
        grouped(l->rates[row], number));
    put_spark(d, l->spark[row], l->sparks, 8);
}

static void put_ms(struct drawing *d, uint32_t us)
{
    double ms = (double)us / 1000;
    if (ms < 10)
        put(d, PLAIN, "%7.1f", ms);
    else if (ms < 100000)
        put(d, PLAIN, "%7.0f", ms);
    else
        put(d, PLAIN, "%6.0fs", ms / 1000);
}

static void put_latency(struct drawing *d, const struct live *l, int row)
{
    static const enum latency_kind kinds[ROWS - 1] = {
        LATENCY_CONNECT, LATENCY_JOIN, LATENCY_TOLD, LATENCY_HOLD, LATENCY_PAY, LATENCY_RETURN};
    if (row == 0) {
        put(d, DIM, "%-8s%7s%7s%7s", "ms", "p50", "p99", "max");
        return;
    }
    const struct timeline_latency *latency = &l->latency[kinds[row - 1]];
    put(d, DIM, "%-8s", totals_latency_word(kinds[row - 1]));
    if (latency->count == 0) {
        put(d, DIM, "%7s%7s%7s", "-", "-", "-");
        return;
    }
    put_ms(d, latency->p50_us);
    put_ms(d, latency->p99_us);
    put_ms(d, latency->max_us);
}

static void put_columns(struct drawing *d, const struct live *l, int rows)
{
    bool has_rates = d->style->columns >= PEOPLE_WIDTH + RATES_WIDTH - 1;
    bool has_latency = d->style->columns >= PEOPLE_WIDTH + RATES_WIDTH + LATENCY_WIDTH - 1;
    for (int row = 0; row < rows; row++) {
        put_people(d, l, row);
        put_until(d, PEOPLE_WIDTH + 1);
        if (has_rates)
            put_rate(d, l, row);
        put_until(d, PEOPLE_WIDTH + RATES_WIDTH + 1);
        if (has_latency)
            put_latency(d, l, row);
        end_line(d);
    }
}

/* ---- below ---- */

/* The most frequent kinds that fit into one line. */
static void put_errors(struct drawing *d, const struct live *l)
{
    uint64_t left[RUN_ERRORS_MAX], others = 0;
    char number[NUMBER_BYTES];
    memcpy(left, l->totals.errors, sizeof left);
    put(d, DIM, "errors  ");
    bool is_any = false;
    for (uint32_t n = 0; n < run_error_count; n++) {
        uint32_t most = 0;
        for (uint32_t i = 1; i < run_error_count; i++)
            most = left[i] > left[most] ? i : most;
        if (left[most] == 0)
            break;
        const char *count = grouped((double)left[most], number);
        if (d->column + strlen(run_error_names[most]) + strlen(count) + 14 > d->style->columns) {
            for (uint32_t i = 0; i < run_error_count; i++)
                others += left[i];
            break;
        }
        put(d, PLAIN, "%s%s %s", is_any ? ", " : "", run_error_names[most], count);
        left[most] = 0;
        is_any = true;
    }
    if (others > 0)
        put(d, DIM, ", others %s", grouped((double)others, number));
    else if (!is_any)
        put(d, DIM, "none");
    end_line(d);
}

static void put_tester(struct drawing *d, const struct live *l)
{
    bool is_busy = l->busiest > 0.9F;
    put(d, DIM, "tester  ");
    put(d, is_busy ? RED : PLAIN, "busiest process %.0f %% of a core", (double)l->busiest * 100);
    put(d, PLAIN, ", %.1f ms late", (double)l->late_ms);
    if (l->machine >= 0)
        put(d, PLAIN, "; machine %.0f %% busy", (double)l->machine * 100);
    end_line(d);
}

static void draw_one(struct drawing *d, const struct live *l, bool is_alone)
{
    put_title(d, l);
    put_bar(d, l);
    put_columns(d, l, is_alone ? ROWS : 5);
    put_errors(d, l);
    if (is_alone)
        put_tester(d, l);
    else
        end_line(d);
}

unsigned live_draw(const struct live *crowds, size_t count, const struct live_style *style,
                   char text[LIVE_TEXT_BYTES])
{
    struct live_style bounded = *style;
    bounded.columns = style->columns < COLUMNS_MIN   ? COLUMNS_MIN
                      : style->columns > COLUMNS_MAX ? COLUMNS_MAX
                                                     : style->columns;
    struct drawing d = {.style = &bounded, .text = text};
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        if (crowds[i].visitors > 0)
            draw_one(&d, &crowds[i], count == 1);
    return d.lines;
}
