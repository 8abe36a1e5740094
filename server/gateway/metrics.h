/* /metrics: Prometheus text about all gateways of this machine, whichever is asked.
 *
 * Gateways share the port, so a scrape reaches any one of them. Each writes its figures on the
 * board once a second, and who is asked reads the rows of all. Counters go on where the row of a
 * gateway that died ended: nothing that was counted is lost, and no counter ever goes down while
 * the server runs. What is about an event all gateways know alike.
 */
#ifndef STANCHION_METRICS_H
#define STANCHION_METRICS_H

#include <stddef.h>
#include "queue/estimate_error.h"
#include "server/gateway/latency.h"

struct board;
struct gateway;

#define METRICS_FIGURES_MAX 40 /* of one number */
#define METRICS_LATENCY_COLUMNS (LATENCY_BUCKETS + 1)
#define METRICS_COLUMNS                                                                            \
    (1 + METRICS_FIGURES_MAX + 2 * METRICS_LATENCY_COLUMNS + ESTIMATE_ERROR_BUCKETS + 1)

/* At the start: what the row of this gateway has so far. */
void metrics_begin(struct gateway *gateway);
/* Once a second. */
void metrics_write(struct gateway *gateway);
/* When a gateway last did (monotonic, ms; 0 = never). For the supervisor. */
double metrics_written_ms(const struct board *board, unsigned gateway);
/* The caller frees it. */
char *metrics_text(struct gateway *gateway, size_t *bytes);

#endif
