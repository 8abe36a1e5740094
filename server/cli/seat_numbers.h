/* Seat numbers of a plan as people write them: "17-30,44". */
#ifndef STANCHION_SEAT_NUMBERS_H
#define STANCHION_SEAT_NUMBERS_H

#include <jansson.h>

/* An array of numbers, the caller's; NULL when it is not of that form: one line on stderr has said
 * so. */
json_t *seat_numbers_read(const char *text);

#endif
