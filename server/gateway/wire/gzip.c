#include "server/gateway/wire/gzip.h"
#include <stdlib.h>
#include <zlib.h>

#define WINDOW_BITS (15 + 16) /* zlib: 16 = with a gzip header */
#define MEMORY_LEVEL 8

unsigned char *gzip_text(const char *text, size_t bytes, size_t *gzip_bytes)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    size_t room = deflateBound(&z, bytes);
    unsigned char *out = malloc(room), *exact = NULL;
    if (out != NULL) {
        z.next_in = (z_const Bytef *)text;
        z.avail_in = (unsigned)bytes;
        z.next_out = out;
        z.avail_out = (unsigned)room;
        if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
            *gzip_bytes = z.total_out;
            exact = realloc(out, z.total_out);
        }
        if (exact == NULL)
            free(out);
    }
    deflateEnd(&z);
    return exact;
}
