#include "server/base/board.h"
#include <assert.h>
#include <stddef.h>
#include <sys/mman.h>

struct board *board_create(unsigned rows_count, unsigned columns_count)
{
    assert(rows_count > 0 && columns_count > 0);
    struct board *board = NULL;
    size_t bytes = sizeof *board + sizeof board->figures[0] * rows_count * columns_count;
    board = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        return NULL;
    board->rows_count = rows_count;
    board->columns_count = columns_count;
    return board;
}

void board_set(struct board *board, unsigned row, unsigned column, double figure)
{
    assert(row < board->rows_count && column < board->columns_count);
    atomic_store_explicit(&board->figures[(size_t)row * board->columns_count + column], figure,
                          memory_order_relaxed);
}

double board_get(const struct board *board, unsigned row, unsigned column)
{
    assert(row < board->rows_count && column < board->columns_count);
    return atomic_load_explicit(&board->figures[(size_t)row * board->columns_count + column],
                                memory_order_relaxed);
}
