/* One line per happening on stderr: time, level, process, text. Never a secret, never a visitor's
 * token. */
#ifndef STANCHION_LOG_H
#define STANCHION_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

/* `process` names the writer ("gateway 0"); copied, 31 characters. */
void log_init(const char *process, enum log_level level_max);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
