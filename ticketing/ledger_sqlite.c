/* The ledger in SQLite: opening, pragmas, prepared statements, transactions.
 *
 * One connection writes and checkpoints, because SQLite up to 3.51.2 has a race between two that
 * reset the WAL. synchronous=FULL makes every commit of the WAL an fsync, which is what "committed"
 * means to the rest of the house. A lock file beside the database keeps a second ledger out;
 * readers from outside are welcome at any time. Statements stand in sql/statements.sql, each behind
 * a line `--: name`, and are prepared on first use.
 */
#include "ticketing/ledger_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ticketing/ledger_migrate.h"
#include "ticketing_files.h"

/* A reader from outside may hold a lock for a moment; beyond it: LEDGER_IO. */
#define BUSY_MS 5000
#define PATH_BYTES_MAX 4096

static const char *const statement_names[STATEMENT_COUNT] = {
#define X(name) #name,
    LEDGER_STATEMENTS(X)
#undef X
};

static const char pragmas[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA wal_autocheckpoint = 8000;" /* pages: 32 MB */
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA trusted_schema = OFF;"
                              "PRAGMA cell_size_check = ON;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -32768;"
                              "PRAGMA journal_size_limit = 67108864;";

const char *ledger_status_word(enum ledger_status status)
{
    static const char *const words[LEDGER_STATUS_COUNT] = {
        [LEDGER_OK] = "ok",
        [LEDGER_NOT_FOUND] = "not found",
        [LEDGER_REFUSED] = "refused",
        [LEDGER_IN_USE] = "in use by another process",
        [LEDGER_NEWER] = "written by a newer program",
        [LEDGER_FULL] = "no space left on the disk",
        [LEDGER_IO] = "input/output error",
        [LEDGER_CORRUPT] = "not a ledger, or damaged",
    };
    assert(status >= 0 && status < LEDGER_STATUS_COUNT);
    return words[status];
}

const char *ledger_problem(const struct ledger_store *s)
{
    return s->problem;
}

enum ledger_status ledger_judge(struct ledger_store *s, int code)
{
    int primary = code & 0xff;
    if (primary == SQLITE_OK || primary == SQLITE_ROW || primary == SQLITE_DONE)
        return LEDGER_OK;
    (void)snprintf(s->problem, sizeof s->problem, "%s (%d)", sqlite3_errmsg(s->db), code);
    switch (primary) {
    case SQLITE_CONSTRAINT:
        return LEDGER_REFUSED;
    case SQLITE_FULL:
        return LEDGER_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return LEDGER_CORRUPT;
    default:
        return LEDGER_IO;
    }
}

/* Finds the text behind `--: name`; it ends where the next one begins. */
static const char *statement_text(const char *name, size_t *bytes)
{
    char marker[64];
    int marker_bytes = snprintf(marker, sizeof marker, "--: %s\n", name);
    assert(marker_bytes > 0 && (size_t)marker_bytes < sizeof marker);
    const char *start = strstr((const char *)ticketing_statements_sql, marker);
    assert(start != NULL);
    start += marker_bytes;
    const char *end = strstr(start, "--: ");
    *bytes = end != NULL ? (size_t)(end - start) : strlen(start);
    return start;
}

static sqlite3_stmt *prepared(struct ledger_store *s, enum ledger_statement which)
{
    if (s->statements[which] == NULL) {
        size_t bytes;
        const char *text = statement_text(statement_names[which], &bytes);
        int code = sqlite3_prepare_v3(s->db, text, (int)bytes, SQLITE_PREPARE_PERSISTENT,
                                      &s->statements[which], NULL);
        if (code != SQLITE_OK)
            (void)ledger_judge(s, code);
    }
    return s->statements[which];
}

sqlite3_stmt *ledger_use(struct ledger_store *s, enum ledger_statement which, const char *kinds,
                         ...)
{
    sqlite3_stmt *statement = prepared(s, which);
    if (statement == NULL)
        return NULL; /* ledger_run and ledger_next report it */
    va_list values;
    va_start(values, kinds);
    for (int i = 0; kinds[i] != '\0'; i++) {
        int code;
        if (kinds[i] == 'i') {
            code = sqlite3_bind_int64(statement, i + 1, va_arg(values, int64_t));
        } else {
            assert(kinds[i] == 't');
            code = sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1,
                                     SQLITE_STATIC);
        }
        assert(code == SQLITE_OK);
    }
    va_end(values);
    return statement;
}

bool ledger_next(struct ledger_store *s, sqlite3_stmt *statement, enum ledger_status *status)
{
    if (statement == NULL) {
        *status = LEDGER_IO;
        return false;
    }
    int code = sqlite3_step(statement);
    *status = ledger_judge(s, code);
    if (code == SQLITE_ROW)
        return true;
    (void)sqlite3_reset(statement);
    return false;
}

enum ledger_status ledger_run(struct ledger_store *s, sqlite3_stmt *statement)
{
    enum ledger_status status;
    while (ledger_next(s, statement, &status))
        continue;
    return status;
}

const char *ledger_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? (const char *)text : "";
}

enum ledger_status ledger_begin(struct ledger_store *s)
{
    assert(!s->is_in_transaction);
    s->known_event.id[0] = '\0';
    enum ledger_status status = ledger_run(s, ledger_use(s, STATEMENT_begin, ""));
    s->is_in_transaction = status == LEDGER_OK;
    return status;
}

enum ledger_status ledger_commit(struct ledger_store *s)
{
    assert(s->is_in_transaction);
    enum ledger_status status = ledger_run(s, ledger_use(s, STATEMENT_commit, ""));
    if (status == LEDGER_OK)
        s->is_in_transaction = false;
    return status;
}

enum ledger_status ledger_rollback(struct ledger_store *s)
{
    assert(s->is_in_transaction);
    s->is_in_transaction = false;
    if (sqlite3_get_autocommit(s->db) != 0)
        return LEDGER_OK; /* SQLite did it itself, on the error that brought us here */
    return ledger_run(s, ledger_use(s, STATEMENT_rollback, ""));
}

enum ledger_status ledger_number_get(struct ledger_store *s, const char *name, int64_t *out)
{
    enum ledger_status status;
    sqlite3_stmt *statement = ledger_use(s, STATEMENT_meta_get, "t", name);
    if (!ledger_next(s, statement, &status))
        return status == LEDGER_OK ? LEDGER_NOT_FOUND : status;
    *out = sqlite3_column_int64(statement, 0);
    (void)sqlite3_reset(statement);
    return LEDGER_OK;
}

enum ledger_status ledger_number_set(struct ledger_store *s, const char *name, int64_t value)
{
    char text[24];
    int bytes = snprintf(text, sizeof text, "%" PRId64, value);
    assert(bytes > 0 && (size_t)bytes < sizeof text);
    return ledger_run(s, ledger_use(s, STATEMENT_meta_set, "tt", name, text));
}

static enum ledger_status lock(struct ledger_store *s, const char *path, char *why)
{
    char name[PATH_BYTES_MAX];
    int bytes = snprintf(name, sizeof name, "%s.lock", path);
    if (bytes < 0 || (size_t)bytes >= sizeof name) {
        (void)snprintf(why, LEDGER_REASON_BYTES, "the ledger's path is too long");
        return LEDGER_IO;
    }
    s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd >= 0 && flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return LEDGER_OK;
    if (s->lock_fd >= 0 && errno == EWOULDBLOCK) {
        (void)snprintf(why, LEDGER_REASON_BYTES, "another ledger process has %.120s open", path);
        return LEDGER_IN_USE;
    }
    (void)snprintf(why, LEDGER_REASON_BYTES, "%.120s: %s", name, strerror(errno));
    return errno == ENOSPC ? LEDGER_FULL : LEDGER_IO;
}

/* SQLite gives the WAL the mode of the database, so the database is made private before SQLite sees
 * it. */
static enum ledger_status make_private(const char *path, char *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool is_good = fd >= 0 && fchmod(fd, 0600) == 0;
    if (!is_good)
        (void)snprintf(why, LEDGER_REASON_BYTES, "%.120s: %s", path, strerror(errno));
    enum ledger_status status = is_good ? LEDGER_OK : errno == ENOSPC ? LEDGER_FULL : LEDGER_IO;
    if (fd >= 0)
        (void)close(fd);
    return status;
}

static enum ledger_status open_database(struct ledger_store *s, const char *path, char *why)
{
    int code = sqlite3_open_v2(
        path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(s->db, BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(s->db, pragmas, NULL, NULL, NULL);
    if (code == SQLITE_OK) {
        size_t count;
        const struct ledger_migration *migrations = ledger_migrations(&count);
        return ledger_migrate(s->db, migrations, count, why);
    }
    enum ledger_status status = ledger_judge(s, code);
    (void)snprintf(why, LEDGER_REASON_BYTES, "%.100s: %.90s", path, s->problem);
    return status;
}

enum ledger_status ledger_open(const char *path, const struct token_keys *keys,
                               struct ledger_store **out, char *why)
{
    struct ledger_store *s = calloc(1, sizeof *s);
    assert(s != NULL);
    s->keys = keys;
    s->lock_fd = -1;
    enum ledger_status status = lock(s, path, why);
    if (status == LEDGER_OK)
        status = make_private(path, why);
    if (status == LEDGER_OK)
        status = open_database(s, path, why);
    if (status == LEDGER_OK) {
        status = ledger_restores_load(s);
        if (status != LEDGER_OK)
            (void)snprintf(why, LEDGER_REASON_BYTES, "%.100s: %.90s", path, s->problem);
    }
    if (status != LEDGER_OK) {
        ledger_close(s);
        return status;
    }
    *out = s;
    return LEDGER_OK;
}

static int read_version(sqlite3 *db, int *version)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &row, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW)
        *version = sqlite3_column_int(row, 0);
    (void)sqlite3_finalize(row);
    return code == SQLITE_ROW ? SQLITE_OK : code;
}

static enum ledger_status check_version(struct ledger_store *s, const char *path, char *why)
{
    int version = 0;
    size_t count;
    (void)ledger_migrations(&count);
    enum ledger_status status = ledger_judge(s, read_version(s->db, &version));
    if (status != LEDGER_OK)
        (void)snprintf(why, LEDGER_REASON_BYTES, "%.100s: %.90s", path, s->problem);
    else if (version != (int)count)
        (void)snprintf(why, LEDGER_REASON_BYTES, "%.100s has schema %d, this program knows %zu",
                       path, version, count);
    if (status != LEDGER_OK || version == (int)count)
        return status;
    return version > (int)count ? LEDGER_NEWER : LEDGER_CORRUPT;
}

/* For reading only, whatever its schema. */
static enum ledger_status open_any(const char *path, struct ledger_store **out, char *why)
{
    if (access(path, R_OK) != 0) {
        (void)snprintf(why, LEDGER_REASON_BYTES, "%.120s: %s", path, strerror(errno));
        return errno == ENOENT ? LEDGER_NOT_FOUND : LEDGER_IO;
    }
    struct ledger_store *s = calloc(1, sizeof *s);
    assert(s != NULL);
    s->lock_fd = -1;
    int code = sqlite3_open_v2(
        path, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(s->db, BUSY_MS);
    enum ledger_status status = ledger_judge(s, code);
    if (status != LEDGER_OK) {
        (void)snprintf(why, LEDGER_REASON_BYTES, "%.100s: %.90s", path, s->problem);
        ledger_close(s);
        return status;
    }
    *out = s;
    return LEDGER_OK;
}

enum ledger_status ledger_open_reading(const char *path, struct ledger_store **out, char *why)
{
    struct ledger_store *s = NULL;
    enum ledger_status status = open_any(path, &s, why);
    if (status == LEDGER_OK && (status = check_version(s, path, why)) != LEDGER_OK)
        ledger_close(s);
    else if (status == LEDGER_OK)
        *out = s;
    return status;
}

enum ledger_status ledger_look(const char *path, char *why)
{
    struct ledger_store *s = NULL;
    int version = 0;
    size_t count;
    (void)ledger_migrations(&count);
    enum ledger_status status = open_any(path, &s, why);
    if (status == LEDGER_OK) {
        status = ledger_judge(s, read_version(s->db, &version));
        if (status != LEDGER_OK)
            (void)snprintf(why, LEDGER_REASON_BYTES, "%.100s: %.90s", path, s->problem);
        ledger_close(s);
    }
    if (status == LEDGER_OK && version > (int)count) {
        (void)snprintf(why, LEDGER_REASON_BYTES, "%.100s has schema %d, this program knows %zu",
                       path, version, count);
        status = LEDGER_NEWER;
    }
    return status;
}

void ledger_interrupt(struct ledger_store *s)
{
    sqlite3_interrupt(s->db);
}

void ledger_close(struct ledger_store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(s->statements[i]);
    (void)sqlite3_close(s->db); /* rolls back what is open */
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    free(s);
}
