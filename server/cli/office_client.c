/* Two blocking connections: one subscribed to this client's reply channel before anything is asked,
 * one to ask on. Answers to other requests on the channel are passed over by their id. */
#include "server/cli/office_client.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/base/clock.h"
#include "server/base/token.h"
#include "server/cli/cli.h"
#include "server/supervisor/data_dir.h"
#include "server/supervisor/redis_sync.h"

#define CLIENT_ID_CHARS 16
#define COMMAND_MS_MAX 5000
#define USER_BYTES_MAX 32
#define USER_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

struct office_client {
    struct data_dir dir;
    redisContext *asking, *listening;
    char id[CLIENT_ID_CHARS + 1];
    char channel[CLIENT_ID_CHARS + sizeof "reply:cli-"];
    unsigned asked_count;
};

/* Waits for the subscription's answer, so that no reply can be missed. */
static bool subscribe(struct office_client *client)
{
    redisReply *reply = redisCommand(client->listening, "SUBSCRIBE %s", client->channel);
    bool is_subscribed = reply && reply->type == REDIS_REPLY_ARRAY;
    if (reply)
        freeReplyObject(reply);
    return is_subscribed;
}

static bool connect_both(struct office_client *client, const struct config *config)
{
    char url[CONFIG_TEXT_BYTES_MAX + 64];
    struct start_error error = {""};
    enum start_status status = START_OK;
    if (config->redis_url[0] == '\0')
        status = data_dir_find(&client->dir, config->data_dir, &error);
    if (status == START_OK)
        status = data_dir_redis_url(&client->dir, config, url, sizeof url, &error);
    if (status != START_OK) {
        (void)cli_fail("%s. Is the server running? (`stanchion serve`)", error.text);
        return false;
    }
    client->asking = redis_sync_connect(url, COMMAND_MS_MAX);
    client->listening = redis_sync_connect(url, COMMAND_MS_MAX);
    if (client->asking->err == 0 && client->listening->err == 0 && subscribe(client))
        return true;
    (void)cli_fail("no server is running on %s: start it with `stanchion serve`",
                   config->redis_url[0] ? config->redis_url : client->dir.path);
    return false;
}

struct office_client *office_client_create(const struct config *config)
{
    struct office_client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->dir = (struct data_dir){.fd = -1, .lock_fd = -1};
    token_random(client->id, CLIENT_ID_CHARS);
    (void)snprintf(client->channel, sizeof client->channel, "reply:cli-%s", client->id);
    if (connect_both(client, config))
        return client;
    office_client_free(client);
    return NULL;
}

void office_client_free(struct office_client *client)
{
    if (!client)
        return;
    if (client->asking)
        redisFree(client->asking);
    if (client->listening)
        redisFree(client->listening);
    data_dir_release(&client->dir);
    free(client);
}

/* Whose shell this is, for the log: no proof, whoever has the data directory may do everything. */
static void name_user(char who[USER_BYTES_MAX + 1])
{
    const struct passwd *user = getpwuid(geteuid());
    const char *name = user != NULL ? user->pw_name : NULL;
    if (name == NULL || strlen(name) > USER_BYTES_MAX || strspn(name, USER_CHARS) != strlen(name))
        (void)snprintf(who, USER_BYTES_MAX + 1, "user %u", (unsigned)geteuid());
    else
        (void)snprintf(who, USER_BYTES_MAX + 1, "%s", name);
}

/* Puts the request into the stream; entry gets its id. */
static bool send_request(struct office_client *client, const char *id, const char *verb,
                         json_t *args, char *entry, size_t entry_bytes_max)
{
    char who[USER_BYTES_MAX + 1];
    name_user(who);
    json_t *request =
        json_pack("{s:s, s:s, s:s, s:O, s:s, s:s}", "id", id, "reply", client->channel, "verb",
                  verb, "args", args, "by", "cli", "who", who);
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    redisReply *reply =
        body ? redisCommand(client->asking, "XADD office * body %b", body, strlen(body)) : NULL;
    bool is_sent = reply && reply->type == REDIS_REPLY_STRING;
    if (is_sent)
        (void)snprintf(entry, entry_bytes_max, "%s", reply->str);
    else
        (void)cli_fail("Redis did not take the request: %s",
                       reply && reply->type == REDIS_REPLY_ERROR ? reply->str
                                                                 : client->asking->errstr);
    if (reply)
        freeReplyObject(reply);
    free(body);
    json_decref(request);
    return is_sent;
}

/* The answer with our id inside a pub/sub message, or NULL. */
static json_t *answer_in(const redisReply *message, const char *id)
{
    if (message->type != REDIS_REPLY_ARRAY || message->elements != 3 ||
        strcmp(message->element[0]->str, "message") != 0)
        return NULL;
    json_t *answer = json_loadb(message->element[2]->str, message->element[2]->len, 0, NULL);
    const char *answered = json_string_value(json_object_get(answer, "id"));
    if (answered && strcmp(answered, id) == 0)
        return answer;
    json_decref(answer);
    return NULL;
}

static json_t *wait_for_answer(struct office_client *client, const char *id, uint32_t wait_ms)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;
    json_t *answer = NULL;
    for (int64_t left_ms = wait_ms; !answer && left_ms > 0;
         left_ms = until_ms - clock_monotonic_ms()) {
        const struct timeval limit = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
        void *message = NULL;
        if (redisSetTimeout(client->listening, limit) != REDIS_OK ||
            redisGetReply(client->listening, &message) != REDIS_OK)
            break;
        answer = answer_in(message, id);
        freeReplyObject(message);
    }
    return answer;
}

static void report_silence(struct office_client *client, const char *entry, uint32_t wait_ms)
{
    redisReply *reply =
        redisCommand(client->asking, "XPENDING office ledger %s %s 1", entry, entry);
    /* an error means there is no such group: nobody has ever read */
    bool is_taken = !reply || (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0);
    if (reply)
        freeReplyObject(reply);
    reply = redisCommand(client->asking, "XDEL office %s", entry);
    bool is_withdrawn =
        !is_taken && reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
    if (reply)
        freeReplyObject(reply);
    (void)cli_fail(
        "the ledger did not answer within %" PRIu32 " s: %s", wait_ms / 1000,
        is_withdrawn
            ? "the request was withdrawn, nothing was done. Try again; the server's log "
              "says why the ledger is away"
            : "whether the request was carried out is not known. Look before you repeat it");
}

json_t *office_ask(struct office_client *client, const char *verb, json_t *args, uint32_t wait_ms)
{
    char id[CLIENT_ID_CHARS + 16], entry[64];
    json_t *none = args ? NULL : json_object();
    (void)snprintf(id, sizeof id, "%s-%u", client->id, ++client->asked_count);
    bool is_sent = send_request(client, id, verb, args ? args : none, entry, sizeof entry);
    json_decref(none);
    if (!is_sent)
        return NULL;
    json_t *answer = wait_for_answer(client, id, wait_ms);
    if (!answer) {
        report_silence(client, entry, wait_ms);
        return NULL;
    }
    if (json_is_true(json_object_get(answer, "ok")))
        return answer;
    const char *message = json_string_value(json_object_get(answer, "message"));
    (void)cli_fail("%s", message ? message : "the ledger refused the request without a reason");
    json_decref(answer);
    return NULL;
}

json_t *office_ask_once(const struct config *config, const char *verb, json_t *args)
{
    struct office_client *client = office_client_create(config);
    json_t *answer = client ? office_ask(client, verb, args, OFFICE_WAIT_MS) : NULL;
    office_client_free(client);
    json_decref(args);
    return answer;
}

void office_print_line(const json_t *object)
{
    (void)json_dumpf(object, stdout, JSON_COMPACT);
    (void)putchar('\n');
    (void)fflush(stdout);
}
