#include "server/base/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "server/base/clock.h"

#define LINE_BYTES_MAX 1024 /* a longer line is cut */

static char process_name[32] = "stanchion";
static enum log_level level_max = LOG_INFO;

void log_init(const char *process, enum log_level max)
{
    snprintf(process_name, sizeof process_name, "%s", process);
    level_max = max;
}

/* One write per line, so that lines of several processes do not mix. */
__attribute__((format(printf, 2, 0))) static void write_line(enum log_level level,
                                                             const char *format, va_list args)
{
    static const char *const names[LOG_LEVEL_COUNT] = {"error", "warning", "info", "debug"};
    if (level > level_max)
        return;
    int64_t now_ms = clock_wall_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char line[LINE_BYTES_MAX];
    size_t used = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
    used += (size_t)snprintf(line + used, sizeof line - used,
                             ".%03dZ %-7s %s: ", (int)(now_ms % 1000), names[level], process_name);
    int text_bytes = vsnprintf(line + used, sizeof line - used - 1, format, args);
    used += text_bytes > 0 ? (size_t)text_bytes : 0;
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    line[used++] = '\n';
    if (write(STDERR_FILENO, line, used) < 0)
        return; /* nowhere left to complain */
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
}

bool log_pause_is_over(struct log_pause *pause, int64_t now_ms, unsigned *left_out_count)
{
    if (pause->until_ms != 0 && now_ms < pause->until_ms) {
        pause->left_out_count++;
        return false;
    }
    *left_out_count = pause->left_out_count;
    *pause = (struct log_pause){.until_ms = now_ms + LOG_PAUSE_MS};
    return true;
}

void log_write_seldom(struct log_pause *pause, enum log_level level, const char *format, ...)
{
    unsigned left_out_count = 0;
    if (!log_pause_is_over(pause, clock_monotonic_ms(), &left_out_count))
        return;
    va_list args;
    va_start(args, format);
    write_line(level, format, args);
    va_end(args);
    if (left_out_count > 0)
        log_write(level, "the line before this one was left out %u times", left_out_count);
}
