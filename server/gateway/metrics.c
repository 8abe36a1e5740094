#include "server/gateway/metrics.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include "server/gateway/app.h"
#include "server/gateway/line/foretold.h"

static void counter(FILE *out, const char *name, const char *help, const char *type, double value,
                    unsigned index)
{
    fprintf(out,
            "# HELP stanchion_%s %s\n# TYPE stanchion_%s %s\nstanchion_%s{gateway=\"%u\"} %.15g\n",
            name, help, name, type, name, index, value);
}

static void event_gauge(FILE *out, const struct book *book, const char *name, const char *help,
                        int64_t (*value)(const struct event_entry *))
{
    fprintf(out, "# HELP stanchion_%s %s\n# TYPE stanchion_%s gauge\n", name, help, name);
    for (size_t i = 0; i < book->count; i++) {
        if (book->entries[i]->is_listed) {
            fprintf(out, "stanchion_%s{event=\"%s\"} %" PRId64 "\n", name, book->entries[i]->id,
                    value(book->entries[i]));
        }
    }
}

static int64_t waiting_of(const struct event_entry *event)
{
    return event->line.waiting;
}

static int64_t inside_of(const struct event_entry *event)
{
    return event->line.inside;
}

static int64_t recovering_of(const struct event_entry *event)
{
    return event->line.recovers_at_ms != 0;
}

static int64_t free_of(const struct event_entry *event)
{
    return event->line.free;
}

/* Visitors per second that ticks may admit now. */
static void rate_gauge(FILE *out, const struct book *book)
{
    fputs("# HELP stanchion_admission_rate Admission rate in force, visitors per second.\n"
          "# TYPE stanchion_admission_rate gauge\n",
          out);
    for (size_t i = 0; i < book->count; i++) {
        const struct event_entry *event = book->entries[i];
        if (event->is_listed) {
            fprintf(out, "stanchion_admission_rate{event=\"%s\"} %.15g\n", event->id,
                    (double)event->line.rate_micro / 1e3 / (double)event->tick_ms);
        }
    }
}

/* The ledger is one for all events; who has heard of it last knows best, and the most is safe. */
static double ledger_lag_s(const struct book *book)
{
    int64_t lag_ms = 0;
    for (size_t i = 0; i < book->count; i++)
        if (book->entries[i]->line.lag_ms > lag_ms)
            lag_ms = book->entries[i]->line.lag_ms;
    return (double)lag_ms / 1e3;
}

static void registrar_gauges(FILE *out, const struct gateway *gateway)
{
    counter(out, "registrar_beat_age_seconds", "Time since the registrar's last sign of life.",
            "gauge", (double)gateway->registrar_age_ms / 1e3, gateway->options->index);
    counter(out, "registrar_lag_seconds",
            "Age of the oldest note of a line that is not in its history on disk yet.", "gauge",
            (double)gateway->registrar_lag_ms / 1e3, gateway->options->index);
}

char *metrics_text(const struct gateway *gateway, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    assert(out != NULL);
    const struct gateway_figures *f = &gateway->figures;
    const struct {
        const char *name, *help, *type;
        double value;
    } rows[] = {
        {"connections", "Open WebSockets.", "gauge",
         (double)(session_count(&gateway->sessions) - gateway->polls.count)},
        {"polls", "Polls under way.", "gauge", (double)gateway->polls.count},
        {"polls_total", "Polls taken.", "counter", (double)f->polls},
        {"accepted_total", "Connections accepted.", "counter",
         (double)gateway->listener.accepted_count},
        {"refused_full_total", "Connections refused because the gateway was full.", "counter",
         (double)gateway->listener.refused_count},
        {"handshakes_total", "WebSocket handshakes taken.", "counter", (double)f->handshakes},
        {"handshakes_refused_total", "WebSocket handshakes refused.", "counter",
         (double)f->handshakes_refused},
        {"messages_in_total", "Messages from visitors.", "counter", (double)f->messages_in},
        {"frames_out_total", "Frames to visitors.", "counter", (double)f->frames_out},
        {"bytes_out_total", "Payload bytes to visitors.", "counter", (double)f->bytes_out},
        {"errors_out_total", "Error answers.", "counter", (double)f->errors_out},
        {"joins_total", "Places given.", "counter", (double)f->joins},
        {"places_put_back_total", "Places put back by receipts after a loss of Redis.", "counter",
         (double)f->places_put_back},
        {"holds_total", "Holds granted.", "counter", (double)f->holds},
        {"orders_settled_total", "Payments authorised and handed to the ledger.", "counter",
         (double)f->orders_settled},
        {"slow_readers_closed_total", "Connections closed because they did not read.", "counter",
         (double)f->slow_readers_closed},
        {"account_sign_ups_total", "Accounts asked for.", "counter",
         (double)gateway->accounts.sign_ups},
        {"account_sign_ins_total", "Visitors signed in.", "counter",
         (double)gateway->accounts.sign_ins},
        {"account_refused_total", "Sign-ups and sign-ins refused, for any reason.", "counter",
         (double)gateway->accounts.sign_ins_refused},
        {"account_sign_outs_total", "Visitors signed out.", "counter",
         (double)gateway->accounts.sign_outs},
        {"account_passwords_pending", "Passwords being hashed or waiting for it.", "gauge",
         (double)hash_pool_jobs_count(gateway->accounts.pool)},
        {"account_passwords_total", "Passwords hashed.", "counter",
         (double)hash_pool_hashes_count(gateway->accounts.pool)},
        {"redis_pending", "Redis commands under way.", "gauge",
         (double)redis_link_pending_count(gateway->commands)},
        {"ledger_beat_age_seconds", "Time since the ledger's last sign of life.", "gauge",
         (double)gateway->beat_age_ms / 1e3},
        {"ledger_lag_seconds",
         "How far the ledger is behind with writing orders; above 3 s admission slows down.",
         "gauge", ledger_lag_s(&gateway->book)},
        {"epoch", "Incarnation of the Redis data; 0 = recovering.", "gauge",
         (double)gateway->epoch},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        counter(out, rows[i].name, rows[i].help, rows[i].type, rows[i].value,
                gateway->options->index);
    }
    registrar_gauges(out, gateway);
    event_gauge(out, &gateway->book, "waiting", "Visitors in line.", waiting_of);
    event_gauge(out, &gateway->book, "inside", "Visitors admitted.", inside_of);
    event_gauge(out, &gateway->book, "recovering",
                "1 while the line is put together again and nobody is admitted.", recovering_of);
    rate_gauge(out, &gateway->book);
    event_gauge(out, &gateway->book, "seats_free", "Seats nobody holds.", free_of);
    foretold_metrics(gateway, out);
    fclose(out);
    return text;
}
