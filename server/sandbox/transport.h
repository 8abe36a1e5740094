/* HTTP for the sandbox provider: libmicrohttpd on our libev loop, one thread, no locks. */
#ifndef STANCHION_SANDBOX_TRANSPORT_H
#define STANCHION_SANDBOX_TRANSPORT_H

#include <stdbool.h>

struct ev_loop;
struct provider;
struct transport;

#define SANDBOX_CONNECTIONS_MAX 2048   /* more wait in the backlog of the socket */
#define SANDBOX_BACKLOG_MAX 1024       /* more are not accepted by the kernel */
#define SANDBOX_IDLE_S_MAX 120         /* a silent connection is closed */
#define SANDBOX_CONNECTION_BYTES 16384 /* request line and headers: 414, 431 */
#define SANDBOX_WAITING_MAX 1024       /* requests that wait for an outcome: 503 `busy` */
/* Of a body that is too large; then the connection is closed. */
#define SANDBOX_DISCARD_BYTES_MAX 1048576

/* Takes the listening socket over, also when it fails (NULL, logged). */
struct transport *transport_create(struct ev_loop *loop, struct provider *provider, int listen_fd);
/* Waiting requests are answered 503; their outcomes stay due. What was decided is stored and
 * answered. NULL is fine. */
void transport_free(struct transport *transport);
/* Makes the waiting requests ask again. */
void transport_wake(struct transport *transport);
/* Gives the answers that were held back (provider_commit); is_stored false: they are 500. */
void transport_release(struct transport *transport, bool is_stored);

#endif
