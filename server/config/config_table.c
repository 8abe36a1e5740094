/* The table of all settings, and what a value may be.
 *
 * To add one: a member in struct config, a row here, and `stanchion config --markdown` for
 * docs/configuration.md (a test compares). The row is everything: parsing, ranges, printing and
 * help read it.
 */
#include "server/config/config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/address.h"
#include "server/base/limits.h"
#include "server/base/mail_address.h"
#include "server/config/nearest.h"

#define HTTP_PREFIXES                                                                              \
    {                                                                                              \
        "http://", "https://"                                                                      \
    }
#define GATEWAYS_BY_DEFAULT_MAX 64
#define TEXT_OF(number) #number
#define NUMBER_TEXT(number) TEXT_OF(number)
#define MEMBER(member) offsetof(struct config, member)

const struct config_setting config_table[] = {
    {.name = "data.dir",
     .type = CONFIG_PATH,
     .unit = "",
     .default_text = "var",
     .help = "The directory that holds everything of this installation.",
     .offset = MEMBER(data_dir)},
    {.name = "listen.address",
     .type = CONFIG_ADDRESS,
     .unit = "",
     .default_text = "127.0.0.1",
     .help = "The address browsers connect to; 0.0.0.0 is every one of this machine.",
     .offset = MEMBER(listen_address)},
    {.name = "listen.port",
     .type = CONFIG_INTEGER,
     .unit = "",
     .min = 1,
     .max = 65535,
     .default_text = "8080",
     .help = "The port browsers connect to.",
     .offset = MEMBER(listen_port)},
    {.name = "public.url",
     .type = CONFIG_URL,
     .unit = "",
     .choices = HTTP_PREFIXES,
     .default_text = "",
     .help = "The address visitors know the site by, when it stands behind a proxy; empty is "
             "http://listen.address:listen.port.",
     .offset = MEMBER(public_url)},
    {.name = "origins",
     .type = CONFIG_URL_LIST,
     .unit = "",
     .choices = HTTP_PREFIXES,
     .default_text = "",
     .help = "More origins whose pages may open a WebSocket here, separated by spaces.",
     .offset = MEMBER(origins_allowed)},
    {.name = "gateways",
     .type = CONFIG_INTEGER,
     .unit = "processes",
     .min = 0,
     .max = 64,
     .default_text = "0",
     .help = "Gateway processes sharing the port; 0 is one per core.",
     .offset = MEMBER(gateways_count)},
    {.name = "connections_max",
     .type = CONFIG_INTEGER,
     .unit = "connections",
     .min = 16,
     .max = 1000000,
     .default_text = "19000",
     .help = "Connections of one gateway; beyond, visitors are told when to come back.",
     .offset = MEMBER(connections_max)},
    {.name = "gateway.silent_ms_max",
     .type = CONFIG_INTEGER,
     .unit = "ms",
     .min = 2000,
     .max = 3600000,
     .default_text = "60000",
     .help =
         "A gateway that hangs and gives no sign of life for so long is ended and started again.",
     .offset = MEMBER(gateway_silent_ms_max)},
    {.name = "joins_pending_max",
     .type = CONFIG_INTEGER,
     .unit = "visitors",
     .min = 1,
     .max = 1000000,
     .default_text = "100000",
     .help = "Visitors of one gateway who wait for their place to be written; beyond, they are "
             "told when to "
             "come back.",
     .offset = MEMBER(joins_pending_max)},
    {.name = "outbox.entries_max",
     .type = CONFIG_INTEGER,
     .unit = "entries",
     .min = 1,
     .max = 1000000,
     .default_text = NUMBER_TEXT(OUTBOX_ENTRIES_MAX),
     .help = "What may wait in Redis to be written by the ledger; beyond, nobody new may pay until "
             "it has caught up.",
     .offset = MEMBER(outbox_entries_max)},
    {.name = "drain_ms",
     .type = CONFIG_INTEGER,
     .unit = "ms",
     .min = 0,
     .max = 600000,
     .default_text = "5000",
     .help = "How long gateways may take to say good-bye at a stop.",
     .offset = MEMBER(drain_ms)},
    {.name = "reconnects_per_s",
     .type = CONFIG_INTEGER,
     .unit = "visitors",
     .min = 10,
     .max = 1000000,
     .default_text = "10000",
     .help = "Visitors whose connections broke are asked to spread their return so that no more "
             "than so many come back each second.",
     .offset = MEMBER(reconnects_per_s)},
    {.name = "push.near_places",
     .type = CONFIG_INTEGER,
     .unit = "visitors",
     .min = 0,
     .max = 10000,
     .default_text = "200",
     .help = "Somebody with fewer ahead is told every change at the tick that made it.",
     .offset = MEMBER(push_near_places)},
    {.name = "push.change_percent",
     .type = CONFIG_INTEGER,
     .unit = "%",
     .min = 0,
     .max = 100,
     .default_text = "1",
     .help = "Further back, a place that has changed by so much since it was told is told again.",
     .offset = MEMBER(push_change_percent)},
    {.name = "push.floor_ms_per_1000",
     .type = CONFIG_INTEGER,
     .unit = "ms",
     .min = 0,
     .max = 60000,
     .default_text = "2000",
     .help = "But not before so much time has passed for each 1,000 visitors ahead.",
     .offset = MEMBER(push_floor_ms_per_1000)},
    {.name = "push.heartbeat_ms",
     .type = CONFIG_INTEGER,
     .unit = "ms",
     .min = 100,
     .max = 600000,
     .default_text = "60000",
     .help = "A connection on which nothing was said for so long hears a heartbeat.",
     .offset = MEMBER(push_heartbeat_ms)},
    {.name = "push.interval_ms_max",
     .type = CONFIG_INTEGER,
     .unit = "ms",
     .min = 1000,
     .max = 600000,
     .default_text = "15000",
     .help = "Whoever waits hears at the latest after this time what is new.",
     .offset = MEMBER(push_interval_ms_max)},
    {.name = "push.unanswered_ms_max",
     .type = CONFIG_INTEGER,
     .unit = "ms",
     .min = 1000,
     .max = 600000,
     .default_text = "60000",
     .help = "A connection ends when nothing is acknowledged, or nothing read, for so long after "
             "something was sent.",
     .offset = MEMBER(push_unanswered_ms_max)},
    {.name = "redis.url",
     .type = CONFIG_REDIS_URL,
     .unit = "",
     .default_text = "",
     .help = "A Redis of your own; empty starts a private one in the data directory.",
     .offset = MEMBER(redis_url)},
    {.name = "payment.url",
     .type = CONFIG_URL,
     .unit = "",
     .choices = HTTP_PREFIXES,
     .default_text = "",
     .help = "The payment provider; empty starts the sandbox provider, which takes no real money.",
     .offset = MEMBER(payment_url)},
    {.name = "payment.key",
     .type = CONFIG_SECRET,
     .unit = "",
     .default_text = "",
     .help = "The key for the payment provider; empty is one generated at the first start.",
     .offset = MEMBER(payment_key)},
    {.name = "webhook.secret",
     .type = CONFIG_SECRET,
     .unit = "",
     .default_text = "",
     .help =
         "What the provider signs its webhooks with; empty is one generated at the first start.",
     .offset = MEMBER(webhook_secret)},
    {.name = "sandbox.port",
     .type = CONFIG_INTEGER,
     .unit = "",
     .min = 0,
     .max = 65535,
     .default_text = "0",
     .help = "The sandbox provider's port on 127.0.0.1; 0 is the first free one after listen.port.",
     .offset = MEMBER(sandbox_port)},
    {.name = "sandbox.late_ms",
     .type = CONFIG_INTEGER,
     .unit = "ms",
     .min = 0,
     .max = 600000,
     .default_text = "20000",
     .help = "How late the sandbox's webhook for the card of late answers comes.",
     .offset = MEMBER(sandbox_late_ms)},
    {.name = "proxies",
     .type = CONFIG_NETWORK_LIST,
     .unit = "",
     .default_text = "",
     .help = "Addresses or networks of proxies of your own, separated by spaces: their "
             "X-Forwarded-For is "
             "believed when tries to sign in are counted by address.",
     .offset = MEMBER(proxies)},
    {.name = "account.threads",
     .type = CONFIG_INTEGER,
     .unit = "threads",
     .min = 1,
     .max = 16,
     .default_text = "1",
     .help = "Passwords of visitors that one gateway hashes at once, each with 19 MiB.",
     .offset = MEMBER(account_threads)},
    {.name = "account.waiting_max",
     .type = CONFIG_INTEGER,
     .unit = "visitors",
     .min = 1,
     .max = 10000,
     .default_text = "128",
     .help = "Visitors of one gateway whose passwords wait for that; beyond, they are told when to "
             "come back.",
     .offset = MEMBER(account_waiting_max)},
    {.name = "account.tries_per_minute",
     .type = CONFIG_INTEGER,
     .unit = "tries",
     .min = 1,
     .max = 1000000,
     .default_text = "60",
     .help = "Tries to sign in from one address, over all gateways; beyond: too_fast.",
     .offset = MEMBER(account_tries)},
    {.name = "account.email_tries_per_minute",
     .type = CONFIG_INTEGER,
     .unit = "tries",
     .min = 1,
     .max = 1000000,
     .default_text = "10",
     .help = "Tries to sign in with one e-mail address since the last that succeeded.",
     .offset = MEMBER(account_email_tries)},
    {.name = "account.sign_ups_per_hour",
     .type = CONFIG_INTEGER,
     .unit = "tries",
     .min = 1,
     .max = 1000000,
     .default_text = "30",
     .help = "Sign-ups from one address, over all gateways; beyond: too_fast.",
     .offset = MEMBER(account_sign_ups)},
    {.name = "account.session_s",
     .type = CONFIG_INTEGER,
     .unit = "s",
     .min = 1,
     .max = 31536000,
     .default_text = "604800",
     .help = "How long a visitor stays signed in.",
     .offset = MEMBER(account_session_s)},
    {.name = "tickets.link_s",
     .type = CONFIG_INTEGER,
     .unit = "s",
     .min = 1,
     .max = 31536000,
     .default_text = "1209600",
     .help = "How long a link to the tickets of an order is good (`orders resend`).",
     .offset = MEMBER(tickets_link_s)},
    {.name = "tickets.opens_per_minute",
     .type = CONFIG_INTEGER,
     .unit = "tries",
     .min = 1,
     .max = 1000000,
     .default_text = "60",
     .help = "Links to tickets opened from one address, over all gateways; beyond: too_fast.",
     .offset = MEMBER(tickets_opens)},
    {.name = "mail.url",
     .type = CONFIG_MAIL_URL,
     .unit = "",
     .choices = {"smtp://", "smtps://"},
     .default_text = "",
     .help = "The mail server that links to tickets are sent by; empty sends no e-mail. Needs "
             "mail.from and public.url. Name and password, a line each, stand in the file "
             "mail.credentials of the data directory.",
     .offset = MEMBER(mail_url)},
    {.name = "mail.from",
     .type = CONFIG_EMAIL,
     .unit = "",
     .default_text = "",
     .help = "The address that e-mail comes from.",
     .offset = MEMBER(mail_from)},
    {.name = "rehearsal.visitors",
     .type = CONFIG_INTEGER,
     .unit = "visitors",
     .min = 0,
     .max = 1000,
     .default_text = "1000",
     .help = "Virtual visitors of a rehearsal on this machine; 0 is no rehearsals.",
     .offset = MEMBER(rehearsal_visitors)},
    {.name = "log.level",
     .type = CONFIG_WORD,
     .unit = "",
     .choices = {"error", "warning", "info", "debug"},
     .default_text = "info",
     .help = "The least important lines to write.",
     .offset = MEMBER(log_level)},
    {.name = "metrics.public",
     .type = CONFIG_BOOLEAN,
     .unit = "",
     .default_text = "false",
     .help = "Whether /metrics answers others than this machine.",
     .offset = MEMBER(is_metrics_public)},
};
const size_t config_table_count = sizeof config_table / sizeof config_table[0];

_Static_assert(sizeof config_table / sizeof config_table[0] <= CONFIG_SETTINGS_MAX,
               "raise the maximum");

static void append(char *out, size_t out_bytes_max, const char *text)
{
    size_t used = strlen(out);
    for (; *text && used + 1 < out_bytes_max; text++)
        out[used++] = *text;
    out[used] = '\0';
}

static void append_choices(const struct config_setting *setting, char *out, size_t out_bytes_max)
{
    for (size_t i = 0; setting->choices[i]; i++) {
        if (i > 0)
            append(out, out_bytes_max, setting->choices[i + 1] ? ", " : " or ");
        append(out, out_bytes_max, setting->choices[i]);
    }
}

void config_range_text(const struct config_setting *setting, char *out, size_t out_bytes_max)
{
    static const char *const plain[CONFIG_TYPE_COUNT] = {
        [CONFIG_INTEGER] = "",
        [CONFIG_BOOLEAN] = "true or false",
        [CONFIG_WORD] = "",
        [CONFIG_PATH] = "a path of at most 2047 bytes",
        [CONFIG_ADDRESS] = "an IPv4 or IPv6 address in numbers, such as 127.0.0.1",
        [CONFIG_URL] = "empty, or a URL that starts with ",
        [CONFIG_URL_LIST] = "empty, or URLs separated by spaces that start with ",
        [CONFIG_NETWORK_LIST] =
            "empty, or IPv4 or IPv6 addresses in numbers, or networks such as 10.0.0.0/8, "
            "separated by spaces",
        [CONFIG_REDIS_URL] = "empty, redis://host:port or unix:///path",
        [CONFIG_EMAIL] = "empty, or an e-mail address such as tickets@example.org",
        [CONFIG_MAIL_URL] = "empty, or a URL without name and password that starts with ",
        [CONFIG_SECRET] = "empty, or 16 to 2047 characters without spaces"};
    if (setting->type == CONFIG_INTEGER) {
        (void)snprintf(out, out_bytes_max, "%lld to %lld", (long long)setting->min,
                       (long long)setting->max);
        return;
    }
    (void)snprintf(out, out_bytes_max, "%s", plain[setting->type]);
    append_choices(setting, out, out_bytes_max);
}

static enum config_status refuse_range(const struct config_setting *setting,
                                       struct config_error *error)
{
    char range[256];
    config_range_text(setting, range, sizeof range);
    (void)snprintf(error->text, sizeof error->text, "it must be %s", range);
    return CONFIG_REFUSED;
}

static bool is_integer(const char *text, int64_t *value)
{
    char *end = NULL;
    if (!isdigit((unsigned char)text[text[0] == '-']))
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *value = number;
    return true;
}

static bool has_no_spaces(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 127)
            return false;
    return true;
}

static bool is_url(const struct config_setting *setting, const char *text, size_t bytes)
{
    if (!has_no_spaces(text, bytes))
        return false;
    for (size_t i = 0; setting->choices[i]; i++) {
        size_t prefix_bytes = strlen(setting->choices[i]);
        if (bytes > prefix_bytes && strncmp(text, setting->choices[i], prefix_bytes) == 0)
            return true;
    }
    return false;
}

static bool is_url_list(const struct config_setting *setting, const char *text)
{
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t bytes = strcspn(text, " ");
        if (!is_url(setting, text, bytes))
            return false;
        text += bytes;
    }
    return true;
}

static bool is_address(const char *text)
{
    unsigned char address[16];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool is_network_list(const char *text)
{
    struct network one;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t bytes = strcspn(text, " ");
        if (!network_read(text, bytes, &one))
            return false;
        text += bytes;
    }
    return true;
}

static bool is_redis_url(const char *text)
{
    int64_t port = 0;
    if (strncmp(text, "unix:///", 8) == 0)
        return text[8] != '\0';
    if (strncmp(text, "redis://", 8) != 0)
        return false;
    const char *colon = strrchr(text + 8, ':');
    return colon && colon > text + 8 && is_integer(colon + 1, &port) && port >= 1 && port <= 65535;
}

static bool is_word(const struct config_setting *setting, const char *text, int64_t *index)
{
    for (size_t i = 0; setting->choices[i]; i++)
        if (strcmp(text, setting->choices[i]) == 0) {
            *index = (int64_t)i;
            return true;
        }
    return false;
}

static bool is_text_valid(const struct config_setting *setting, const char *text)
{
    size_t bytes = strlen(text);
    if (bytes >= CONFIG_TEXT_BYTES_MAX)
        return false;
    switch (setting->type) {
    case CONFIG_PATH:
        return bytes > 0;
    case CONFIG_ADDRESS:
        return is_address(text);
    case CONFIG_NETWORK_LIST:
        return is_network_list(text);
    case CONFIG_URL:
        return bytes == 0 || is_url(setting, text, bytes);
    case CONFIG_URL_LIST:
        return is_url_list(setting, text);
    case CONFIG_REDIS_URL:
        return bytes == 0 || (has_no_spaces(text, bytes) && is_redis_url(text));
    case CONFIG_MAIL_URL: /* a command line is for everybody to read */
        return bytes == 0 || (is_url(setting, text, bytes) && strchr(text, '@') == NULL);
    case CONFIG_EMAIL:
        return bytes == 0 || mail_address_is_plain(text);
    case CONFIG_SECRET:
        return bytes == 0 || (bytes >= 16 && has_no_spaces(text, bytes));
    default:
        return false;
    }
}

static bool set_boolean(bool *member, const char *text)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return false;
    *member = text[0] == 't';
    return true;
}

enum config_status config_set_text(struct config *config, const struct config_setting *setting,
                                   const char *text, struct config_error *error)
{
    void *member = (char *)config + setting->offset;
    int64_t number = 0;
    switch (setting->type) {
    case CONFIG_INTEGER:
        if (!is_integer(text, &number) || number < setting->min || number > setting->max)
            return refuse_range(setting, error);
        *(int64_t *)member = number;
        return CONFIG_OK;
    case CONFIG_WORD:
        if (!is_word(setting, text, &number))
            return refuse_range(setting, error);
        *(int64_t *)member = number;
        return CONFIG_OK;
    case CONFIG_BOOLEAN:
        return set_boolean(member, text) ? CONFIG_OK : refuse_range(setting, error);
    default:
        if (!is_text_valid(setting, text))
            return refuse_range(setting, error);
        memcpy(member, text, strlen(text) + 1);
        return CONFIG_OK;
    }
}

void config_init(struct config *config)
{
    struct config_error error = {""};
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < config_table_count; i++) {
        enum config_status status =
            config_set_text(config, &config_table[i], config_table[i].default_text, &error);
        assert(status == CONFIG_OK);
        (void)status;
    }
}

const struct config_setting *config_find(const char *name)
{
    for (size_t i = 0; i < config_table_count; i++)
        if (strcmp(config_table[i].name, name) == 0)
            return &config_table[i];
    return NULL;
}

const char *config_nearest(const char *name)
{
    const char *names[CONFIG_SETTINGS_MAX];
    for (size_t i = 0; i < config_table_count; i++)
        names[i] = config_table[i].name;
    return nearest_word(name, names, config_table_count);
}

void config_environment_name(const struct config_setting *setting, char *out, size_t out_bytes_max)
{
    (void)snprintf(out, out_bytes_max, "STANCHION_%s", setting->name);
    for (char *c = out; *c; c++)
        *c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
}

size_t config_cores_count(void)
{
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) != 0)
        return 1;
    int count = CPU_COUNT(&cores);
    return count < 1 ? 1 : (size_t)count;
}

size_t config_gateways_count(const struct config *config)
{
    size_t cores = config_cores_count();
    if (config->gateways_count > 0)
        return (size_t)config->gateways_count;
    return cores > GATEWAYS_BY_DEFAULT_MAX ? GATEWAYS_BY_DEFAULT_MAX : cores;
}
