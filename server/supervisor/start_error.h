/* Why the server cannot start: one line for a person that says what is wrong and what to do about
 * it. */
#ifndef STANCHION_START_ERROR_H
#define STANCHION_START_ERROR_H

#define START_ERROR_BYTES_MAX 4608 /* room for a path; longer texts are cut */

struct start_error {
    char text[START_ERROR_BYTES_MAX];
};

enum start_status {
    START_OK = 0,
    START_REFUSED, /* the error says why */
    START_STATUS_COUNT
};

/* Writes the text and returns START_REFUSED. */
enum start_status start_refuse(struct start_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
