/* See the header. */
#include "server/office/plan_types.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static json_t *category_of(const json_t *plan, const char *name)
{
    json_t *category;
    size_t i;
    json_array_foreach(json_object_get(plan, "categories"), i, category) {
        const char *own = json_string_value(json_object_get(category, "name"));
        if (own != NULL && strcmp(own, name) == 0)
            return category;
    }
    return NULL;
}

bool plan_types_apply(json_t *plan, const json_t *types, char *why, size_t why_bytes_max)
{
    const char *name;
    json_t *list;
    if (!json_is_object(types)) {
        (void)snprintf(why, why_bytes_max, "they are an object of lists, category by category");
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)types, name, list) {
        json_t *category = category_of(plan, name);
        const json_t *price = json_object_get(json_array_get(list, 0), "price_minor");
        if (category == NULL || !json_is_array(list)) {
            (void)snprintf(why, why_bytes_max,
                           category == NULL ? "there is no category called \"%.80s\""
                                            : "those of \"%.80s\" are not a list",
                           name);
            return false;
        }
        if (json_array_size(list) == 0) {
            (void)json_object_del(category, "types");
            continue;
        }
        (void)json_object_set(category, "types", list);
        if (price != NULL) /* the first one is what who says nothing gets */
            (void)json_object_set(category, "price_minor", (json_t *)(uintptr_t)price);
    }
    return true;
}
