/* `stanchion line export/verify`: the history of a line, written out and checked. Verify is offline
 * and reads line by line, so a history may be larger than the memory. */
#include "server/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "queue/chain.h"
#include "queue/hex.h"
#include "queue/line_replay.h"
#include "server/cli/line_file.h"
#include "server/supervisor/data_dir.h"

#define OVERTAKEN_SHOWN_MAX 10

/* Lines that are whole: the registrar may be writing the next. */
static bool copy_lines(FILE *in, FILE *out)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    bool is_good = true;
    while (is_good && (bytes = getline(&line, &room, in)) > 0 && line[bytes - 1] == '\n')
        is_good = fwrite(line, 1, (size_t)bytes, out) == (size_t)bytes;
    free(line);
    return is_good && !ferror(in);
}

int cli_line_export(struct config *config, const struct cli_args *args)
{
    char path[DATA_PATH_BYTES_MAX];
    if (!line_file_path(config, args->arguments[0], "history", path, sizeof path))
        return CLI_FAILED;
    FILE *in = fopen(path, "re");
    if (!in)
        return errno == ENOENT ? cli_fail("event %s has no history yet", args->arguments[0])
                               : cli_fail("%s: %s", path, strerror(errno));
    FILE *out = line_file_create(args->arguments[1]);
    bool is_good = out && copy_lines(in, out);
    (void)fclose(in);
    return out ? line_file_close(out, is_good, args->arguments[1]) : CLI_FAILED;
}

/* What a reading is to be compared with, and what it found. Lifetime: one command. */
struct checking {
    struct chain chain;
    struct line_replay replay;
    bool has_head, has_met_head;
    struct chain_head head;
    int64_t overtaken_count;
};

/* The head pins the line with its number. */
static bool meets_head(struct checking *c)
{
    if (!c->has_head || c->chain.nr != c->head.nr)
        return true;
    c->has_met_head = true;
    return memcmp(&c->chain.hash, &c->head.hash, sizeof c->head.hash) == 0;
}

static void show_overtaken(struct checking *c)
{
    if (c->overtaken_count++ < OVERTAKEN_SHOWN_MAX)
        (void)cli_fail("line %" PRId64 ": place %" PRId64 " was admitted while %" PRId64 " waited",
                       c->chain.nr, c->replay.overtaken_by_seq, c->replay.overtaken_seq);
}

static int check_line(struct checking *c, const char *line, size_t bytes)
{
    const char *text = NULL;
    size_t text_bytes = 0;
    enum chain_status status = chain_take(&c->chain, line, bytes, &text, &text_bytes);
    if (status != CHAIN_OK)
        return cli_fail("the history is NOT whole: after line %" PRId64 ": %s", c->chain.nr,
                        chain_status_text(status));
    if (!meets_head(c))
        return cli_fail("the history is NOT the one that was signed: line %" PRId64
                        " has another hash than the head says",
                        c->chain.nr);
    enum replay_status replayed = line_replay_take(&c->replay, text, text_bytes);
    if (replayed == REPLAY_OVERTAKEN)
        show_overtaken(c);
    else if (replayed != REPLAY_OK)
        return cli_fail("line %" PRId64 " is not a note that this version knows", c->chain.nr);
    return CLI_OK;
}

static int check_lines(struct checking *c, FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    int code = CLI_OK;
    bool is_first = true;
    while (code == CLI_OK && (bytes = getline(&line, &room, in)) > 0) {
        if (line[bytes - 1] != '\n')
            code = cli_fail("the history is NOT whole: it ends within a line");
        else if (!is_first)
            code = check_line(c, line, (size_t)bytes - 1);
        else if (chain_open(&c->chain, line, (size_t)bytes - 1) != CHAIN_OK || !meets_head(c))
            code = cli_fail("this is not the history of a line");
        is_first = false;
    }
    free(line);
    if (code == CLI_OK && is_first)
        code = cli_fail("this is not the history of a line");
    return code;
}

static int show_result(const struct checking *c)
{
    const struct line_replay *r = &c->replay;
    if (c->has_head && strcmp(c->head.event, c->chain.event) != 0)
        return cli_fail("the head is of event %s, the history of %s", c->head.event,
                        c->chain.event);
    if (c->has_head && !c->has_met_head)
        return cli_fail("the history is NOT whole: it ends with line %" PRId64
                        ", the head was signed at line %" PRId64,
                        c->chain.nr, c->head.nr);
    (void)printf("the history of event %s is whole: %" PRId64 " lines%s\n", c->chain.event,
                 c->chain.nr, c->has_head ? ", as signed by the head" : "");
    (void)printf("%" PRId64 " joined, %" PRId64 " admitted, %" PRId64 " turns expired, %" PRId64
                 " left, %" PRId64 " settings changed\n",
                 r->joins, r->admissions, r->expiries, r->leaves, r->settings);
    if (r->gaps > 0)
        (void)printf("notes are missing at %" PRId64 " places (\"gap\"): from the first on nobody "
                     "can tell whether anybody was overtaken\n",
                     r->gaps);
    if (c->overtaken_count > 0)
        return cli_fail("%" PRId64 " were admitted before somebody with a smaller number",
                        c->overtaken_count);
    if (r->gaps == 0)
        (void)printf("nobody was overtaken\n");
    return CLI_OK;
}

/* --key and --head. */
static int read_asked(const struct cli_args *args, struct checking *c)
{
    static char first[] = "line", second[] = "verify", *words[] = {first, second};
    int words_count;
    unsigned char key[CHAIN_KEY_BYTES];
    const struct cli_command *command = cli_find(2, words, &words_count);
    const char *key_text = cli_value(command, args, "key");
    const char *head_text = cli_value(command, args, "head");
    if (key_text && (strlen(key_text) != 2 * sizeof key || !hex_read(key_text, key, sizeof key)))
        return cli_fail("the key is not 64 hexadecimal digits");
    if (key_text && !head_text)
        return cli_fail("a key checks a head: give --head as well");
    if (!head_text)
        return CLI_OK;
    c->has_head = true;
    enum chain_status status = chain_head_read(head_text, key_text ? key : NULL, &c->head);
    if (status == CHAIN_BAD_FORM)
        return cli_fail("this is not a head");
    return status == CHAIN_OK ? CLI_OK : cli_fail("the head: %s", chain_status_text(status));
}

int cli_line_verify(struct config *config, const struct cli_args *args)
{
    struct checking c = {0};
    (void)config;
    int code = read_asked(args, &c);
    if (code != CLI_OK)
        return code;
    FILE *in = fopen(args->arguments[0], "re");
    if (!in)
        return cli_fail("%s: %s", args->arguments[0], strerror(errno));
    if (!line_replay_init(&c.replay))
        code = cli_fail("not enough memory");
    if (code == CLI_OK)
        code = check_lines(&c, in);
    if (code == CLI_OK)
        code = show_result(&c);
    line_replay_release(&c.replay);
    (void)fclose(in);
    return code;
}
