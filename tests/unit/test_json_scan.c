/* The scanner takes and refuses exactly what jansson does, and reads the same: a table of
 * documents, and documents made from them by random changes of bytes (the seed is in the message).
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/json_scan.h"
#include "server/base/json_text.h"

#define DEPTH_MAX 16
#define ROUNDS 20000
#define CHANGES_MAX 4

static const char *const documents[] = {
    "{\"kind\":\"order\",\"fence\":12,\"seats\":[{\"seat\":17,\"row\":\"\\u00e9\\ud83d\\ude00\","
    "\"price\":1.2e1}]}",
    " [ true , false , null , -0 , 0.5 , 1e3 , 123456789012345678 , -9223372036854775808 ] ",
    "{}",
    "[]",
    "[[],{},[[]],\"\"]",
    "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"b\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}",
    "[1,2",
    "[1,,2]",
    "[01]",
    "[1.]",
    "[+1]",
    "[\"\\ud800\"]",
    "[\"\\u0000\"]",
    "[\"\xc0\x80\"]",
    "[\"\xed\xa0\x80\"]",
    "[\"\xf4\x90\x80\x80\"]",
    "[\"\xc1\xbf\"]",
    "[\"\xc3\"]",
    "[\"\xe0\x80\x80\"]",
    "[\"\xe0\x9f\xbf\"]",
    "[\"\xe0\xa0\x80\"]",
    "[\"\xed\x9f\xbf\"]",
    "[\"\xf0\x80\x80\x80\"]",
    "[\"\xf0\x8f\xbf\xbf\"]",
    "[\"\xf0\x90\x80\x80\"]",
    "[\"\xf4\x8f\xbf\xbf\"]",
    "[\"\xf5\x80\x80\x80\"]",
    "[\"\xe2\x82\"]",
    "[\"\xe2\x28\xa1\"]",
    "[\"a\nb\"]",
    "{\"a\" 1}",
    "{\"a\":1,}",
    "{a:1}",
    "[tru]",
    "[1] x",
    "[\"\\x\"]",
    "[1e]",
    "",
};

/* Compares the value that stands next with jansson's; NULL = only look whether it is good. */
static bool walk(struct json_scan *scan, const json_t *wanted, int depth);

static void compare_scalar(const struct json_value *value, const json_t *wanted)
{
    if (value->kind == JSON_SCAN_TEXT) {
        cr_assert(json_is_string(wanted));
        cr_assert_eq(value->text_bytes, json_string_length(wanted));
        cr_assert_str_eq(value->text, json_string_value(wanted));
    } else if (value->kind == JSON_SCAN_WHOLE && json_is_integer(wanted)) {
        cr_assert_eq(value->whole, json_integer_value(wanted));
    } else if (value->kind == JSON_SCAN_WHOLE) {
        cr_assert(json_is_real(wanted) && (double)value->whole == json_real_value(wanted));
    } else {
        cr_assert_not(json_is_string(wanted) || json_is_integer(wanted));
    }
}

static bool walk_object(struct json_scan *scan, const json_t *wanted, int depth)
{
    bool is_first = true;
    const char *name;
    size_t count = 0;
    while (json_scan_member(scan, &is_first, &name)) {
        const json_t *value = json_object_get(wanted, name);
        cr_assert(wanted == NULL || value != NULL);
        if (!walk(scan, value, depth + 1))
            return false;
        count++;
    }
    cr_assert(scan->is_wrong || wanted == NULL || count == json_object_size(wanted));
    return !scan->is_wrong;
}

static bool walk_list(struct json_scan *scan, const json_t *wanted, int depth)
{
    bool is_first = true;
    size_t count = 0;
    while (json_scan_item(scan, &is_first)) {
        const json_t *value = json_array_get(wanted, count++);
        cr_assert(wanted == NULL || value != NULL);
        if (!walk(scan, value, depth + 1))
            return false;
    }
    cr_assert(scan->is_wrong || wanted == NULL || count == json_array_size(wanted));
    return !scan->is_wrong;
}

static bool walk(struct json_scan *scan, const json_t *wanted, int depth)
{
    struct json_value value;
    if (depth > DEPTH_MAX || !json_scan_value(scan, &value))
        return false;
    if (value.kind == JSON_SCAN_OBJECT)
        return walk_object(scan, wanted, depth);
    if (value.kind == JSON_SCAN_LIST)
        return walk_list(scan, wanted, depth);
    if (wanted != NULL)
        compare_scalar(&value, wanted);
    return true;
}

/* What jansson refuses for its own reasons is not looked at: a number that does not fit, and a name
 * that comes twice. */
static void compare(const char *text, size_t bytes, const char *what)
{
    json_error_t error;
    json_t *wanted = json_loadb(text, bytes, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    char *room = malloc(bytes + 1), *copy = malloc(bytes + 1); /* exact: a byte too many is seen */
    struct json_scan scan;
    memcpy(copy, text, bytes);
    json_scan_init(&scan, copy, bytes, room);
    bool is_taken = walk(&scan, wanted, 0) && json_scan_end(&scan);
    bool is_special = wanted == NULL && (json_error_code(&error) == json_error_numeric_overflow ||
                                         json_error_code(&error) == json_error_duplicate_key);
    cr_assert(is_special || is_taken == (wanted != NULL), "%s: %.*s: %s", what, (int)bytes, text,
              is_taken ? error.text : "refused");
    free(room);
    free(copy);
    json_decref(wanted);
}

Test(json_scan, takes_what_jansson_takes)
{
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        size_t bytes = strlen(documents[i]);
        for (size_t cut = 0; cut <= bytes; cut++)
            compare(documents[i], cut, "cut");
    }
}

Test(json_scan, takes_what_jansson_takes_after_random_changes)
{
    static const char bytes_of_json[] =
        "\"\\{}[]:,0123456789eE.+-tfnu \x01\x7f\x80\xc2\xe0\xed\xf4\xff";
    unsigned seed = (unsigned)time(NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        char text[256], what[32];
        unsigned dice = seed + round;
        const char *document =
            documents[(size_t)rand_r(&dice) % (sizeof documents / sizeof documents[0])];
        size_t bytes = strlen(document);
        memcpy(text, document, bytes);
        for (int i = rand_r(&dice) % CHANGES_MAX; i >= 0 && bytes > 0; i--)
            text[(size_t)rand_r(&dice) % bytes] =
                bytes_of_json[(size_t)rand_r(&dice) % (sizeof bytes_of_json - 1)];
        (void)snprintf(what, sizeof what, "seed %u", seed + round);
        compare(text, bytes, what);
    }
}

Test(json_text, writes_what_jansson_writes)
{
    static const char *const texts[] = {"", "plain", "\"\\\b\f\n\r\t\x01\x1f\x7f/",
                                        "\xc3\xa9\xe2\x82\xac"};
    static const int64_t numbers[] = {0, 7, -1, 1234567890123, INT64_MAX, INT64_MIN};
    struct json_text text = {0};
    json_t *wanted = json_array();
    json_text_raw(&text, "[");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_text_string(&text, i > 0 ? "," : "", texts[i]);
        (void)json_array_append_new(wanted, json_string(texts[i]));
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        json_text_whole(&text, ",", numbers[i]);
        (void)json_array_append_new(wanted, json_integer(numbers[i]));
    }
    json_text_raw(&text, "]");
    char *dumped = json_dumps(wanted, JSON_COMPACT);
    cr_assert_str_eq(text.bytes, dumped);
    cr_assert_eq(text.count, strlen(dumped));
    json_text_clear(&text);
    cr_assert_str_eq(text.bytes, "");
    for (int i = 0; i < 1000; i++)
        json_text_whole(&text, "x", i);
    cr_assert_eq(strlen(text.bytes), text.count);
    free(dumped);
    json_decref(wanted);
    json_text_release(&text);
}
