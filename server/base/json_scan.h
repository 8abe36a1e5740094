/* Reads JSON of a known shape from left to right, without building a tree.
 *
 * For texts of our own on hot paths (outbox, outcomes). As strict as jansson with
 * JSON_REJECT_DUPLICATES, but for duplicates, which the caller sees itself: RFC 8259's grammar,
 * UTF-8 without overlong forms or surrogates, no NUL in a string. After the first thing that is
 * wrong `is_wrong` stands, every function says false, and nothing more is read.
 */
#ifndef STANCHION_JSON_SCAN_H
#define STANCHION_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_scan_kind {
    JSON_SCAN_TEXT,
    JSON_SCAN_WHOLE, /* a whole number that fits: 12, also 12.0 and 1.2e1, up to 2^53 */
    JSON_SCAN_OTHER, /* true, false, null, a number that is not whole or does not fit */
    JSON_SCAN_OBJECT,
    JSON_SCAN_LIST, /* the bracket has been read: go on with json_scan_member or _item */
    JSON_SCAN_KIND_COUNT
};

struct json_scan {
    const char *at, *end;
    char *room; /* where the next string goes; as many bytes as the document has are enough */
    bool is_wrong;
};

struct json_value {
    enum json_scan_kind kind;
    const char *text; /* of a text: NUL-terminated, in the scan's room */
    size_t text_bytes;
    int64_t whole;
};

/* `room` has at least `bytes` + 1 bytes and lives as long as the strings are looked at. */
void json_scan_init(struct json_scan *scan, const char *text, size_t bytes, char *room);
/* The next value, or the beginning of one. */
bool json_scan_value(struct json_scan *scan, struct json_value *out);
/* Inside of an object: the next member's name, its value is to be read next. False at the end of
 * the object. *is_first is true before the first call. */
bool json_scan_member(struct json_scan *scan, bool *is_first, const char **name);
/* Inside of a list: true when a value is to be read, false at its end. */
bool json_scan_item(struct json_scan *scan, bool *is_first);
/* Whether nothing follows but white space, and nothing was wrong. */
bool json_scan_end(struct json_scan *scan);

#endif
