/* The data directory: everything of one installation, for the eyes of one user.
 *
 *   stanchion.lock   held while anything of this installation runs
 *   stanchion.pid    pid of the supervisor
 *   children         "name pid" of each running child, one a line
 *   secret.key       32 random bytes that all signatures derive from; losing it ends every
 *                    receipt and pass
 *   payment.key, webhook.secret      generated when the configuration has none
 *   ledger.db, sandbox.db, redis/    of the processes of these names
 *   line/            of the registrar
 *
 * Two locks lie on stanchion.lock. A POSIX record lock belongs to the supervisor alone and names
 * the process that holds it, for the message to whoever starts a second one. A flock is shared with
 * all children by fork, so it ends only when the last of them is gone: a new ledger can never meet
 * an old one that outlived its supervisor.
 */
#ifndef STANCHION_DATA_DIR_H
#define STANCHION_DATA_DIR_H

#include <stddef.h>

#include "server/base/token.h"
#include "server/config/config.h"
#include "server/supervisor/start_error.h"

#define DATA_PATH_BYTES_MAX 4096
#define DATA_FREE_BYTES_MIN (64ull << 20) /* less free space on the disk: no start */

struct data_dir {
    char path[CONFIG_TEXT_BYTES_MAX]; /* absolute */
    int fd;                           /* of the directory; -1 = not open */
    int lock_fd;                      /* -1 = not locked */
};

/* Finds an existing directory without locking it: for the command line. */
enum start_status data_dir_find(struct data_dir *dir, const char *path, struct start_error *error);
/* Creates it (mode 0700, with parents) when missing, checks rights and free space, and locks it.
 * Waits up to 10 s for processes of a killed supervisor to end. */
enum start_status data_dir_open(struct data_dir *dir, const char *path, struct start_error *error);
/* Unlocks and closes. */
void data_dir_release(struct data_dir *dir);

/* Path of a file in it; false when it does not fit. */
bool data_dir_path(const struct data_dir *dir, const char *name, char *out, size_t out_bytes_max);
/* Replaces a small file as a whole: readers see the old or the new text. Errors are logged; false =
 * the old one is still there. */
bool data_dir_write(const struct data_dir *dir, const char *name, const char *text);

/* Reads secret.key, creating it first when there is none. */
enum start_status data_dir_secret(const struct data_dir *dir, unsigned char secret[SECRET_BYTES],
                                  struct start_error *error);
/* Fills payment.key and webhook.secret from the directory when the configuration leaves them empty.
 * Missing files are created when `may_create`, otherwise the setting stays empty. */
enum start_status data_dir_fill_keys(const struct data_dir *dir, struct config *config,
                                     bool may_create, struct start_error *error);
/* URL of the Redis to use: redis.url, or the private one's socket. For directories whose name is
 * too long for a socket address it goes through /proc/self/fd, so it is valid in this process and
 * those forked from it. */
enum start_status data_dir_redis_url(const struct data_dir *dir, const struct config *config,
                                     char *out, size_t out_bytes_max, struct start_error *error);

#endif
