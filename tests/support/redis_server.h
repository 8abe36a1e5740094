/* A private redis-server for one test: on a Unix socket in a directory of its own, gone with the
 * test.
 *
 * Nothing is written to disk, no TCP port is opened. A keeper process ends the server and removes
 * its directory (in TMPDIR, or /tmp) also when the test crashes. Failures to start are programmer
 * or machine errors: they are printed and abort the test.
 */
#ifndef STANCHION_TEST_REDIS_SERVER_H
#define STANCHION_TEST_REDIS_SERVER_H

#include <hiredis/hiredis.h>

struct redis_server;

/* Starts a server and waits until it answers PING. Aborts with a message when it does not within 10
 * s. */
struct redis_server *redis_server_start(void);
/* Path of the socket, and the same as a URL ("unix:///..."). Both belong to the server. */
const char *redis_server_socket(const struct redis_server *server);
const char *redis_server_url(const struct redis_server *server);
/* A blocking connection to the server, for arranging and looking. Belongs to the server. */
redisContext *redis_server_context(struct redis_server *server);
/* Runs a command that must succeed and forgets its answer; hiredis format (redisCommand). */
void redis_server_run(struct redis_server *server, const char *format, ...);
/* Runs a command that answers a number (or a text that is one) and returns it; -1 for nil. */
long long redis_server_number(struct redis_server *server, const char *format, ...);
/* SIGKILL without a word, as in a crash. Afterwards only stop and restart are allowed. */
void redis_server_kill(struct redis_server *server);
/* Starts an empty server on the same socket after redis_server_kill(). */
void redis_server_restart(struct redis_server *server);
/* Ends the server and removes its directory. NULL is fine. */
void redis_server_stop(struct redis_server *server);

#endif
