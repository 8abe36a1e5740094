/* See the header. */
#include "server/gateway/organizer/call.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/utf8.h"
#include "server/gateway/app.h"
#include "server/gateway/wire/http.h"

#define RETRY_S 2
#define QUERY_BYTES_MAX 320

static struct http_response response_of(unsigned status, json_t *body)
{
    return http_json(status, http_json_text(body), NULL);
}

int organizer_json(struct organizer_call *call, unsigned status, json_t *body)
{
    struct http_response response = response_of(status, body);
    response.retry_after = status == 503 ? "2" : NULL;
    return http_respond(call->wsi, call->connection, &response);
}

int organizer_refuse(struct organizer_call *call, unsigned status, const char *code,
                     const char *message)
{
    return organizer_json(call, status, json_pack("{ss ss}", "error", code, "message", message));
}

void organizer_answer_later(struct http_wait *wait, unsigned status, json_t *body,
                            const char *cookie, int retry_s)
{
    char retry[16];
    (void)snprintf(retry, sizeof retry, "%d", retry_s);
    if (retry_s > 0)
        json_object_set_new(body, "retry_s", json_integer(retry_s));
    struct http_response response = response_of(status, body);
    response.set_cookie = cookie;
    response.retry_after = retry_s > 0 ? retry : NULL;
    http_wait_answer(wait, &response);
}

void organizer_refuse_later(struct http_wait *wait, unsigned status, const char *code,
                            const char *message)
{
    organizer_answer_later(wait, status, json_pack("{ss ss}", "error", code, "message", message),
                           NULL, status == 503 ? RETRY_S : 0);
}

/* --- through the ledger --- */

static unsigned status_of(const char *code)
{
    static const struct {
        const char *code;
        unsigned status;
    } table[] = {
        {"not_found", 404},       {"no_such_order", 404}, {"exists", 409},
        {"seats_in_use", 409},    {"seats_moved", 409},   {"too_many_events", 409},
        {"last_owner", 409},      {"not_draft", 409},     {"not_ready", 409},
        {"changed_since", 409},   {"cannot_undo", 409},   {"not_of_order", 409},
        {"has_orders", 409},      {"has_line", 409},      {"sale_under_way", 409},
        {"nothing_to_send", 409}, {"no_mail", 409},       {"mail_full", 429},
        {"no_rehearsals", 409},   {"no_rehearsal", 409},  {"rehearsal_running", 409},
        {"too_fast", 429},        {"busy", 503},          {"ledger_down", 503},
        {"interrupted", 503},     {"too_late", 503},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].code, code) == 0)
            return table[i].status;
    return 400;
}

void organizer_answer_office(struct http_wait *wait, const json_t *answer, unsigned status)
{
    if (answer == NULL) {
        organizer_refuse_later(wait, 503, "ledger_down",
                               "The ledger does not answer. Look whether it was done before you "
                               "try again.");
        return;
    }
    json_t *body = json_copy((json_t *)(uintptr_t)answer);
    const char *code = json_string_value(json_object_get(answer, "error"));
    bool is_good = json_is_true(json_object_get(answer, "ok"));
    if (!is_good)
        status = status_of(code != NULL ? code : "");
    json_object_del(body, "ok");
    json_object_del(body, "id");
    organizer_answer_later(wait, status, body, NULL, status == 503 ? RETRY_S : 0);
}

struct plain_ask {
    struct http_wait *wait;
    unsigned status;
};

static void on_plain_answer(void *ctx, const json_t *answer)
{
    struct plain_ask *ask = ctx;
    organizer_answer_office(ask->wait, answer, ask->status);
    free(ask);
}

bool organizer_ask_for(struct gateway *gateway, const char *who, const char *verb, json_t *args,
                       void (*on_answer)(void *ctx, const json_t *answer), void *ctx)
{
    const struct office_asker asker = {
        .by = "organizer", .who = who, .deadline_ms = OFFICE_DEADLINE_MS};
    return args != NULL && office_client_ask_as(gateway, verb, args, &asker, on_answer, ctx);
}

int organizer_ask(struct organizer_call *call, const char *verb, json_t *args, unsigned status)
{
    struct plain_ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->wait = http_wait_create(call->gateway, call->wsi, call->connection);
    ask->status = status;
    if (!organizer_ask_for(call->gateway, call->who.name, verb, args, on_plain_answer, ask)) {
        organizer_refuse_later(ask->wait, 503, "busy",
                               "Please try again in a moment. Nothing was changed.");
        free(ask);
    }
    return 0;
}

/* --- what the address says --- */

bool organizer_text_is_good(const char *text)
{
    while (*text != '\0') {
        size_t bytes = utf8_printable(text);
        if (bytes == 0)
            return false;
        text += bytes;
    }
    return true;
}

bool organizer_query_is_good(struct organizer_call *call)
{
    char value[QUERY_BYTES_MAX];
    int bytes = 0;
    for (int i = 0; bytes != -1; i++) { /* -1: no more; -2: too long to be read by anybody */
        bytes = lws_hdr_copy_fragment(call->wsi, value, sizeof value, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (bytes > 0 && !organizer_text_is_good(value))
            return false;
    }
    return true;
}

void organizer_query(struct organizer_call *call, const char *name, char *out, size_t out_bytes_max)
{
    char wanted[32], value[QUERY_BYTES_MAX];
    out[0] = '\0';
    (void)snprintf(wanted, sizeof wanted, "%s=", name);
    const char *text = lws_get_urlarg_by_name(call->wsi, wanted, value, sizeof value);
    if (text != NULL && strlen(text) < out_bytes_max)
        memcpy(out, text, strlen(text) + 1);
}

int64_t organizer_query_number(struct organizer_call *call, const char *name)
{
    char text[24], *end = NULL;
    organizer_query(call, name, text, sizeof text);
    int64_t number = strtoll(text, &end, 10);
    return *end == '\0' && number > 0 ? number : 0;
}
