/* The transcript of a draw: it comes back as it was written, verifies, and every change of any byte
 * of it is found. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/draw_file.h"

#define PLACES 12

/* A true transcript with holes in the sequences. */
static void make(struct draw_file *file)
{
    *file = (struct draw_file){.event = "arena-night",
                               .committed_at_ms = 1790000000000,
                               .cut = 40,
                               .rooted_at_ms = 1790000001000,
                               .is_drawn = true,
                               .drawn_at_ms = 1790000002000,
                               .beacon = "drand 4711: 8f2c",
                               .places_count = PLACES,
                               .places = calloc(PLACES, sizeof(struct draw_place))};
    cr_assert_not_null(file->places);
    for (int i = 0; i < PLACES; i++) {
        file->places[i].seq = 3 * i + 2;
        (void)snprintf(file->places[i].visitor.id, sizeof file->places[i].visitor.id,
                       "visitor-%02u", (unsigned)i % 100u);
    }
    memset(file->secret, 0x5a, sizeof file->secret);
    draw_commitment(file->secret, &file->commitment);
    struct merkle_hash *tree = draw_tree(file->event, file->places, PLACES);
    file->root = tree[merkle_nodes_count(PLACES) - 1];
    free(tree);
    draw_seed(file->secret, &file->root, file->beacon, &file->seed);
    cr_assert_eq(draw_order(file->places, PLACES, &file->seed), DRAW_OK);
}

static char *text_of(const struct draw_file *file, size_t *bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    cr_assert(draw_file_write(file, out));
    cr_assert_eq(fclose(out), 0);
    return text;
}

static bool reads_and_verifies(const char *text, size_t bytes, char *problem)
{
    struct draw_file file;
    if (!draw_file_read(text, bytes, &file, problem))
        return false;
    bool is_true = draw_file_verify(&file, problem);
    draw_file_release(&file);
    return is_true;
}

Test(draw_file, comes_back_and_verifies)
{
    struct draw_file file, back;
    char problem[DRAW_PROBLEM_BYTES] = "";
    size_t bytes, again_bytes;
    make(&file);
    char *text = text_of(&file, &bytes);
    cr_assert(draw_file_read(text, bytes, &back, problem), "%s", problem);
    cr_assert(draw_file_verify(&back, problem), "%s", problem);
    cr_assert_str_eq(back.beacon, "drand 4711: 8f2c");
    cr_assert_eq(draw_file_find(&back, 11)->new_seq, file.places[3].new_seq);
    cr_assert_null(draw_file_find(&back, 12));
    cr_assert_null(draw_file_find(&back, 1000));
    char *again = text_of(&back, &again_bytes);
    cr_assert_str_eq(again, text);
    free(text);
    free(again);
    draw_file_release(&file);
    draw_file_release(&back);
}

/* Every byte matters but the three times, which the proof does not cover. */
Test(draw_file, every_changed_byte_is_found)
{
    struct draw_file file;
    char problem[DRAW_PROBLEM_BYTES];
    size_t bytes;
    make(&file);
    char *text = text_of(&file, &bytes);
    for (size_t i = 0; i < bytes; i++) {
        size_t start = i;
        while (start > 0 && text[start - 1] != '\n')
            start--;
        size_t word = strcspn(text + start, " ");
        bool is_time = word > 6 && strncmp(text + start + word - 6, "_at_ms", 6) == 0 &&
                       i > start + word && text[i] != '\n';
        bool is_cut = strncmp(text + start, "cut ", 4) == 0 && i > start + 3;
        char kept = text[i];
        text[i] = kept == '7' ? '8' : '7';
        if (!is_time && !is_cut)
            cr_assert_not(reads_and_verifies(text, bytes, problem), "byte %zu of \"%.20s\"",
                          i - start, text + start);
        text[i] = kept;
    }
    cr_assert(reads_and_verifies(text, bytes, problem), "%s", problem);
    for (size_t cut = 0; cut < bytes; cut++)
        cr_assert_not(reads_and_verifies(text, cut, problem), "cut at %zu", cut);
    free(text);
    draw_file_release(&file);
}

struct lie {
    const char *part;
    void (*tell)(struct draw_file *file);
};

static void other_secret(struct draw_file *file)
{
    file->secret[5] ^= 1;
}
static void other_beacon(struct draw_file *file)
{
    file->beacon[0] = 'D';
}
static void other_seed(struct draw_file *file)
{
    file->seed.bytes[0] ^= 1;
    cr_assert_eq(draw_order(file->places, file->places_count, &file->seed), DRAW_OK);
}
static void removed_place(struct draw_file *file)
{
    file->places_count--;
}
static void other_visitor(struct draw_file *file)
{
    file->places[4].visitor.id[0] = 'V';
}
static void swapped_result(struct draw_file *file)
{
    int64_t kept = file->places[0].new_seq;
    file->places[0].new_seq = file->places[1].new_seq;
    file->places[1].new_seq = kept;
}

static const struct lie lies[] = {
    {"commitment", other_secret}, {"seed", other_beacon},  {"seed", other_seed},
    {"root", removed_place},      {"root", other_visitor}, {"order", swapped_result},
};

Test(draw_file, a_lie_is_named)
{
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct draw_file file;
        char problem[DRAW_PROBLEM_BYTES] = "";
        make(&file);
        lies[i].tell(&file);
        cr_expect_not(draw_file_verify(&file, problem), "lie %zu", i);
        cr_expect_eq(strncmp(problem, lies[i].part, strlen(lies[i].part)), 0, "lie %zu: %s", i,
                     problem);
        draw_file_release(&file);
    }
}

Test(draw_file, of_nobody)
{
    struct draw_file file;
    char problem[DRAW_PROBLEM_BYTES] = "";
    size_t bytes;
    make(&file);
    file.places_count = 0;
    file.cut = 0;
    struct merkle_hash *tree = draw_tree(file.event, NULL, 0);
    file.root = tree[0];
    free(tree);
    draw_seed(file.secret, &file.root, file.beacon, &file.seed);
    char *text = text_of(&file, &bytes);
    cr_assert(reads_and_verifies(text, bytes, problem), "%s", problem);
    free(text);
    draw_file_release(&file);
}

Test(draw_file, before_the_secret_is_told)
{
    struct draw_file file;
    char problem[DRAW_PROBLEM_BYTES] = "";
    size_t bytes;
    make(&file);
    file.is_drawn = false;
    char *text = text_of(&file, &bytes);
    cr_assert(strstr(text, "secret") == NULL && strstr(text, "5a5a") == NULL);
    cr_assert(reads_and_verifies(text, bytes, problem), "%s", problem);
    free(text);
    draw_file_release(&file);
}
