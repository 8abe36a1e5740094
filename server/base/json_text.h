/* Writes JSON piece by piece into a text that grows, for hot paths: no tree, no key is looked up.
 *
 * What is written is what jansson writes with JSON_COMPACT. Texts must be UTF-8; the caller sees to
 * commas and brackets.
 */
#ifndef STANCHION_JSON_TEXT_H
#define STANCHION_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* {0} is empty. `bytes` is NUL-terminated once anything was written. */
struct json_text {
    char *bytes; /* owned */
    size_t count, room;
};

/* Bytes as they are. */
void json_text_add(struct json_text *text, const char *bytes, size_t count);
void json_text_raw(struct json_text *text, const char *raw);
/* Before it `raw`, which saves a call: a name with its colon, say. */
void json_text_whole(struct json_text *text, const char *raw, int64_t number);
/* A string with its quotes; before it `raw`. */
void json_text_string(struct json_text *text, const char *raw, const char *string);
/* Empty again; the memory is kept. */
void json_text_clear(struct json_text *text);
void json_text_release(struct json_text *text);

#endif
