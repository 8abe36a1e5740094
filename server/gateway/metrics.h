/* /metrics: Prometheus text of this gateway's figures. */
#ifndef STANCHION_METRICS_H
#define STANCHION_METRICS_H

#include <stddef.h>

struct gateway;

/* The caller frees it. */
char *metrics_text(const struct gateway *gateway, size_t *bytes);

#endif
