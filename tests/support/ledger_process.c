/* fork() and ledger_main() in the child: the same code as the product, with the sanitizers of the
 * test. */
#include "support/ledger_process.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/base/token.h"
#include "server/ledger/ledger.h"
#include "support/leaks.h"

#define WAIT_MS 10000
#define STEP_US 5000
#define NOBODY "http://127.0.0.1:9" /* the discard port: nothing listens there */
#define LEAK_EXIT_CODE 99

struct ledger_process {
    struct redis_server *redis;
    pid_t pid; /* 0 = not running */
    unsigned asked_count;
    unsigned long file_bytes_max; /* 0 = no limit */
    char payment_url[128], directory[64], path[96];
};

struct ledger_process *ledger_process_create(struct redis_server *redis, const char *payment_url)
{
    struct ledger_process *process = calloc(1, sizeof *process);
    cr_assert_not_null(process);
    process->redis = redis;
    (void)snprintf(process->payment_url, sizeof process->payment_url, "%s",
                   payment_url != NULL ? payment_url : NOBODY);
    (void)snprintf(process->directory, sizeof process->directory, "/tmp/stanchion-ledger-XXXXXX");
    cr_assert_not_null(mkdtemp(process->directory));
    (void)snprintf(process->path, sizeof process->path, "%s/ledger.db", process->directory);
    return process;
}

const char *ledger_process_path(const struct ledger_process *process)
{
    return process->path;
}

static void run_child(const struct ledger_process *process)
{
    static const unsigned char secret[SECRET_BYTES] = {3, 1, 4};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)close_range(3, ~0U, 0);
    if (process->file_bytes_max > 0) {
        struct rlimit limit = {process->file_bytes_max, process->file_bytes_max};
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
    }
    struct ledger_options options = {.db_path = process->path,
                                     .redis_url = redis_server_url(process->redis),
                                     .payment_url = process->payment_url,
                                     .payment_key = "test-key",
                                     .secret = secret,
                                     .link_ms = LEDGER_TEST_LINK_MS,
                                     .log_level = getenv("LEDGER_TEST_LOG") ? LOG_INFO : LOG_ERROR};
    int code = ledger_main(&options);
    _exit(child_has_leaks(process->directory) ? LEAK_EXIT_CODE : code);
}

void ledger_process_limit(struct ledger_process *process, unsigned long file_bytes_max)
{
    process->file_bytes_max = file_bytes_max;
}

void ledger_process_share(struct ledger_process *process, const struct ledger_process *other)
{
    memcpy(process->path, other->path, sizeof process->path);
}

void ledger_process_start(struct ledger_process *process)
{
    cr_assert_eq(process->pid, 0);
    process->pid = fork();
    cr_assert(process->pid >= 0);
    if (process->pid == 0)
        run_child(process);
}

void ledger_process_start_ready(struct ledger_process *process)
{
    redis_server_run(process->redis, "DEL ledger:beat");
    ledger_process_start(process);
    for (int64_t until_ms = clock_monotonic_ms() + WAIT_MS; clock_monotonic_ms() < until_ms;
         (void)usleep(STEP_US))
        if (redis_server_number(process->redis, "EXISTS epoch ledger:beat") == 2)
            return;
    cr_assert_fail("the ledger did not get ready");
}

void ledger_process_kill(struct ledger_process *process)
{
    cr_assert(process->pid > 0 && kill(process->pid, SIGKILL) == 0);
    cr_assert(waitpid(process->pid, NULL, 0) == process->pid);
    process->pid = 0;
}

int ledger_process_wait(struct ledger_process *process)
{
    int status = 0;
    for (int64_t until_ms = clock_monotonic_ms() + WAIT_MS; clock_monotonic_ms() < until_ms;
         (void)usleep(STEP_US))
        if (waitpid(process->pid, &status, WNOHANG) == process->pid) {
            process->pid = 0;
            cr_assert(WIFEXITED(status), "the ledger ended by signal %d", WTERMSIG(status));
            return WEXITSTATUS(status);
        }
    cr_assert_fail("the ledger does not end");
    return -1;
}

int ledger_process_stop(struct ledger_process *process)
{
    cr_assert(process->pid > 0 && kill(process->pid, SIGTERM) == 0);
    return ledger_process_wait(process);
}

void ledger_process_free(struct ledger_process *process)
{
    if (process == NULL)
        return;
    if (process->pid > 0)
        ledger_process_kill(process);
    DIR *directory = opendir(process->directory);
    for (struct dirent *entry = directory != NULL ? readdir(directory) : NULL; entry != NULL;
         entry = readdir(directory))
        (void)unlinkat(dirfd(directory), entry->d_name, 0); /* "." and ".." refuse */
    if (directory != NULL)
        (void)closedir(directory);
    (void)rmdir(process->directory);
    free(process);
}

static redisReply *wait_for_message(redisContext *listening)
{
    void *message = NULL;
    cr_assert_eq(redisGetReply(listening, &message), REDIS_OK, "no answer from the office: %s",
                 listening->errstr);
    return message;
}

json_t *ledger_process_ask(struct ledger_process *process, const char *verb, json_t *args)
{
    char id[32];
    struct timeval limit = {WAIT_MS / 1000, 0};
    (void)snprintf(id, sizeof id, "t%u", ++process->asked_count);
    redisContext *listening = redisConnectUnix(redis_server_socket(process->redis));
    cr_assert(listening != NULL && listening->err == 0);
    cr_assert_eq(redisSetTimeout(listening, limit), REDIS_OK);
    freeReplyObject(redisCommand(listening, "SUBSCRIBE reply:test"));
    json_t *request = json_pack("{ss ss ss so}", "id", id, "reply", "reply:test", "verb", verb,
                                "args", args ? args : json_object());
    char *body = json_dumps(request, JSON_COMPACT);
    redis_server_run(process->redis, "XADD office * body %s", body);
    redisReply *message = wait_for_message(listening);
    json_t *answer = json_loads(message->element[2]->str, 0, NULL);
    cr_assert_str_eq(json_string_value(json_object_get(answer, "id")), id);
    freeReplyObject(message);
    redisFree(listening);
    free(body);
    json_decref(request);
    return answer;
}

static json_t *plan(int seats)
{
    json_t *list = json_array();
    for (int i = 0; i < seats; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%d", i + 1);
        (void)json_array_append_new(list,
                                    json_pack("[s i i i i]", number, 25 * (i + 1), 100, 0, 0));
    }
    return json_pack("{si ss si si si s[{ss ss si ss}] s[{ss ss s[{ss si so}]}] s[]}", "version", 1,
                     "name", "Hall", "width", 25 * (seats + 2), "height", 200, "seats_count", seats,
                     "categories", "name", "C", "color", "#b3261e", "price_minor", 500, "currency",
                     "EUR", "sections", "name", "A", "level", "", "rows", "label", "01", "first", 0,
                     "seats", list, "areas");
}

void ledger_process_load_event(struct ledger_process *process, const char *event, int seats)
{
    json_t *answer = ledger_process_ask(
        process, "event.load",
        json_pack("{ss ss ss ss so s{ss}}", "id", event, "name", "Night", "currency", "EUR",
                  "time_zone", "Europe/Berlin", "plan", plan(seats), "settings", "phase", "open"));
    cr_assert(json_is_true(json_object_get(answer, "ok")), "%s",
              json_string_value(json_object_get(answer, "message")));
    json_decref(answer);
}

void ledger_process_add(struct ledger_process *process, const char *body)
{
    redis_server_run(process->redis, "XADD outbox * body %s", body);
}

void ledger_process_sell(struct ledger_process *process, const char *event, const char *order,
                         const char *visitor, int seat, int count)
{
    ledger_process_sell_intent(process, event, order, visitor, seat, count, "");
}

void ledger_process_sell_intent(struct ledger_process *process, const char *event,
                                const char *order, const char *visitor, int seat, int count,
                                const char *intent)
{
    json_t *seats = json_array();
    for (int i = 0; i < count; i++)
        (void)json_array_append_new(seats, json_pack("{si ss ss ss ss si}", "seat", seat + i,
                                                     "section", "A", "row", "01", "number", "1",
                                                     "category", "C", "price_minor", 500));
    json_t *entry = json_pack("{ss ss ss ss si si ss si ss sI so}", "kind", "order", "order", order,
                              "event", event, "visitor", visitor, "fence", seat + 1, "epoch", 1,
                              "intent", intent, "amount_minor", 500 * count, "currency", "EUR",
                              "at_ms", (json_int_t)clock_wall_ms(), "seats", seats);
    char *body = json_dumps(entry, JSON_COMPACT);
    cr_assert_not_null(body);
    int sold = 0; /* those that were not before */
    for (int i = 0; i < count; i++)
        sold += redis_server_number(process->redis, "GETBIT ev:%s:seats %d", event,
                                    8 * (seat + i) + 6) == 0;
    redis_server_run(process->redis, "MULTI");
    for (int i = 0; i < count; i++)
        redis_server_run(process->redis, "BITFIELD ev:%s:seats SET u8 #%d 3", event, seat + i);
    redis_server_run(process->redis, "HSET ev:%s:settled %s sold", event, order);
    redis_server_run(process->redis, "HINCRBY ev:%s:bought %s %d", event, visitor, count);
    redis_server_run(process->redis, "HINCRBY ev:%s:counts sold %d", event, sold);
    redis_server_run(process->redis, "HINCRBY ev:%s:counts free -%d", event, sold);
    redis_server_run(process->redis, "HINCRBY ev:%s:counts free:0 -%d", event, sold);
    redis_server_run(process->redis, "XADD outbox * body %s", body);
    redis_server_run(process->redis, "EXEC");
    free(body);
    json_decref(entry);
}

long long ledger_process_number(struct ledger_process *process, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    cr_assert_eq(sqlite3_open_v2(process->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 1000);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    long long number = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return number;
}

void ledger_process_drained(struct ledger_process *process)
{
    for (int64_t until_ms = clock_monotonic_ms() + WAIT_MS; clock_monotonic_ms() < until_ms;
         (void)usleep(STEP_US))
        if (redis_server_number(process->redis, "XLEN outbox") == 0)
            return;
    cr_assert_fail("the outbox is not emptied");
}
