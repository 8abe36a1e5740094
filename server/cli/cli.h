/* The organizer's command line: which words lead to which command, and what all commands share.
 *
 * Exit codes: 0 done; 1 refused or failed (one line on stderr), or something was found by a command
 * that looks for it; 2 wrong use.
 */
#ifndef STANCHION_CLI_H
#define STANCHION_CLI_H

#include <stddef.h>
#include <stdint.h>

#include "server/config/config.h"

#define CLI_OK 0
#define CLI_FAILED 1
#define CLI_USAGE 2

#define CLI_ARGUMENTS_MAX 64 /* positional ones; more are refused */
#define CLI_OPTIONS_MAX 8    /* of one command */
#define CLI_REPEATS_MAX 32   /* of one option */

/* An option such as `--name TEXT`; value_name NULL = a switch. */
struct cli_option {
    const char *name;
    const char *value_name;
    const char *help;
};

/* What stood on the command line, sorted. Points into argv. */
struct cli_args {
    size_t arguments_count;
    const char *arguments[CLI_ARGUMENTS_MAX];
    size_t values_count[CLI_OPTIONS_MAX]; /* by index in the command's options */
    const char *values[CLI_OPTIONS_MAX][CLI_REPEATS_MAX];
};

typedef int cli_run_fn(struct config *config, const struct cli_args *args);

struct cli_command {
    const char *name;      /* one or two words: "event load" */
    const char *arguments; /* as shown in the help: "NAME key=value..." */
    size_t arguments_min, arguments_max;
    const char *summary; /* one line */
    const char *details; /* more for --help; "" for none */
    struct cli_option options[CLI_OPTIONS_MAX];
    cli_run_fn *run;
};

extern const struct cli_command cli_commands[];
extern const size_t cli_commands_count;

/* Runs what argv asks for. `argc`/`argv` still have the flags of settings in them. Returns the exit
 * code. */
int cli_main(int argc, char **argv);
/* Sorts the arguments after the command's words. False: one line on stderr
 * has said what is wrong. */
bool cli_args_read(const struct cli_command *command, int argc, char **argv, struct cli_args *args);
/* The command that argv begins with and how many words that takes; NULL when there is none. */
const struct cli_command *cli_find(int argc, char **argv, int *words);
/* The value of an option, or NULL. */
const char *cli_value(const struct cli_command *command, const struct cli_args *args,
                      const char *name);
/* One line "stanchion: ..." on stderr; returns CLI_FAILED. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same; returns CLI_USAGE. */
int cli_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A whole decimal number from min to max and nothing else. */
bool cli_number(const char *text, int64_t min, int64_t max, int64_t *number);

/* The commands. */
cli_run_fn cli_serve, cli_config, cli_event_load, cli_event_list, cli_event_show, cli_event_open,
    cli_event_pause, cli_event_close, cli_event_set, cli_orders_export, cli_orders_show,
    cli_orders_refund, cli_orders_resend, cli_audit, cli_account_password, cli_account_visitor,
    cli_backup, cli_ledger_verify, cli_ledger_dead, cli_ledger_replay, cli_event_withhold,
    cli_event_release, cli_event_withheld, cli_draw_export, cli_draw_verify, cli_ticket_check,
    cli_door_list, cli_line_export, cli_line_verify, cli_account_list, cli_account_create,
    cli_account_change, cli_account_reset, cli_account_sign_out, cli_log, cli_undo, cli_event_check,
    cli_event_publish, cli_payment_return, cli_event_rehearse, cli_event_delete;

#endif
