/* Exports as CSV, from the ledger's answers: the command line and the console write the same. */
#ifndef STANCHION_TICKET_CSV_H
#define STANCHION_TICKET_CSV_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* `columns` of orders.export; lines end with CR LF. */
void orders_csv_header(FILE *out, const json_t *columns);
/* A field that this row has not stays empty, so every line has as many as the header. */
void orders_csv_row(FILE *out, const json_t *columns, const json_t *row);

/* The list for a door: each ticket with its code, or with the SHA-256 of it. */
void door_csv_header(FILE *out, bool has_codes);
void door_csv_row(FILE *out, const json_t *ticket, bool has_codes);

#endif
