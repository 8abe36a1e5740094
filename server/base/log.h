/* One line per happening on stderr: time, level, process, text. Never a secret, never a visitor's
 * token. */
#ifndef STANCHION_LOG_H
#define STANCHION_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

/* `process` names the writer ("gateway 0"); copied, 31 characters. */
void log_init(const char *process, enum log_level level_max);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For what may happen with every message while something is wrong: one place in the code says it
 * at most once in LOG_PAUSE_MS, and then how often it did not. */
#define LOG_PAUSE_MS 10000
struct log_pause {
    int64_t until_ms; /* 0 = nothing was said yet */
    unsigned left_out_count;
};
/* Whether it is to be said now. *left_out_count: how often it was not since it was said last. */
bool log_pause_is_over(struct log_pause *pause, int64_t now_ms, unsigned *left_out_count);
void log_write_seldom(struct log_pause *pause, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define log_error_seldom(...)                                                                      \
    do {                                                                                           \
        static struct log_pause pause;                                                             \
        log_write_seldom(&pause, LOG_ERROR, __VA_ARGS__);                                          \
    } while (0)

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
