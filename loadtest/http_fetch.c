/* libcurl with one growing body that is used again for every answer. Proxies of the environment are
 * ignored: the target is this machine. */
#include "loadtest/http_fetch.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/limits.h"

struct http_fetch {
    CURL *curl;
    struct curl_slist *server;
    char *body;
    size_t bytes, bytes_max;
    char error[CURL_ERROR_SIZE];
};

static size_t on_bytes(char *data, size_t size, size_t count, void *ctx)
{
    struct http_fetch *f = ctx;
    size_t more = size * count, needed = f->bytes + more + 1;
    if (needed > STAMPEDE_HTTP_BYTES_MAX)
        return 0;
    if (needed > f->bytes_max) {
        char *body = realloc(f->body, needed * 2);
        if (!body)
            return 0;
        f->body = body;
        f->bytes_max = needed * 2;
    }
    memcpy(f->body + f->bytes, data, more);
    f->bytes += more;
    f->body[f->bytes] = '\0';
    return more;
}

/* "::ADDRESS:PORT": any host and port of a URL means this one. NULL when memory runs out. */
static struct curl_slist *pin(const struct sockaddr_in *server)
{
    char address[INET_ADDRSTRLEN], text[INET_ADDRSTRLEN + 16];
    if (!inet_ntop(AF_INET, &server->sin_addr, address, sizeof address))
        return NULL;
    int n = snprintf(text, sizeof text, "::%s:%u", address, (unsigned)ntohs(server->sin_port));
    return n > 0 && (size_t)n < sizeof text ? curl_slist_append(NULL, text) : NULL;
}

struct http_fetch *http_fetch_create(const struct sockaddr_in *server)
{
    struct http_fetch *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->server = pin(server);
    f->bytes_max = 4096;
    f->body = malloc(f->bytes_max);
    f->curl = curl_easy_init();
    if (!f->body || !f->curl || !f->server) {
        http_fetch_free(f);
        return NULL;
    }
    curl_easy_setopt(f->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(f->curl, CURLOPT_ERRORBUFFER, f->error);
    curl_easy_setopt(f->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(f->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(f->curl, CURLOPT_CONNECT_TO, f->server);
    curl_easy_setopt(f->curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(f->curl, CURLOPT_USERAGENT, "stampede");
    return f;
}

void http_fetch_free(struct http_fetch *f)
{
    if (!f)
        return;
    curl_easy_cleanup(f->curl);
    curl_slist_free_all(f->server);
    free(f->body);
    free(f);
}

long http_fetch_get(struct http_fetch *f, const char *base, const char *path, long timeout_ms,
                    const char **body, size_t *bytes)
{
    char url[600];
    long status = 0;
    int n = snprintf(url, sizeof url, "%s%s", base, path);
    if (n < 0 || (size_t)n >= sizeof url)
        return 0;
    f->bytes = 0;
    f->body[0] = '\0';
    f->error[0] = '\0';
    curl_easy_setopt(f->curl, CURLOPT_URL, url);
    curl_easy_setopt(f->curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    if (curl_easy_perform(f->curl) != CURLE_OK)
        return 0;
    curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    *body = f->body;
    *bytes = f->bytes;
    return status;
}

const char *http_fetch_error(const struct http_fetch *f)
{
    return f->error[0] ? f->error : "no answer";
}
