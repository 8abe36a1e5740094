/* Inventories that organizers upload, read in a thread beside the loop: parsing 100,000 seats takes
 * a few hundred milliseconds, and no visitor must wait for them.
 *
 * A job takes the request's body as it came, writes its files into a directory of its own, lets the
 * importer of the command line read them, and comes back to the loop with texts that only need to
 * be sent. At most UPLOADS_MAX are under way at a gateway.
 */
#ifndef STANCHION_ORGANIZER_UPLOAD_H
#define STANCHION_ORGANIZER_UPLOAD_H

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct gateway;
struct upload;

#define UPLOAD_BYTES_MAX (32u << 20) /* of a body: 413 */
#define UPLOAD_FILES_MAX 8
#define UPLOAD_NAME_BYTES_MAX 200
#define UPLOADS_MAX 2 /* 503 */

enum upload_kind { UPLOAD_CHECK, UPLOAD_CREATE, UPLOAD_REPLACE };

/* What came of it. The texts are NULL or the upload's. */
struct upload_result {
    unsigned status; /* of HTTP; 200 = the inventory is good */
    char *answer;    /* JSON to be sent, or, for a good CREATE and REPLACE, nothing */
    char *load_args; /* of a good CREATE and REPLACE: arguments for event.load, as JSON */
    char *warnings;  /* of the same: a JSON array */
};

typedef void upload_fn(void *ctx, struct upload_result *result);

struct uploads {
    struct ev_loop *loop;
    ev_async wake;
    pthread_mutex_t lock;
    struct upload *first;
    size_t count;
};

void uploads_init(struct uploads *uploads, struct ev_loop *loop);
/* Waits for those under way; on_done is called for each. */
void uploads_release(struct uploads *uploads);

/* Takes `body` (malloc) over, also when it answers false: too many are under way. `event` is that
 * of REPLACE, otherwise NULL. on_done comes from the loop, exactly once; the result's texts are the
 * callee's to free. */
bool upload_start(struct uploads *uploads, enum upload_kind kind, const char *event,
                  const char *currency, char *body, size_t body_bytes, upload_fn *on_done,
                  void *ctx);

#endif
