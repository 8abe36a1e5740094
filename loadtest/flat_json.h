/* A cheap reader of flat JSON objects for the messages that come by the thousand (`place`).
 *
 * It accepts one object whose values are plain strings without escapes, whole numbers, arrays of
 * whole numbers (which it skips), true, false or null. For anything else it says no, and the caller
 * uses a real parser: it never guesses. */
#ifndef STAMPEDE_FLAT_JSON_H
#define STAMPEDE_FLAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLAT_JSON_FIELDS_MAX 16

struct flat_field {
    const char *name, *text; /* text: a string's characters, NULL for other values */
    size_t name_bytes, text_bytes;
    int64_t number; /* of a whole number; 0 for other values */
    bool is_number;
};

struct flat_json {
    size_t count;
    struct flat_field fields[FLAT_JSON_FIELDS_MAX];
};

/* False when the text is not such an object or has more fields. Fields point into `data`. */
bool flat_json_read(const char *data, size_t bytes, struct flat_json *object);
/* The field of that name, or NULL. */
const struct flat_field *flat_json_find(const struct flat_json *object, const char *name);
/* The number of that name, or `otherwise`. */
int64_t flat_json_number(const struct flat_json *object, const char *name, int64_t otherwise);

#endif
