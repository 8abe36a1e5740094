/* The record of a draw as a text file: first what was fixed before the secret was told ("root
 * file"), then the whole transcript that anybody can check offline. docs/draw.md shows one.
 *
 * Lines come in one order only, so that one draw has one text. Reading trusts nothing.
 */
#ifndef STANCHION_QUEUE_DRAW_FILE_H
#define STANCHION_QUEUE_DRAW_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "queue/draw.h"

#define DRAW_PLACES_MAX 10000000u                /* as waiting_max: more are refused */
#define DRAW_FILE_BYTES_MAX ((size_t)1024 << 20) /* likewise */
#define DRAW_PROBLEM_BYTES 200

struct draw_file {
    char event[EVENT_ID_BYTES_MAX + 1];
    int64_t committed_at_ms; /* wall clock of the server, as all times here */
    struct merkle_hash commitment;
    int64_t cut; /* the last sequence that takes part */
    int64_t rooted_at_ms;
    struct merkle_hash root;
    bool is_drawn; /* what follows is valid, and so is new_seq of the places */
    int64_t drawn_at_ms;
    unsigned char secret[DRAW_SECRET_BYTES];
    char beacon[DRAW_BEACON_BYTES_MAX + 1];
    struct merkle_hash seed;
    size_t places_count;
    struct draw_place *places; /* by ascending seq; owned */
};

void draw_file_release(struct draw_file *file);
/* Writes the text. False when the stream failed. */
bool draw_file_write(const struct draw_file *file, FILE *out);
/* Reads a text. On true *file owns its places. On false nothing is owned, and `problem` says what
 * is wrong in which line. */
bool draw_file_read(const char *text, size_t bytes, struct draw_file *file,
                    char problem[DRAW_PROBLEM_BYTES]);
/* Works the whole draw out again: commitment, root, seed, order. False: `problem` says which does
 * not fit. A file without a result is checked as far as it goes. */
bool draw_file_verify(const struct draw_file *file, char problem[DRAW_PROBLEM_BYTES]);
/* The place with this sequence before the draw; NULL when there is none. */
const struct draw_place *draw_file_find(const struct draw_file *file, int64_t seq);

#endif
