/* SIGTERM drains a gateway: no new connections; visitors are told to reconnect, spread over
 * drain_ms; what has been asked is still answered; then the end of the loop.
 */
#ifndef STANCHION_DRAIN_H
#define STANCHION_DRAIN_H

struct gateway;

/* Watches for SIGTERM and SIGINT. */
void drain_init(struct gateway *gateway);
void drain_release(struct gateway *gateway);

#endif
