/* curl tells us which sockets to watch (on_socket) and when to wake it (on_timer); we tell it what
 * happened (curl_multi_socket_action). Finished transfers are collected afterwards, outside of
 * curl's own call-backs, so a completion may start the next call at once. Calls under way are one
 * doubly linked list, for the bound and for the end. A transfer that has ended is kept for the next
 * call with all that does not change from call to call: making and preparing a handle is a quarter
 * of what a call costs.
 */
#include "ticketing/http_client.h"

#include <assert.h>
#include <curl/curl.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>

/* curl's buffers, made and given back with every call: by its defaults 16 and 64 KB, which the
 * allocator then puts together again each time. A longer answer is read in pieces. */
#define READ_BYTES 4096L
#define WRITE_BYTES 16384L

struct transfer {
    struct http_client *client;
    struct transfer *next, *previous; /* of those under way; idle ones have a next only */
    CURL *easy;
    struct curl_slist *headers;
    http_fn *fn;
    void *ctx;
    char *answer;
    size_t answer_bytes, answer_capacity, headers_bytes;
};

struct socket_watch {
    ev_io io;
    struct http_client *client;
};

struct http_client {
    struct ev_loop *loop;
    CURLM *multi;
    ev_timer timer;
    struct http_client_options options;
    struct transfer *first, *idle; /* no more idle ones than calls_max */
    size_t transfers_count;
    bool is_completing, is_closing;
};

static void transfer_free(struct transfer *t)
{
    if (t->easy)
        curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    free(t->answer);
    free(t);
}

/* Without what belongs to the call that has ended: it may have held a card. */
static void keep_idle(struct transfer *t)
{
    struct http_client *client = t->client;
    curl_easy_setopt(t->easy, CURLOPT_COPYPOSTFIELDS, NULL);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    t->answer_bytes = t->headers_bytes = 0;
    t->answer[0] = '\0';
    t->next = client->idle;
    client->idle = t;
}

static void unlink_transfer(struct transfer *t)
{
    struct http_client *client = t->client;
    if (t->previous)
        t->previous->next = t->next;
    else
        client->first = t->next;
    if (t->next)
        t->next->previous = t->previous;
    assert(client->transfers_count > 0);
    client->transfers_count--;
}

static void complete(struct transfer *t, enum http_outcome outcome, int code)
{
    struct http_client *client = t->client;
    curl_multi_remove_handle(client->multi, t->easy);
    unlink_transfer(t);
    bool is_answered = outcome == HTTP_ANSWERED;
    client->is_completing = true;
    t->fn(t->ctx, outcome, is_answered ? code : 0, is_answered ? t->answer : NULL,
          is_answered ? t->answer_bytes : 0);
    client->is_completing = false;
    keep_idle(t);
}

static enum http_outcome outcome_of(CURL *easy, CURLcode result, int *code)
{
    long http_code = 0, sent_bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http_code);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    *code = (int)http_code;
    if (result == CURLE_OK && http_code >= 100)
        return HTTP_ANSWERED;
    bool is_unconnected = result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST ||
                          result == CURLE_PEER_FAILED_VERIFICATION ||
                          result == CURLE_SSL_CONNECT_ERROR || result == CURLE_OPERATION_TIMEDOUT;
    return is_unconnected && sent_bytes == 0 ? HTTP_REFUSED : HTTP_BROKEN;
}

static void collect(struct http_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct transfer *t = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        int code;
        enum http_outcome outcome = outcome_of(t->easy, result, &code);
        complete(t, outcome, code);
    }
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    struct http_client *client = ((struct socket_watch *)io->data)->client;
    int events =
        (revents & EV_READ ? CURL_CSELECT_IN : 0) | (revents & EV_WRITE ? CURL_CSELECT_OUT : 0);
    int running;
    curl_multi_socket_action(client->multi, io->fd, events, &running); /* may free the watch */
    collect(client);
}

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop, (void)revents;
    struct http_client *client = timer->data;
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(client);
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    struct http_client *client = ctx;
    ev_timer_stop(client->loop, &client->timer);
    if (timeout_ms < 0)
        return 0;
    ev_now_update(client->loop);
    ev_timer_set(&client->timer, (double)timeout_ms / 1000.0, 0.0);
    ev_timer_start(client->loop, &client->timer);
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *watch_ctx)
{
    (void)easy;
    struct http_client *client = ctx;
    struct socket_watch *watch = watch_ctx;
    if (watch)
        ev_io_stop(client->loop, &watch->io);
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(client->multi, fd, NULL);
        free(watch);
        return 0;
    }
    if (!watch) {
        watch = calloc(1, sizeof *watch);
        if (!watch)
            return -1;
        watch->client = client;
        ev_init(&watch->io, on_io);
        watch->io.data = watch;
        curl_multi_assign(client->multi, fd, watch);
    }
    ev_io_set(&watch->io, fd,
              (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
    ev_io_start(client->loop, &watch->io);
    return 0;
}

/* Grows by doubling up to the limit; a short count makes curl give up the transfer. */
static size_t on_body(const char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t bytes = size * count, bytes_max = t->client->options.answer_bytes_max;
    if (bytes > bytes_max - t->answer_bytes)
        return 0;
    if (t->answer_bytes + bytes + 1 > t->answer_capacity) {
        size_t capacity = t->answer_capacity * 2;
        if (capacity < t->answer_bytes + bytes + 1)
            capacity = t->answer_bytes + bytes + 1;
        char *grown = realloc(t->answer, capacity);
        if (!grown)
            return 0;
        t->answer = grown;
        t->answer_capacity = capacity;
    }
    memcpy(t->answer + t->answer_bytes, data, bytes);
    t->answer_bytes += bytes;
    t->answer[t->answer_bytes] = '\0';
    return bytes;
}

static size_t on_header(const char *data, size_t size, size_t count, void *ctx)
{
    (void)data;
    struct transfer *t = ctx;
    t->headers_bytes += size * count;
    return t->headers_bytes > HTTP_HEADERS_BYTES_MAX ? 0 : size * count;
}

struct http_client *http_client_create(struct ev_loop *loop,
                                       const struct http_client_options *options)
{
    static bool is_initialized;
    if (!is_initialized && curl_global_init(CURL_GLOBAL_DEFAULT))
        return NULL;
    is_initialized = true;
    struct http_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->loop = loop;
    client->options = *options;
    client->multi = curl_multi_init();
    if (!client->multi) {
        free(client);
        return NULL;
    }
    ev_init(&client->timer, on_timeout);
    client->timer.data = client;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)options->calls_max);
    return client;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    assert(!client->is_completing);
    client->is_closing = true;
    for (struct transfer *t = client->first, *next; t; t = next) {
        next = t->next; /* stays valid: while closing nothing is added, and each ends only here */
        complete(t, HTTP_BROKEN, 0);
    }
    while (client->idle) {
        struct transfer *t = client->idle;
        client->idle = t->next;
        transfer_free(t);
    }
    curl_multi_cleanup(client->multi); /* removes the watches through on_socket */
    ev_timer_stop(client->loop, &client->timer);
    free(client);
}

static bool add_headers(struct transfer *t, const struct http_call *call)
{
    for (size_t i = 0; i <= call->headers_count; i++) {
        const char *line =
            i < call->headers_count ? call->headers[i] : "Expect:"; /* no 100-continue */
        struct curl_slist *longer = curl_slist_append(t->headers, line);
        if (!longer)
            return false;
        t->headers = longer;
    }
    return true;
}

/* What is the same for every call. */
static bool set_up(struct transfer *t)
{
    CURL *easy = t->easy;
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    failed |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BYTES);
    failed |= curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, WRITE_BYTES);
    failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* never what the environment says */
    failed |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    failed |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)t->client->options.deadline_ms);
    failed |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    failed |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    failed |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    failed |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    return failed == CURLE_OK;
}

static bool set_call(struct transfer *t, const struct http_call *call)
{
    CURL *easy = t->easy;
    CURLcode failed = curl_easy_setopt(easy, CURLOPT_URL, call->url);
    failed |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    if (call->body) {
        failed |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
        failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_bytes);
        failed |= curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, call->body);
    } else {
        failed |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    return failed == CURLE_OK;
}

/* An idle one, or a new one; NULL = out of memory. */
static struct transfer *take_transfer(struct http_client *client, http_fn *fn, void *ctx)
{
    struct transfer *t = client->idle;
    if (t) {
        client->idle = t->next;
        t->next = NULL;
    } else {
        t = calloc(1, sizeof *t);
        if (!t)
            return NULL;
        *t = (struct transfer){.client = client, .answer_capacity = 512};
        t->answer = calloc(1, t->answer_capacity);
        t->easy = curl_easy_init();
        if (!t->answer || !t->easy || !set_up(t)) {
            transfer_free(t);
            return NULL;
        }
    }
    t->fn = fn;
    t->ctx = ctx;
    return t;
}

bool http_client_send(struct http_client *client, const struct http_call *call, http_fn *fn,
                      void *ctx)
{
    assert(fn);
    if (client->is_closing || client->transfers_count >= client->options.calls_max)
        return false;
    struct transfer *t = take_transfer(client, fn, ctx);
    if (!t)
        return false;
    if (!add_headers(t, call) || !set_call(t, call) ||
        curl_multi_add_handle(client->multi, t->easy) != CURLM_OK) {
        transfer_free(t);
        return false;
    }
    t->previous = NULL;
    t->next = client->first;
    if (t->next)
        t->next->previous = t;
    client->first = t;
    client->transfers_count++;
    return true;
}
