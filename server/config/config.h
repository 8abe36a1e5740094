/* The configuration of an installation: one table, three sources.
 *
 * Every setting stands once, in config_table.c: name, type, unit, range, default, help. Values come
 * from a file
 * (`--config FILE`, otherwise `stanchion.ini` in the data directory when there is one), then from
 * the environment
 * (`listen.port` is STANCHION_LISTEN_PORT), then from flags (`--listen.port 8080` or
 * `--listen.port=8080`); the later source wins. Whatever is unknown, out of range or set twice in
 * one source is refused by name, with the allowed range and the place it came from. Lifetime:
 * loaded once per process, const from then on.
 *
 * What an organizer changes during a sale is not here but in the event's settings (server/office).
 */
#ifndef STANCHION_CONFIG_H
#define STANCHION_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "server/base/log.h"

#define CONFIG_TEXT_BYTES_MAX 2048  /* with the NUL; a longer value is refused */
#define CONFIG_ERROR_BYTES_MAX 1024 /* longer messages are cut */
#define CONFIG_SETTINGS_MAX 64

enum config_source {
    CONFIG_FROM_DEFAULT,
    CONFIG_FROM_FILE,
    CONFIG_FROM_ENVIRONMENT,
    CONFIG_FROM_FLAG,
    CONFIG_FROM_DATA, /* generated at the first start and kept in the data directory */
    CONFIG_SOURCE_COUNT
};

/* Where a value came from. `line` is of config.file and valid for CONFIG_FROM_FILE. */
struct config_origin {
    enum config_source source;
    int line;
};

/* Texts are NUL-terminated; "" means what the table says for empty. */
struct config {
    char data_dir[CONFIG_TEXT_BYTES_MAX];
    char listen_address[CONFIG_TEXT_BYTES_MAX];
    int64_t listen_port;
    int64_t gateways_count; /* 0 = one per core, see config_gateways_count() */
    int64_t connections_max;
    int64_t gateway_silent_ms_max;
    int64_t joins_pending_max;
    int64_t outbox_entries_max;
    int64_t reconnects_per_s;
    int64_t push_near_places, push_change_percent; /* struct push_rule */
    int64_t push_floor_ms_per_1000, push_interval_ms_max, push_heartbeat_ms;
    int64_t push_unanswered_ms_max;
    int64_t drain_ms;
    char redis_url[CONFIG_TEXT_BYTES_MAX];
    char public_url[CONFIG_TEXT_BYTES_MAX];
    char origins_allowed[CONFIG_TEXT_BYTES_MAX]; /* separated by spaces */
    char payment_url[CONFIG_TEXT_BYTES_MAX];
    char payment_key[CONFIG_TEXT_BYTES_MAX];
    char webhook_secret[CONFIG_TEXT_BYTES_MAX];
    int64_t sandbox_port;
    int64_t sandbox_late_ms;
    int64_t log_level; /* enum log_level */
    bool is_metrics_public;
    char proxies[CONFIG_TEXT_BYTES_MAX]; /* addresses and networks separated by spaces */
    int64_t account_threads, account_waiting_max;
    int64_t account_tries, account_email_tries; /* a minute */
    int64_t account_sign_ups;                   /* an hour */
    int64_t account_session_s;
    int64_t tickets_link_s, tickets_opens;                                  /* seconds; a minute */
    char mail_url[CONFIG_TEXT_BYTES_MAX], mail_from[CONFIG_TEXT_BYTES_MAX]; /* "" = no mail */
    int64_t rehearsal_visitors;                                             /* 0 = no rehearsals */

    char file[CONFIG_TEXT_BYTES_MAX];                  /* the file read, or "" */
    struct config_origin origins[CONFIG_SETTINGS_MAX]; /* by index in the table */
};

enum config_status {
    CONFIG_OK = 0,
    CONFIG_REFUSED, /* the error says which setting, what was expected and where it stood */
    CONFIG_STATUS_COUNT
};

/* One line for a person, without a newline. */
struct config_error {
    char text[CONFIG_ERROR_BYTES_MAX];
};

enum config_type {
    CONFIG_INTEGER,
    CONFIG_BOOLEAN,
    CONFIG_WORD,         /* one of a few words; the member is the word's index */
    CONFIG_PATH,         /* not empty */
    CONFIG_ADDRESS,      /* IPv4 or IPv6 address in numbers */
    CONFIG_URL,          /* empty, or starts with one of the prefixes */
    CONFIG_URL_LIST,     /* several, separated by spaces */
    CONFIG_NETWORK_LIST, /* none or several, separated by spaces */
    CONFIG_REDIS_URL,    /* empty, redis://host:port or unix:///path */
    CONFIG_EMAIL,        /* empty, or one address */
    CONFIG_MAIL_URL,     /* empty, or smtp:// or smtps://, without name and password */
    CONFIG_SECRET,       /* never printed */
    CONFIG_TYPE_COUNT
};

#define CONFIG_CHOICES_MAX 5 /* with the NULL that ends them */

/* A row of the table. Integers use min and max, words and URLs the choices. */
struct config_setting {
    const char *name;
    enum config_type type;
    const char *unit; /* "" for none */
    int64_t min, max;
    const char *choices[CONFIG_CHOICES_MAX];
    const char *default_text;
    const char *help; /* one sentence */
    size_t offset;    /* of the member in struct config */
};

extern const struct config_setting config_table[];
extern const size_t config_table_count;

/* All settings at their defaults. */
void config_init(struct config *config);
/* Reads file, environment and flags on top of the defaults. `environment` is an environ-like array.
 * Flags of settings and `--config FILE` are taken out of argv (argc becomes smaller); the other
 * arguments stay in order; nothing after a lone `--` is touched. On CONFIG_REFUSED *config is
 * unspecified and error->text is set. */
enum config_status config_load(struct config *config, char *const *environment, int *argc,
                               char **argv, struct config_error *error);
/* Sets one value from text, after checking it. Leaves the origin alone. The error tells the range
 * only. */
enum config_status config_set_text(struct config *config, const struct config_setting *setting,
                                   const char *text, struct config_error *error);
/* The row of that name, or NULL. */
const struct config_setting *config_find(const char *name);
/* The closest name for "did you mean", or NULL. */
const char *config_nearest(const char *name);
/* "1 to 65535", "true or false", ...: what a value may be. Cut when it does not fit. */
void config_range_text(const struct config_setting *setting, char *out, size_t out_bytes_max);
/* The effective value as text; secrets as "***" when set. Cut when it does not fit. */
void config_value_text(const struct config *config, const struct config_setting *setting, char *out,
                       size_t out_bytes_max);
/* Name of the environment variable, e.g. STANCHION_LISTEN_PORT. */
void config_environment_name(const struct config_setting *setting, char *out, size_t out_bytes_max);

/* `stanchion config`: one line per setting with value and origin. */
void config_print(const struct config *config, FILE *out);
/* docs/configuration.md's table. */
void config_print_markdown(FILE *out);

/* Processor cores that this process may use; 1 when it cannot be told. */
size_t config_cores_count(void);
/* Gateways to start: the setting, or one for each core (at most 64). */
size_t config_gateways_count(const struct config *config);

#endif
