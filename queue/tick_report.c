/* See the header. Every member is checked: the text comes from another process. */
#include "queue/tick_report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "queue/phase.h"

void tick_report_release(struct tick_report *report)
{
    free(report->admitted);
    free(report->expired);
    free(report->gone);
    *report = (struct tick_report){0};
}

static bool read_int(const json_t *value, int64_t *out)
{
    if (!json_is_integer(value))
        return false;
    *out = json_integer_value(value);
    return true;
}

static bool read_visitor(const json_t *value, struct queue_visitor *out)
{
    size_t bytes = json_string_length(value);
    if (!json_is_string(value) || bytes == 0 || bytes > VISITOR_ID_BYTES)
        return false;
    memcpy(out->id, json_string_value(value), bytes);
    out->id[bytes] = '\0';
    return true;
}

/* An array's length, and memory for as many items; NULL items are right for an empty array. */
static bool make_room(const json_t *array, size_t item_bytes, size_t *count, void **items)
{
    if (!json_is_array(array))
        return false;
    *count = json_array_size(array);
    *items = *count ? calloc(*count, item_bytes) : NULL;
    return *count == 0 || *items;
}

static bool read_admitted(const json_t *array, struct tick_report *report)
{
    void *items;
    if (!make_room(array, sizeof(report->admitted[0]), &report->admitted_count, &items))
        return false;
    report->admitted = items;
    for (size_t i = 0; i < report->admitted_count; i++) {
        const json_t *item = json_array_get(array, i);
        struct tick_admitted *to = &report->admitted[i];
        if (!read_visitor(json_array_get(item, 0), &to->visitor) ||
            !read_int(json_array_get(item, 1), &to->seq) ||
            !read_int(json_array_get(item, 2), &to->admission) ||
            !read_int(json_array_get(item, 3), &to->deadline_ms))
            return false;
    }
    return true;
}

static bool read_expired(const json_t *array, struct tick_report *report)
{
    void *items;
    if (!make_room(array, sizeof(report->expired[0]), &report->expired_count, &items))
        return false;
    report->expired = items;
    for (size_t i = 0; i < report->expired_count; i++) {
        const json_t *item = json_array_get(array, i);
        const char *reason = json_string_value(json_array_get(item, 1));
        if (!reason || !read_visitor(json_array_get(item, 0), &report->expired[i].visitor))
            return false;
        report->expired[i].is_no_show = strcmp(reason, "no_show") == 0;
    }
    return true;
}

static bool read_gone(const json_t *array, struct tick_report *report)
{
    void *items;
    if (!make_room(array, sizeof(report->gone[0]), &report->gone_count, &items))
        return false;
    report->gone = items;
    for (size_t i = 0; i < report->gone_count; i++) {
        if (!read_int(json_array_get(array, i), &report->gone[i]))
            return false;
    }
    return true;
}

static bool read_draw(const json_t *value, enum line_draw *draw)
{
    int64_t number;
    if (!read_int(value, &number) || number < 0 || number >= DRAW_COUNT)
        return false;
    *draw = (enum line_draw)number;
    return true;
}

static bool read_figures(const json_t *root, struct tick_report *report)
{
    int64_t is_refill;
    const char *phase = json_string_value(json_object_get(root, "phase"));
    bool is_whole = phase && queue_phase_parse(phase, &report->phase) &&
                    read_int(json_object_get(root, "tick"), &report->tick) &&
                    read_int(json_object_get(root, "at_ms"), &report->at_ms) &&
                    read_int(json_object_get(root, "seq"), &report->seq) &&
                    read_int(json_object_get(root, "head"), &report->head) &&
                    read_int(json_object_get(root, "waiting"), &report->waiting) &&
                    read_int(json_object_get(root, "inside"), &report->inside) &&
                    read_int(json_object_get(root, "free"), &report->free) &&
                    read_int(json_object_get(root, "holds"), &report->holds) &&
                    read_int(json_object_get(root, "recovers_at_ms"), &report->recovers_at_ms) &&
                    read_int(json_object_get(root, "refill"), &is_refill) &&
                    read_draw(json_object_get(root, "draw"), &report->draw) &&
                    read_int(json_object_get(root, "rate_micro"), &report->rate_micro) &&
                    read_int(json_object_get(root, "lag_ms"), &report->lag_ms);
    report->is_refill = is_whole && is_refill == 1;
    return is_whole;
}

bool tick_report_parse(const char *text, size_t bytes, struct tick_report *report)
{
    json_t *root = json_loadb(text, bytes, 0, NULL);
    if (!root)
        return false;
    struct tick_report in = {0};
    bool is_whole = read_figures(root, &in) &&
                    read_admitted(json_object_get(root, "admitted"), &in) &&
                    read_expired(json_object_get(root, "expired"), &in) &&
                    read_gone(json_object_get(root, "gone"), &in);
    json_decref(root);
    if (!is_whole) {
        tick_report_release(&in);
        return false;
    }
    *report = in;
    return true;
}
