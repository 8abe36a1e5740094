/* See the header. */
#include "ticketing/ledger_backup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ticketing/ledger_sqlite.h"
#include "ticketing/ledger_tickets.h"

#define PATH_BYTES_MAX 4096
#define BUSY_MS 5000
#define FINDINGS_MAX 1000 /* of each kind; a file with more is lost anyway */

static enum ledger_status refuse(enum ledger_status status, char *why, const char *what,
                                 const char *reason)
{
    (void)snprintf(why, LEDGER_REASON_BYTES, "%.110s: %.80s", what, reason);
    return status;
}

/* --- the copy --- */

/* The whole ledger in one step, so it is one moment of it. The copy is no WAL database: it is one
 * file. It says of itself that it is a copy, until a ledger goes on with it (ledger_tickets.h). */
static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL)
        return sqlite3_errcode(to);
    int code = sqlite3_backup_step(backup, -1);
    int end = sqlite3_backup_finish(backup);
    code = code == SQLITE_DONE ? end : code;
    return code == SQLITE_OK
               ? sqlite3_exec(to,
                              "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;"
                              "INSERT INTO meta (name, value) VALUES ('" LEDGER_BACKUP_MARK
                              "', '1') ON CONFLICT (name) DO UPDATE SET value = excluded.value;",
                              NULL, NULL, NULL)
               : code;
}

static enum ledger_status copy(const char *path, const char *part, char *why)
{
    sqlite3 *from = NULL, *to = NULL;
    int code = sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(from, BUSY_MS);
    if (code == SQLITE_OK)
        code = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = copy_pages(from, to);
    enum ledger_status status = LEDGER_OK;
    if (code != SQLITE_OK)
        status = refuse((code & 0xff) == SQLITE_FULL ? LEDGER_FULL : LEDGER_IO, why, path,
                        sqlite3_errstr(code));
    (void)sqlite3_close(from);
    (void)sqlite3_close(to);
    return status;
}

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return is_synced;
}

/* A new name for the finished copy; link() refuses a name that is taken. */
static enum ledger_status publish(const char *part, const char *file, char *why)
{
    char folder[PATH_BYTES_MAX];
    (void)snprintf(folder, sizeof folder, "%s", file);
    if (!sync_path(part, O_RDWR))
        return refuse(LEDGER_IO, why, part, strerror(errno));
    if (link(part, file) != 0)
        return refuse(errno == EEXIST ? LEDGER_REFUSED : LEDGER_IO, why, file, strerror(errno));
    if (!sync_path(dirname(folder), O_RDONLY | O_DIRECTORY))
        return refuse(LEDGER_IO, why, file, strerror(errno));
    return LEDGER_OK;
}

enum ledger_status ledger_backup(const char *path, const char *file, char *why)
{
    char part[PATH_BYTES_MAX];
    int bytes = snprintf(part, sizeof part, "%s.part", file);
    if (bytes < 0 || (size_t)bytes >= sizeof part)
        return refuse(LEDGER_IO, why, file, "the name is too long");
    if (access(path, R_OK) != 0)
        return refuse(errno == ENOENT ? LEDGER_NOT_FOUND : LEDGER_IO, why, path, strerror(errno));
    if (access(file, F_OK) == 0)
        return refuse(LEDGER_REFUSED, why, file, "this file exists already");
    int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return refuse(LEDGER_IO, why, part, strerror(errno));
    (void)close(fd);
    enum ledger_status status = copy(path, part, why);
    if (status == LEDGER_OK)
        status = publish(part, file, why);
    (void)unlink(part);
    return status;
}

/* --- the proof --- */

/* Every row of a pragma as "<prefix> <first column> <second>"; SQLite says "ok" when there is
 * nothing to say. */
static int collect(sqlite3 *db, const char *pragma, const char *prefix, json_t *list)
{
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(db, pragma, -1, &rows, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(rows);
        if (code != SQLITE_ROW || json_array_size(list) >= FINDINGS_MAX)
            break;
        if (strcmp(ledger_text(rows, 0), "ok") != 0)
            (void)json_array_append_new(
                list, json_sprintf("%s %s %s", prefix, ledger_text(rows, 0), ledger_text(rows, 1)));
    }
    (void)sqlite3_finalize(rows);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

enum ledger_status ledger_verify(const char *path, json_t **findings, char *why)
{
    struct ledger_store *store = NULL;
    json_t *list = json_array(), *own = NULL;
    enum ledger_status status = ledger_open_reading(path, &store, why);
    if (status == LEDGER_OK) {
        int code = collect(store->db, "PRAGMA integrity_check(1000)",
                           "different: the file is damaged:", list);
        if (code == SQLITE_OK)
            code = collect(store->db, "PRAGMA foreign_key_check",
                           "missing: what this row (table, number) refers to:", list);
        status = ledger_judge(store, code);
        if (status == LEDGER_OK)
            status = ledger_self_check(store, &own);
        if (status != LEDGER_OK)
            (void)refuse(status, why, path, ledger_problem(store));
    }
    if (status == LEDGER_OK) {
        (void)json_array_extend(list, own);
        *findings = json_incref(list);
    }
    json_decref(own);
    json_decref(list);
    ledger_close(store);
    return status;
}
