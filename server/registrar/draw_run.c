/* See the header. The heavy part (a million places: some seconds) runs to its end in one call;
 * Redis gets it in pieces of about a millisecond, so that the ticks of other events come in
 * between. */
#include "server/registrar/draw_run.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "queue/hex.h"
#include "queue/line_scripts.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/registrar/draw_redis.h"

#define SECRET_FILE_BYTES_MAX 256
#define SECRET_WORDS "stanchion-draw-secret 1"

static enum step failed(const struct draw_run *run, const char *suffix)
{
    log_error("the file line/%s.%s: %s", run->event, suffix, strerror(errno));
    return STEP_FAILED;
}

/* Notes "<what> <hash>[ <more>]". */
static void note(const struct draw_run *run, const char *what, const struct merkle_hash *hash,
                 const char *more)
{
    char text[DRAW_BEACON_BYTES_MAX + 200], hex[2 * sizeof hash->bytes + 1];
    if (!run->on_note)
        return;
    hex_write(hash->bytes, sizeof hash->bytes, hex);
    (void)snprintf(text, sizeof text, "draw %s %s%s%s", what, hex, *more ? " " : "", more);
    run->on_note(run->on_note_ctx, text);
}

/* --- the secret --- */

static bool write_secret(const void *ctx, FILE *out)
{
    const struct draw_run *run = ctx;
    char hex[2 * DRAW_SECRET_BYTES + 1];
    hex_write(run->secret, sizeof run->secret, hex);
    return fprintf(out, SECRET_WORDS "\n%" PRId64 "\n%s\n", run->committed_at_ms, hex) > 0;
}

static bool parse_secret(struct draw_run *run, const char *text)
{
    size_t words = strlen(SECRET_WORDS);
    char *end;
    if (strncmp(text, SECRET_WORDS "\n", words + 1) != 0)
        return false;
    run->committed_at_ms = strtoll(text + words + 1, &end, 10);
    return *end == '\n' && hex_read(end + 1, run->secret, sizeof run->secret);
}

/* Reads the secret, or makes it: once for an event, also when the draw is switched off and on. */
static enum step need_secret(struct draw_run *run)
{
    char name[LINE_FILE_NAME_BYTES];
    size_t bytes;
    if (run->has_secret)
        return STEP_OK;
    line_dir_name(run->event, "secret", name);
    char *text = line_dir_read(run->dir, name, SECRET_FILE_BYTES_MAX, &bytes);
    if (!text && errno != ENOENT)
        return failed(run, "secret");
    if (text) {
        run->has_secret = parse_secret(run, text);
        sodium_memzero(text, bytes);
        free(text);
        errno = EBADMSG;
        return run->has_secret ? STEP_OK : failed(run, "secret");
    }
    randombytes_buf(run->secret, sizeof run->secret);
    run->committed_at_ms = clock_wall_ms();
    if (!line_dir_write(run->dir, name, write_secret, run))
        return failed(run, "secret");
    log_info("event %s: a secret for the draw is made and committed to", run->event);
    run->has_secret = true;
    struct merkle_hash commitment;
    draw_commitment(run->secret, &commitment);
    note(run, "commitment", &commitment, "");
    return STEP_OK;
}

static void note_files(struct draw_run *run)
{
    char name[LINE_FILE_NAME_BYTES];
    line_dir_name(run->event, "root", name);
    run->has_root = run->has_root || line_dir_has(run->dir, name);
    line_dir_name(run->event, "transcript", name);
    run->has_transcript = run->has_transcript || line_dir_has(run->dir, name);
}

/* --- files of the draw --- */

static bool write_draw(const void *ctx, FILE *out)
{
    return draw_file_write(ctx, out);
}

static enum step save(struct draw_run *run, const struct draw_file *file)
{
    const char *suffix = file->is_drawn ? "transcript" : "root";
    char name[LINE_FILE_NAME_BYTES];
    line_dir_name(run->event, suffix, name);
    return line_dir_write(run->dir, name, write_draw, file) ? STEP_OK : failed(run, suffix);
}

/* The furthest that the files have. Nothing is done with a file that does not verify. */
static enum step load(struct draw_run *run, struct draw_file *file)
{
    const char *suffix = run->has_transcript ? "transcript" : "root";
    char name[LINE_FILE_NAME_BYTES], problem[DRAW_PROBLEM_BYTES];
    size_t bytes;
    line_dir_name(run->event, suffix, name);
    char *text = line_dir_read(run->dir, name, DRAW_FILE_BYTES_MAX, &bytes);
    if (!text)
        return failed(run, suffix);
    bool is_good = draw_file_read(text, bytes, file, problem);
    free(text);
    if (is_good && !draw_file_verify(file, problem)) {
        draw_file_release(file);
        is_good = false;
    }
    if (!is_good)
        log_error("the file line/%s is damaged: %s", name, problem);
    return is_good ? STEP_OK : STEP_FAILED;
}

/* --- the steps --- */

/* A draft of the record as far as it is known before anybody is collected. */
static void begin_file(const struct draw_run *run, struct draw_file *file)
{
    *file = (struct draw_file){.committed_at_ms = run->committed_at_ms};
    (void)snprintf(file->event, sizeof file->event, "%s", run->event);
    draw_commitment(run->secret, &file->commitment);
}

static enum step fix_root(struct draw_run *run, int64_t cut, struct draw_file *file)
{
    begin_file(run, file);
    file->cut = cut;
    enum step step = draw_redis_collect(run, cut, file);
    if (step != STEP_OK)
        return step;
    struct merkle_hash *tree = draw_tree(run->event, file->places, file->places_count);
    assert(tree != NULL);
    file->root = tree[merkle_nodes_count(file->places_count) - 1];
    free(tree);
    file->rooted_at_ms = clock_wall_ms();
    step = save(run, file);
    run->has_root = step == STEP_OK;
    if (run->has_root)
        note(run, "root", &file->root, "");
    if (step == STEP_OK && !draw_redis_announce(run, file, "pending"))
        step = STEP_REDIS;
    if (step == STEP_OK)
        log_info("event %s: %zu places take part in the draw", run->event, file->places_count);
    return step;
}

static enum step decide(struct draw_run *run, struct draw_file *file)
{
    struct merkle_hash commitment;
    draw_commitment(run->secret, &commitment);
    if (memcmp(&commitment, &file->commitment, sizeof commitment) != 0) {
        log_error("event %s: line/%s.secret is not the one that was committed to: put it back from "
                  "a backup; the draw waits",
                  run->event, run->event);
        return STEP_FAILED;
    }
    file->is_drawn = true;
    file->drawn_at_ms = clock_wall_ms();
    memcpy(file->secret, run->secret, sizeof file->secret);
    (void)snprintf(file->beacon, sizeof file->beacon, "%s", run->beacon);
    draw_seed(file->secret, &file->root, file->beacon, &file->seed);
    enum draw_status status = draw_order(file->places, file->places_count, &file->seed);
    assert(status == DRAW_OK);
    enum step step = save(run, file);
    run->has_transcript = step == STEP_OK;
    if (run->has_transcript)
        note(run, "seed", &file->seed, file->beacon);
    return step;
}

/* What people need to find their new places, and the secret. */
static enum step tell_order(struct draw_run *run, const struct draw_file *file)
{
    bool is_told = draw_redis_map(run, file) && draw_redis_announce(run, file, "pending");
    return is_told ? STEP_OK : STEP_REDIS;
}

/* What they need to check it. */
static enum step tell_proofs(struct draw_run *run, const struct draw_file *file)
{
    struct merkle_hash *tree = draw_tree(run->event, file->places, file->places_count);
    assert(tree != NULL);
    run->is_told = draw_redis_proofs(run, file, tree) && draw_redis_announce(run, file, "done");
    free(tree);
    return run->is_told ? STEP_OK : STEP_REDIS;
}

static enum step finish(struct draw_run *run, const struct draw_line *line,
                        const struct draw_file *file)
{
    int64_t start_ms = clock_monotonic_ms();
    enum step step = tell_order(run, file);
    if (step == STEP_OK)
        step = draw_redis_move(run, file, line->head);
    if (step == STEP_OK) {
        log_info("event %s: the draw of %zu places is done (%" PRId64 " ms to move them)",
                 run->event, file->places_count, clock_monotonic_ms() - start_ms);
        step = tell_proofs(run, file);
    }
    return step;
}

static bool is_waiting_for_beacon(const struct draw_run *run)
{
    return run->is_beacon_awaited && run->beacon[0] == '\0' && !run->has_transcript;
}

static enum step draw_now(struct draw_run *run, const struct draw_line *line)
{
    struct draw_file file = {0};
    if (run->has_root && run->is_told && is_waiting_for_beacon(run))
        return STEP_OK;
    int64_t start_ms = clock_monotonic_ms();
    bool is_kept = run->has_root || run->has_transcript;
    enum step step = is_kept ? load(run, &file) : fix_root(run, line->cut, &file);
    if (step == STEP_OK && is_waiting_for_beacon(run)) {
        run->is_told = draw_redis_announce(run, &file, "pending");
        draw_file_release(&file);
        return run->is_told ? STEP_OK : STEP_REDIS;
    }
    if (step == STEP_OK && !file.is_drawn)
        step = decide(run, &file);
    if (step == STEP_OK)
        log_info("event %s: the draw is decided after %" PRId64 " ms", run->event,
                 clock_monotonic_ms() - start_ms);
    if (step == STEP_OK)
        step = finish(run, line, &file);
    draw_file_release(&file);
    return step;
}

/* Redis says that nothing has begun, but the files know more: it has lost its last moments, or all.
 *
 * If it still has people of the line they stand under their old numbers: the draw goes on from
 * where the files are. If it has nobody, a draw that was decided is over: receipts put people back
 * under their new numbers, those from before the draw by way of draw:map. */
static enum step take_up_again(struct draw_run *run, const struct draw_line *line)
{
    struct draw_file file = {0};
    char cut[24];
    enum step step = load(run, &file);
    if (step != STEP_OK)
        return step;
    bool is_over = file.is_drawn && line->recovers_at_ms != 0 && line->kept_seq == 0;
    (void)snprintf(cut, sizeof cut, "%" PRId64, file.cut);
    if (file.is_drawn)
        step = tell_order(run, &file);
    if (step == STEP_OK && !draw_redis_set_line(run, "draw_committed", "1", "draw_cut", cut, "draw",
                                                is_over ? "2" : "1", NULL))
        step = STEP_REDIS;
    if (step == STEP_OK)
        log_info("event %s: Redis had forgotten the draw; it %s", run->event,
                 is_over ? "is put back" : "goes on");
    draw_file_release(&file);
    return step;
}

static enum step tell_commitment(struct draw_run *run)
{
    struct draw_file file;
    begin_file(run, &file);
    run->is_told = draw_redis_announce(run, &file, "committed") &&
                   draw_redis_set_line(run, "draw_committed", "1", NULL);
    return run->is_told ? STEP_OK : STEP_REDIS;
}

/* Redis has the result, but perhaps not what was published about it. */
static enum step tell_result(struct draw_run *run)
{
    struct draw_file file = {0};
    enum step step = run->is_told ? STEP_OK : load(run, &file);
    if (!run->is_told && step == STEP_OK)
        step = draw_redis_map(run, &file) ? tell_proofs(run, &file) : STEP_REDIS;
    run->is_over = step == STEP_OK;
    draw_file_release(&file);
    return step;
}

bool draw_scripts_load(struct redis_pipe *redis, struct draw_scripts *scripts)
{
    const char *texts[] = {line_draw_move_script(), line_draw_end_script()};
    char *shas[] = {scripts->move, scripts->end};
    bool is_good = true;
    for (size_t i = 0; i < 2 && is_good; i++) {
        redisReply *reply = redis_pipe_ask(redis, "SCRIPT", "LOAD", texts[i], NULL);
        is_good = reply != NULL && reply->type == REDIS_REPLY_STRING && reply->len == 40;
        if (is_good)
            memcpy(shas[i], reply->str, 41);
        if (reply != NULL)
            freeReplyObject(reply);
    }
    return is_good;
}

enum step draw_run_step(struct draw_run *run)
{
    struct draw_line line;
    if (run->is_over)
        return STEP_OK;
    enum step step = need_secret(run);
    if (step != STEP_OK)
        return step;
    note_files(run);
    if (!draw_redis_line(run, &line))
        return STEP_REDIS;
    if (line.draw == DRAW_DONE && run->has_transcript)
        return tell_result(run);
    if (line.draw == DRAW_NONE && (run->has_root || run->has_transcript))
        return take_up_again(run, &line);
    if (line.draw == DRAW_NONE)
        return run->is_told && line.is_committed ? STEP_OK : tell_commitment(run);
    if (line.draw != DRAW_PENDING || line.recovers_at_ms != 0)
        return STEP_OK;
    return draw_now(run, &line);
}
