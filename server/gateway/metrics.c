#include "server/gateway/metrics.h"
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/gateway/app.h"

/* Columns of the board. */
enum {
    COLUMN_WRITTEN_MS, /* monotonic; 0 = this gateway has never run */
    COLUMN_FIGURES,
    COLUMN_HOLDS = COLUMN_FIGURES + METRICS_FIGURES_MAX,
    COLUMN_CONFIRMS = COLUMN_HOLDS + METRICS_LATENCY_COLUMNS,
    COLUMN_ESTIMATES = COLUMN_CONFIRMS + METRICS_LATENCY_COLUMNS,
    COLUMNS_COUNT = COLUMN_ESTIMATES + ESTIMATE_ERROR_BUCKETS + 1
};
_Static_assert(COLUMNS_COUNT == METRICS_COLUMNS, "the board has a column for each");

/* --- figures of one number --- */

struct figure {
    const char *name, *help;
    bool is_counter;
    double value;
};

/* The ledger is one for all events; who has heard of it last knows best, and the most is safe. */
static double ledger_lag_s(const struct book *book)
{
    int64_t lag_ms = 0;
    for (size_t i = 0; i < book->count; i++)
        if (book->entries[i]->line.lag_ms > lag_ms)
            lag_ms = book->entries[i]->line.lag_ms;
    return (double)lag_ms / 1e3;
}

/* Always the same ones, in the same order. Returns how many. */
static size_t measure(const struct gateway *gateway, struct figure out[METRICS_FIGURES_MAX])
{
    const struct gateway_figures *f = &gateway->figures;
    const struct account_desk *accounts = &gateway->accounts;
    const struct figure figures[] = {
        {"connections", "Open WebSockets.", false,
         (double)(session_count(&gateway->sessions) - gateway->polls.count)},
        {"polls", "Polls under way.", false, (double)gateway->polls.count},
        {"polls_total", "Polls taken.", true, (double)f->polls},
        {"accepted_total", "Connections accepted.", true, (double)gateway->listener.accepted_count},
        {"refused_full_total", "Connections refused because the gateway was full.", true,
         (double)gateway->listener.refused_count},
        {"handshakes_total", "WebSocket handshakes taken.", true, (double)f->handshakes},
        {"handshakes_refused_total", "WebSocket handshakes refused.", true,
         (double)f->handshakes_refused},
        {"messages_in_total", "Messages from visitors.", true, (double)f->messages_in},
        {"frames_out_total", "Frames to visitors.", true, (double)f->frames_out},
        {"bytes_out_total", "Payload bytes to visitors.", true, (double)f->bytes_out},
        {"errors_out_total", "Error answers.", true, (double)f->errors_out},
        {"joins_total", "Places given.", true, (double)f->joins},
        {"places_put_back_total", "Places put back by receipts after a loss of Redis.", true,
         (double)f->places_put_back},
        {"holds_total", "Holds granted.", true, (double)f->holds},
        {"orders_settled_total", "Payments authorised and handed to the ledger.", true,
         (double)f->orders_settled},
        {"slow_readers_closed_total", "Connections closed because they did not read.", true,
         (double)f->slow_readers_closed},
        {"account_sign_ups_total", "Accounts asked for.", true, (double)accounts->sign_ups},
        {"account_sign_ins_total", "Visitors signed in.", true, (double)accounts->sign_ins},
        {"account_refused_total", "Sign-ups and sign-ins refused, for any reason.", true,
         (double)accounts->sign_ins_refused},
        {"account_sign_outs_total", "Visitors signed out.", true, (double)accounts->sign_outs},
        {"account_passwords_pending", "Passwords being hashed or waiting for it.", false,
         (double)hash_pool_jobs_count(accounts->pool)},
        {"account_passwords_total", "Passwords hashed.", true,
         (double)hash_pool_hashes_count(accounts->pool)},
        {"redis_pending", "Redis commands under way.", false,
         (double)redis_link_pending_count(gateway->commands)},
        {"ledger_beat_age_seconds", "Time since the ledger's last sign of life.", false,
         (double)gateway->beat_age_ms / 1e3},
        {"ledger_lag_seconds",
         "How far the ledger is behind with writing orders; above 3 s admission slows down.", false,
         ledger_lag_s(&gateway->book)},
        {"registrar_beat_age_seconds", "Time since the registrar's last sign of life.", false,
         (double)gateway->registrar_age_ms / 1e3},
        {"registrar_lag_seconds",
         "Age of the oldest note of a line that is not in its history on disk yet.", false,
         (double)gateway->registrar_lag_ms / 1e3},
        {"epoch", "Incarnation of the Redis data; 0 = recovering.", false, (double)gateway->epoch},
        {"estimates_within_range_total", "Estimates whose range held the real waiting time.", true,
         (double)f->estimates.within_count},
    };
    size_t count = sizeof figures / sizeof figures[0];
    assert(count <= METRICS_FIGURES_MAX);
    memcpy(out, figures, sizeof figures);
    return count;
}

/* --- the row of this gateway --- */

void metrics_begin(struct gateway *gateway)
{
    for (unsigned i = 0; i < METRICS_COLUMNS; i++)
        gateway->figures_before[i] = board_get(gateway->options->board, gateway->options->index, i);
}

static void put(struct gateway *gateway, unsigned column, double value)
{
    board_set(gateway->options->board, gateway->options->index, column, value);
}

static void put_count(struct gateway *gateway, unsigned column, double counted)
{
    put(gateway, column, gateway->figures_before[column] + counted);
}

static void put_latency(struct gateway *gateway, unsigned column, const struct latency *latency)
{
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        put_count(gateway, column + i, (double)latency->counts[i]);
    put_count(gateway, column + LATENCY_BUCKETS, (double)latency->sum_ms / 1e3);
}

void metrics_write(struct gateway *gateway)
{
    const struct gateway_figures *f = &gateway->figures;
    struct figure figures[METRICS_FIGURES_MAX];
    unsigned count = (unsigned)measure(gateway, figures);
    for (unsigned i = 0; i < count; i++)
        if (figures[i].is_counter)
            put_count(gateway, COLUMN_FIGURES + i, figures[i].value);
        else
            put(gateway, COLUMN_FIGURES + i, figures[i].value);
    put_latency(gateway, COLUMN_HOLDS, &f->hold_latency);
    put_latency(gateway, COLUMN_CONFIRMS, &f->confirm_latency);
    for (unsigned i = 0; i < ESTIMATE_ERROR_BUCKETS; i++)
        put_count(gateway, COLUMN_ESTIMATES + i, (double)f->estimates.buckets[i]);
    put_count(gateway, COLUMN_ESTIMATES + ESTIMATE_ERROR_BUCKETS, f->estimates.sum);
    put(gateway, COLUMN_WRITTEN_MS, (double)clock_monotonic_ms());
}

double metrics_written_ms(const struct board *board, unsigned gateway)
{
    return board_get(board, gateway, COLUMN_WRITTEN_MS);
}

/* --- the text --- */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP stanchion_%s %s\n# TYPE stanchion_%s %s\n", name, help, name, type);
}

static bool has_run(const struct board *board, unsigned row)
{
    return metrics_written_ms(board, row) > 0;
}

static void tell_figure(FILE *out, const struct board *board, const struct figure *figure,
                        unsigned column)
{
    head(out, figure->name, figure->is_counter ? "counter" : "gauge", figure->help);
    for (unsigned row = 0; row < board->rows_count; row++) {
        if (has_run(board, row)) {
            fprintf(out, "stanchion_%s{gateway=\"%u\"} %.15g\n", figure->name, row,
                    board_get(board, row, column));
        }
    }
}

static void tell_ages(FILE *out, const struct board *board)
{
    double now_ms = (double)clock_monotonic_ms();
    head(out, "gateway_age_seconds", "gauge",
         "Time since this gateway last wrote its figures; it does so once a second.");
    for (unsigned row = 0; row < board->rows_count; row++) {
        if (has_run(board, row)) {
            fprintf(out, "stanchion_gateway_age_seconds{gateway=\"%u\"} %.3f\n", row,
                    (now_ms - metrics_written_ms(board, row)) / 1e3);
        }
    }
}

struct histogram {
    const char *name, *help;
    const double *bounds; /* the last is infinite */
    unsigned buckets, column;
};

static void tell_histogram_row(FILE *out, const struct board *board, const struct histogram *h,
                               unsigned row)
{
    double count = 0;
    for (unsigned i = 0; i < h->buckets; i++) {
        char bound[32] = "+Inf";
        count += board_get(board, row, h->column + i);
        if (!isinf(h->bounds[i]))
            (void)snprintf(bound, sizeof bound, "%g", h->bounds[i]);
        fprintf(out, "stanchion_%s_bucket{gateway=\"%u\",le=\"%s\"} %.15g\n", h->name, row, bound,
                count);
    }
    fprintf(out,
            "stanchion_%s_sum{gateway=\"%u\"} %.6g\nstanchion_%s_count{gateway=\"%u\"} %.15g\n",
            h->name, row, board_get(board, row, h->column + h->buckets), h->name, row, count);
}

static void tell_histogram(FILE *out, const struct board *board, const struct histogram *h)
{
    head(out, h->name, "histogram", h->help);
    for (unsigned row = 0; row < board->rows_count; row++)
        if (has_run(board, row))
            tell_histogram_row(out, board, h, row);
}

static void tell_histograms(FILE *out, const struct board *board)
{
    const struct histogram histograms[] = {
        {"hold_seconds", "From a hold's message to its answer.", latency_bounds_s, LATENCY_BUCKETS,
         COLUMN_HOLDS},
        {"confirm_seconds", "From an authorised payment, or a free order, to its commit.",
         latency_bounds_s, LATENCY_BUCKETS, COLUMN_CONFIRMS},
        {"estimate_error_ratio",
         "Foretold against real waiting time: the factor between them, less one.",
         estimate_error_bounds, ESTIMATE_ERROR_BUCKETS, COLUMN_ESTIMATES},
    };
    for (size_t i = 0; i < sizeof histograms / sizeof histograms[0]; i++)
        tell_histogram(out, board, &histograms[i]);
}

/* --- events --- */

static void event_gauge(FILE *out, const struct book *book, const char *name, const char *help,
                        int64_t (*value)(const struct event_entry *))
{
    head(out, name, "gauge", help);
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
    head(out, "admission_rate", "gauge", "Admission rate in force, visitors per second.");
    for (size_t i = 0; i < book->count; i++) {
        const struct event_entry *event = book->entries[i];
        if (event->is_listed) {
            fprintf(out, "stanchion_admission_rate{event=\"%s\"} %.15g\n", event->id,
                    (double)event->line.rate_micro / 1e3 / (double)event->tick_ms);
        }
    }
}

char *metrics_text(struct gateway *gateway, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    assert(out != NULL);
    metrics_write(gateway);
    fprintf(out, "# answered by gateway %u\n", gateway->options->index);
    struct figure figures[METRICS_FIGURES_MAX];
    unsigned count = (unsigned)measure(gateway, figures);
    for (unsigned i = 0; i < count; i++)
        tell_figure(out, gateway->options->board, &figures[i], COLUMN_FIGURES + i);
    tell_ages(out, gateway->options->board);
    tell_histograms(out, gateway->options->board);
    event_gauge(out, &gateway->book, "waiting", "Visitors in line.", waiting_of);
    event_gauge(out, &gateway->book, "inside", "Visitors admitted.", inside_of);
    event_gauge(out, &gateway->book, "recovering",
                "1 while the line is put together again and nobody is admitted.", recovering_of);
    rate_gauge(out, &gateway->book);
    event_gauge(out, &gateway->book, "seats_free", "Seats nobody holds.", free_of);
    (void)fclose(out);
    return text;
}
