/* See the header. */
#include "queue/draw_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "queue/hex.h"

#define WORDS_DRAWN "stanchion-draw 1"
#define WORDS_ROOT "stanchion-draw-root 1"
#define HASH_HEX (2 * sizeof(struct merkle_hash))
#define NUMBER_DIGITS_MAX 18

void draw_file_release(struct draw_file *file)
{
    free(file->places);
    *file = (struct draw_file){0};
}

/* --- writing --- */

static void write_hash(FILE *out, const char *name, const unsigned char *bytes)
{
    char text[HASH_HEX + 1];
    hex_write(bytes, sizeof(struct merkle_hash), text);
    (void)fprintf(out, "%s %s\n", name, text);
}

bool draw_file_write(const struct draw_file *file, FILE *out)
{
    (void)fprintf(out, "%s\nevent %s\n", file->is_drawn ? WORDS_DRAWN : WORDS_ROOT, file->event);
    (void)fprintf(out, "committed_at_ms %" PRId64 "\n", file->committed_at_ms);
    write_hash(out, "commitment", file->commitment.bytes);
    (void)fprintf(out, "cut %" PRId64 "\nrooted_at_ms %" PRId64 "\n", file->cut,
                  file->rooted_at_ms);
    write_hash(out, "root", file->root.bytes);
    if (file->is_drawn) {
        (void)fprintf(out, "drawn_at_ms %" PRId64 "\n", file->drawn_at_ms);
        write_hash(out, "secret", file->secret);
        (void)fprintf(out, "beacon %s\n", file->beacon);
        write_hash(out, "seed", file->seed.bytes);
    }
    (void)fprintf(out, "places %zu\n", file->places_count);
    for (size_t i = 0; i < file->places_count; i++) {
        const struct draw_place *place = &file->places[i];
        (void)fprintf(out, "%" PRId64 " %s", place->seq, place->visitor.id);
        if (file->is_drawn)
            (void)fprintf(out, " %" PRId64, place->new_seq);
        (void)fputc('\n', out);
    }
    return !ferror(out);
}

/* --- reading --- */

struct reader {
    const char *at, *end;
    size_t line; /* number of the line being read */
    char problem[DRAW_PROBLEM_BYTES];
};

static void say(char *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char *problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(problem, DRAW_PROBLEM_BYTES, format, args);
    va_end(args);
}

/* An expression that is false and has said why. */
#define REFUSE(...) (say(__VA_ARGS__), false)

/* The next line without its newline. */
static bool next_line(struct reader *r, const char **line, size_t *bytes)
{
    const char *newline = r->at < r->end ? memchr(r->at, '\n', (size_t)(r->end - r->at)) : NULL;
    r->line++;
    if (!newline)
        return REFUSE(r->problem, "line %zu: the file ends too early", r->line);
    *line = r->at;
    *bytes = (size_t)(newline - r->at);
    r->at = newline + 1;
    return true;
}

/* What follows `name` and a space. */
static bool read_value(struct reader *r, const char *name, const char **value, size_t *bytes)
{
    const char *line = NULL;
    size_t line_bytes = 0, name_bytes = strlen(name);
    if (!next_line(r, &line, &line_bytes))
        return false;
    if (line_bytes <= name_bytes || memcmp(line, name, name_bytes) != 0 || line[name_bytes] != ' ')
        return REFUSE(r->problem, "line %zu: expected \"%s ...\"", r->line, name);
    *value = line + name_bytes + 1;
    *bytes = line_bytes - name_bytes - 1;
    return true;
}

static bool parse_number(const char *text, size_t bytes, int64_t *out)
{
    if (bytes == 0 || bytes > NUMBER_DIGITS_MAX || (*text == '0' && bytes > 1))
        return false;
    *out = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

static bool read_number(struct reader *r, const char *name, int64_t *out)
{
    const char *value = NULL;
    size_t bytes = 0;
    return read_value(r, name, &value, &bytes) &&
           (parse_number(value, bytes, out) ||
            REFUSE(r->problem, "line %zu: %s is not a number", r->line, name));
}

static bool read_hash(struct reader *r, const char *name, unsigned char *out)
{
    const char *value = NULL;
    size_t bytes = 0;
    return read_value(r, name, &value, &bytes) &&
           ((bytes == HASH_HEX && hex_read(value, out, sizeof(struct merkle_hash))) ||
            REFUSE(r->problem, "line %zu: %s is not 64 hexadecimal digits", r->line, name));
}

static bool read_text(struct reader *r, const char *name, char *out, size_t bytes_max)
{
    const char *value = NULL;
    size_t bytes = 0;
    if (!read_value(r, name, &value, &bytes))
        return false;
    if (bytes > bytes_max || memchr(value, '\0', bytes))
        return REFUSE(r->problem, "line %zu: %s is too long or damaged", r->line, name);
    memcpy(out, value, bytes);
    out[bytes] = '\0';
    return true;
}

static bool read_result(struct reader *r, struct draw_file *file)
{
    return read_number(r, "drawn_at_ms", &file->drawn_at_ms) &&
           read_hash(r, "secret", file->secret) &&
           read_text(r, "beacon", file->beacon, DRAW_BEACON_BYTES_MAX) &&
           read_hash(r, "seed", file->seed.bytes);
}

static bool read_head(struct reader *r, struct draw_file *file, int64_t *count)
{
    const char *line = NULL;
    size_t bytes = 0;
    if (!next_line(r, &line, &bytes))
        return false;
    file->is_drawn = bytes == strlen(WORDS_DRAWN) && memcmp(line, WORDS_DRAWN, bytes) == 0;
    if (!file->is_drawn && (bytes != strlen(WORDS_ROOT) || memcmp(line, WORDS_ROOT, bytes) != 0))
        return REFUSE(r->problem, "this is not the record of a draw");
    return read_text(r, "event", file->event, EVENT_ID_BYTES_MAX) &&
           read_number(r, "committed_at_ms", &file->committed_at_ms) &&
           read_hash(r, "commitment", file->commitment.bytes) &&
           read_number(r, "cut", &file->cut) &&
           read_number(r, "rooted_at_ms", &file->rooted_at_ms) &&
           read_hash(r, "root", file->root.bytes) && (!file->is_drawn || read_result(r, file)) &&
           read_number(r, "places", count);
}

/* "seq visitor" or "seq visitor new_seq". */
static bool parse_place(const char *line, size_t bytes, bool is_drawn, struct draw_place *place)
{
    const char *end = line + bytes, *space = memchr(line, ' ', bytes);
    if (!space || !parse_number(line, (size_t)(space - line), &place->seq))
        return false;
    const char *id = space + 1;
    const char *id_end = is_drawn ? memchr(id, ' ', (size_t)(end - id)) : end;
    if (!id_end || id_end == id || id_end - id > VISITOR_ID_BYTES)
        return false;
    for (const char *c = id; c < id_end; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    memcpy(place->visitor.id, id, (size_t)(id_end - id));
    place->visitor.id[id_end - id] = '\0';
    return !is_drawn || parse_number(id_end + 1, (size_t)(end - id_end - 1), &place->new_seq);
}

static bool read_places(struct reader *r, struct draw_file *file, int64_t count)
{
    const char *line = NULL;
    size_t bytes = 0;
    if (count < 0 || count > (int64_t)DRAW_PLACES_MAX || count > (r->end - r->at) / 4)
        return REFUSE(r->problem, "line %zu: so many places are not in this file", r->line);
    file->places = calloc(count ? (size_t)count : 1, sizeof *file->places);
    if (!file->places)
        return REFUSE(r->problem, "not enough memory for %" PRId64 " places", count);
    for (; file->places_count < (size_t)count; file->places_count++) {
        struct draw_place *place = &file->places[file->places_count];
        if (!next_line(r, &line, &bytes))
            return false;
        if (!parse_place(line, bytes, file->is_drawn, place))
            return REFUSE(r->problem, "line %zu: this is not a place", r->line);
        bool is_ascending = file->places_count == 0 ? place->seq > 0 : place->seq > place[-1].seq;
        if (!is_ascending || place->seq > file->cut)
            return REFUSE(r->problem, "line %zu: the sequences are not in order or beyond the cut",
                          r->line);
    }
    return r->at == r->end ||
           REFUSE(r->problem, "line %zu: something follows the last place", r->line + 1);
}

bool draw_file_read(const char *text, size_t bytes, struct draw_file *file,
                    char problem[DRAW_PROBLEM_BYTES])
{
    struct reader reader = {.at = text, .end = text + bytes};
    struct draw_file in = {0};
    int64_t count = 0;
    if (!read_head(&reader, &in, &count) || !read_places(&reader, &in, count)) {
        draw_file_release(&in);
        memcpy(problem, reader.problem, DRAW_PROBLEM_BYTES);
        return false;
    }
    *file = in;
    return true;
}

/* --- checking --- */

static bool is_same(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool verify_root(const struct draw_file *file, char *problem)
{
    struct merkle_hash *tree = draw_tree(file->event, file->places, file->places_count);
    if (!tree)
        return REFUSE(problem, "not enough memory");
    bool is_right = is_same(&tree[merkle_nodes_count(file->places_count) - 1], &file->root);
    free(tree);
    return is_right ||
           REFUSE(problem, "root: the places listed are not those that the published root fixes");
}

static bool verify_order(const struct draw_file *file, char *problem)
{
    struct draw_place *places = malloc((file->places_count + 1) * sizeof *places);
    if (!places)
        return REFUSE(problem, "not enough memory");
    bool is_right = true;
    if (file->places_count > 0)
        memcpy(places, file->places, file->places_count * sizeof *places);
    if (draw_order(places, file->places_count, &file->seed) != DRAW_OK)
        is_right = REFUSE(problem, "order: a visitor takes part twice");
    for (size_t i = 0; i < file->places_count && is_right; i++) {
        if (places[i].new_seq != file->places[i].new_seq)
            is_right =
                REFUSE(problem, "order: place %" PRId64 " must go to %" PRId64 ", not to %" PRId64,
                       places[i].seq, places[i].new_seq, file->places[i].new_seq);
    }
    free(places);
    return is_right;
}

bool draw_file_verify(const struct draw_file *file, char problem[DRAW_PROBLEM_BYTES])
{
    struct merkle_hash hash;
    if (!verify_root(file, problem))
        return false;
    if (!file->is_drawn)
        return true;
    draw_commitment(file->secret, &hash);
    if (!is_same(&hash, &file->commitment))
        return REFUSE(problem, "commitment: it is not the SHA-256 of the secret");
    draw_seed(file->secret, &file->root, file->beacon, &hash);
    if (!is_same(&hash, &file->seed))
        return REFUSE(problem, "seed: it is not the SHA-256 of secret, root and beacon");
    return verify_order(file, problem);
}

const struct draw_place *draw_file_find(const struct draw_file *file, int64_t seq)
{
    size_t low = 0, high = file->places_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->places[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = low < file->places_count && file->places[low].seq == seq;
    return is_there ? &file->places[low] : NULL;
}
