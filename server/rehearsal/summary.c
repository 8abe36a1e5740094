/* See the header. */
#include "server/rehearsal/summary.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Hundredths of a millisecond are enough, and whole numbers below one would all be 0. */
static json_t *ms_of(const json_t *histogram, const char *name)
{
    json_int_t us = json_integer_value(json_object_get(histogram, name));
    json_int_t hundredths = (us + 5) / 10;
    return json_real((double)hundredths / 100);
}

static json_t *latencies_of(const json_t *all)
{
    static const struct {
        const char *theirs, *ours;
    } kinds[] = {{"join", "join"},
                 {"admission told", "told"},
                 {"hold", "hold"},
                 {"pay to confirmed", "confirm"}};
    json_t *out = json_object();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const json_t *histogram = json_object_get(all, kinds[i].theirs);
        json_int_t count = json_integer_value(json_object_get(histogram, "count"));
        if (count > 0)
            (void)json_object_set_new(out, kinds[i].ours,
                                      json_pack("{so so sI}", "p50_ms", ms_of(histogram, "p50_us"),
                                                "p99_ms", ms_of(histogram, "p99_us"), "count",
                                                count));
    }
    return out;
}

static const char *state_of(const json_t *check)
{
    const char *state = json_string_value(json_object_get(check, "state"));
    if (state != NULL && strcmp(state, "ok") == 0)
        return "ok";
    return state != NULL && strcmp(state, "FAILED") == 0 ? "failed" : "not_checked";
}

static json_t *checks_of(const json_t *checks)
{
    json_t *out = json_array(), *check;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)checks, i, check) {
        (void)json_array_append_new(
            out, json_pack("{sO* ss sO*}", "check", json_object_get(check, "check"), "state",
                           state_of(check), "text", json_object_get(check, "text")));
    }
    return out;
}

json_t *rehearsal_summary(const json_t *report)
{
    static const char *const counted[] = {"arrived", "joined", "admitted", "confirmed",
                                          "seats_sold"};
    const json_t *verdict = json_object_get(report, "verdict"),
                 *counts = json_object_get(report, "counts"),
                 *tester = json_object_get(report, "tester");
    if (!json_is_string(verdict) || !json_is_object(counts))
        return NULL;
    json_t *out = json_pack("{sO sO* sO* so so so}", "verdict", verdict, "reason",
                            json_object_get(report, "reason"), "seconds",
                            json_object_get(json_object_get(report, "run"), "seconds"), "checks",
                            checks_of(json_object_get(report, "checks")), "latency",
                            latencies_of(json_object_get(report, "latency")), "was_tester_limit",
                            json_boolean(json_is_true(json_object_get(tester, "is_limit"))));
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
        (void)json_object_set_new(
            out, counted[i], json_integer(json_integer_value(json_object_get(counts, counted[i]))));
    return out;
}
