/* A board: figures in memory that several processes share. Each process writes a row of its own and
 * may read all, so that any of them can answer for all; nobody waits for anybody. A figure is one
 * word, so what is read was written as a whole, but two figures may be of two moments. What a
 * process has written stays when it dies.
 */
#ifndef STANCHION_BOARD_H
#define STANCHION_BOARD_H

#include <stdatomic.h>

/* Lifetime: made before the processes are forked, gone with the last of them. */
struct board {
    unsigned rows_count, columns_count;
    _Atomic double figures[];
};

/* All zero; NULL when there is no memory. */
struct board *board_create(unsigned rows_count, unsigned columns_count);
void board_set(struct board *board, unsigned row, unsigned column, double figure);
double board_get(const struct board *board, unsigned row, unsigned column);

#endif
