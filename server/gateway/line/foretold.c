/* See the header. */
#include "server/gateway/line/foretold.h"

#include <inttypes.h>
#include <math.h>
#include "server/gateway/app.h"

bool foretold_ask(struct session *session, int64_t ahead, struct estimate_range *range)
{
    const struct line_view *line = &session->event->line;
    struct foretold *told = &session->foretold;
    if (!estimate_wait(&line->estimate, ahead, range))
        return false;
    if (told->seq != session->seq) {
        *told = (struct foretold){session->seq, line->moving_ms, (int32_t)range->low_ms,
                                  (int32_t)range->high_ms};
    }
    return true;
}

void foretold_on_admitted(struct session *session)
{
    struct event_entry *event = session->event;
    const struct foretold *told = &session->foretold;
    int64_t real_ms = event->line.moving_ms - told->at_ms;
    if (told->seq == session->seq && event->line.is_current) {
        struct estimate_range predicted = {told->low_ms, told->high_ms};
        estimate_error_add(&event->errors, &predicted, real_ms);
    }
    session->foretold.seq = 0;
}

/* --- metrics --- */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP stanchion_%s %s\n# TYPE stanchion_%s %s\n", name, help, name, type);
}

static void histogram(FILE *out, const struct event_entry *event, unsigned gateway)
{
    const struct estimate_error *e = &event->errors;
    uint64_t count = 0;
    for (size_t i = 0; i < ESTIMATE_ERROR_BUCKETS; i++) {
        char bound[32] = "+Inf";
        count += e->buckets[i];
        if (!isinf(estimate_error_bounds[i]))
            snprintf(bound, sizeof bound, "%g", estimate_error_bounds[i]);
        fprintf(out,
                "stanchion_estimate_error_ratio_bucket{gateway=\"%u\",event=\"%s\",le=\"%s\"} "
                "%" PRIu64 "\n",
                gateway, event->id, bound, count);
    }
    fprintf(out,
            "stanchion_estimate_error_ratio_sum{gateway=\"%u\",event=\"%s\"} %.6g\n"
            "stanchion_estimate_error_ratio_count{gateway=\"%u\",event=\"%s\"} %" PRIu64 "\n",
            gateway, event->id, e->sum, gateway, event->id, e->count);
}

static void quantiles(FILE *out, const struct event_entry *event, unsigned gateway)
{
    static const double shares[] = {0.5, 0.9};
    for (size_t s = 0; s < sizeof shares / sizeof shares[0]; s++) {
        fprintf(out,
                "stanchion_estimate_error_quantile{gateway=\"%u\",event=\"%s\",quantile=\"%g\"}"
                " %.3f\n",
                gateway, event->id, shares[s], estimate_error_quantile(&event->errors, shares[s]));
    }
}

static void within_range(FILE *out, const struct event_entry *event, unsigned gateway)
{
    fprintf(out,
            "stanchion_estimates_within_range_total{gateway=\"%u\",event=\"%s\"} %" PRIu64 "\n",
            gateway, event->id, event->errors.within_count);
}

/* Of events where nobody was foretold anything here, nothing is said: with a thousand events that
 * would be fifteen thousand lines of zeros. */
static void for_each_event(FILE *out, const struct gateway *gateway,
                           void (*write)(FILE *, const struct event_entry *, unsigned))
{
    for (size_t i = 0; i < gateway->book.count; i++)
        if (gateway->book.entries[i]->errors.count > 0)
            write(out, gateway->book.entries[i], gateway->options->index);
}

void foretold_metrics(const struct gateway *gateway, FILE *out)
{
    head(out, "estimate_error_ratio", "histogram",
         "Foretold against real waiting time: the factor between them, less one.");
    for_each_event(out, gateway, histogram);
    head(out, "estimate_error_quantile", "gauge",
         "The error that so many of the estimates do not exceed.");
    for_each_event(out, gateway, quantiles);
    head(out, "estimates_within_range_total", "counter",
         "Estimates whose range held the real waiting time.");
    for_each_event(out, gateway, within_range);
}
