/* Where the load goes: nowhere but to this machine, unless its owner says so by name. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/options.h"

/* All addresses must be loopback for the host to count as such. */
static bool look_up(const char *host, const char *port, struct stampede_target *t)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    memcpy(&t->address, found->ai_addr, sizeof t->address);
    t->is_loopback = true;
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        struct sockaddr_in address;
        memcpy(&address, a->ai_addr, sizeof address);
        if (ntohl(address.sin_addr.s_addr) >> 24 != 127)
            t->is_loopback = false;
    }
    freeaddrinfo(found);
    return true;
}

static bool settle(struct stampede_target *t, const struct stampede_options *o, const char *host,
                   const char *port, char *why, size_t why_bytes_max)
{
    if (!look_up(host, port, t)) {
        snprintf(why, why_bytes_max, "there is no IPv4 host called \"%s\"", host);
        return false;
    }
    if (!t->is_loopback && (!o->own_host || strcmp(o->own_host, host) != 0)) {
        snprintf(
            why, why_bytes_max,
            "%s is not this machine. Load is sent to one's own machines only: if it is yours, say "
            "--i-own-this-host %s",
            host, host);
        return false;
    }
    int a = snprintf(t->authority, sizeof t->authority, strcmp(port, "80") ? "%s:%s" : "%s", host,
                     port);
    int b = snprintf(t->base, sizeof t->base, "http://%s", t->authority);
    bool fits = a > 0 && (size_t)a < sizeof t->authority && b > 0 && (size_t)b < sizeof t->base;
    if (!fits)
        snprintf(why, why_bytes_max, "the host's name is too long");
    return fits;
}

bool stampede_target_init(struct stampede_target *t, const struct stampede_options *o, char *why,
                          size_t why_bytes_max)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL;
    *t = (struct stampede_target){0};
    CURLU *url = curl_url();
    bool is_good = url && curl_url_set(url, CURLUPART_URL, o->url, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
                   strcmp(scheme, "http") == 0 && strcmp(path, "/") == 0;
    if (is_good)
        is_good = settle(t, o, host, port, why, why_bytes_max);
    else
        snprintf(why, why_bytes_max, "--url must look like http://127.0.0.1:8080, not \"%s\"",
                 o->url);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_url_cleanup(url);
    return is_good;
}
