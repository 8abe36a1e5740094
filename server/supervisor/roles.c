/* What each child is: its options out of the configuration, and its main function. Everything the
 * options point to lies in the supervisor's struct, of which the child has its own copy by fork. */
#include "server/supervisor/supervisor.h"

#include "server/gateway/gateway.h"
#include "server/ledger/ledger.h"
#include "server/registrar/line_dir.h"
#include "server/registrar/registrar.h"
#include "server/rehearsal/rehearsal.h"
#include "server/sandbox/sandbox.h"
#include "server/supervisor/redis_process.h"

static int run_redis(struct supervisor *s)
{
    return redis_process_exec(s->redis_program, &s->dir);
}

static int run_ledger(const struct supervisor *s)
{
    char db_path[DATA_PATH_BYTES_MAX];
    char credentials[DATA_PATH_BYTES_MAX];
    if (!data_dir_path(&s->dir, "ledger.db", db_path, sizeof db_path) ||
        !data_dir_path(&s->dir, "mail.credentials", credentials, sizeof credentials))
        return 1;
    const struct ledger_options options = {.db_path = db_path,
                                           .redis_url = s->redis_url,
                                           .payment_url = s->config.payment_url,
                                           .payment_key = s->config.payment_key,
                                           .secret = s->secret,
                                           .link_ms = 1000 * s->config.tickets_link_s,
                                           .mail = {.url = s->config.mail_url,
                                                    .from = s->config.mail_from,
                                                    .public_url = s->config.public_url,
                                                    .credentials = credentials},
                                           .log_level = (enum log_level)s->config.log_level};
    return ledger_main(&options);
}

static int run_registrar(const struct supervisor *s)
{
    char dir_path[DATA_PATH_BYTES_MAX];
    if (!data_dir_path(&s->dir, LINE_DIR_NAME, dir_path, sizeof dir_path))
        return 1;
    const struct registrar_options options = {.dir_path = dir_path,
                                              .redis_url = s->redis_url,
                                              .log_level = (enum log_level)s->config.log_level};
    return registrar_main(&options);
}

static int run_sandbox(const struct supervisor *s)
{
    char db_path[DATA_PATH_BYTES_MAX];
    if (!data_dir_path(&s->dir, "sandbox.db", db_path, sizeof db_path))
        return 1;
    const struct sandbox_options options = {.address = "127.0.0.1",
                                            .port = (uint16_t)s->config.sandbox_port,
                                            .db_path = db_path,
                                            .key = s->config.payment_key,
                                            .webhook_url = s->webhook_url,
                                            .webhook_secret = s->config.webhook_secret,
                                            .late_ms = (uint32_t)s->config.sandbox_late_ms,
                                            .ready_fd = -1};
    return sandbox_main(&options);
}

static int run_rehearser(const struct supervisor *s)
{
    const struct rehearsal_options options = {.data_dir = s->dir.path,
                                              .redis_url = s->redis_url,
                                              .visitors = (uint32_t)s->config.rehearsal_visitors,
                                              .log_level = (enum log_level)s->config.log_level};
    return rehearsal_main(&options);
}

static int run_gateway(const struct supervisor *s, size_t index)
{
    const struct config *config = &s->config;
    const struct gateway_options options = {
        .index = (unsigned)index,
        .board = s->board,
        .listen_address = config->listen_address,
        .listen_port = (uint16_t)config->listen_port,
        .redis_url = s->redis_url,
        .public_url = config->public_url,
        .origins = config->origins_allowed,
        .payment_url = config->payment_url,
        .payment_key = config->payment_key,
        .webhook_secret = config->webhook_secret,
        .is_sandbox = s->is_sandbox,
        .is_metrics_public = config->is_metrics_public,
        .connections_max = (uint32_t)config->connections_max,
        .joins_pending_max = (uint32_t)config->joins_pending_max,
        .outbox_entries_max = (uint32_t)config->outbox_entries_max,
        .proxies = config->proxies,
        .account_threads = (uint32_t)config->account_threads,
        .account_waiting_max = (uint32_t)config->account_waiting_max,
        .account_tries = (uint32_t)config->account_tries,
        .account_email_tries = (uint32_t)config->account_email_tries,
        .account_sign_ups = (uint32_t)config->account_sign_ups,
        .account_session_s = config->account_session_s,
        .tickets_opens = (uint32_t)config->tickets_opens,
        .push = {config->push_near_places, config->push_change_percent,
                 config->push_floor_ms_per_1000, config->push_interval_ms_max},
        .heartbeat_ms = config->push_heartbeat_ms,
        .unanswered_ms_max = config->push_unanswered_ms_max,
        .reconnects_per_s = config->reconnects_per_s,
        .drain_ms = (uint32_t)config->drain_ms,
        .log_level = (enum log_level)config->log_level,
        .secret = s->secret};
    return gateway_main(&options);
}

int supervisor_run_child(void *ctx, const struct child *child)
{
    struct supervisor *s = ctx;
    log_init(child->name, (enum log_level)s->config.log_level);
    switch (child->kind) {
    case CHILD_REDIS:
        return run_redis(s);
    case CHILD_LEDGER:
        return run_ledger(s);
    case CHILD_REGISTRAR:
        return run_registrar(s);
    case CHILD_SANDBOX:
        return run_sandbox(s);
    case CHILD_REHEARSER:
        return run_rehearser(s);
    default:
        return run_gateway(s, child->index);
    }
}
