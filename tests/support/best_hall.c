/* See the header. */
#include "support/best_hall.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static uint8_t flags_of(char c)
{
    return c == 'w' || c == 'W'   ? PLAN_ACCESSIBLE
           : c == 'c' || c == 'C' ? PLAN_COMPANION
           : c == 'r'             ? PLAN_RESTRICTED_VIEW
                                  : 0;
}

static void draw_row(struct best_hall *hall, struct plan *plan, const char *line, size_t bytes,
                     uint32_t *seat, size_t row)
{
    plan->rows[row].label = "A";
    for (size_t x = 0; x < bytes; x++) {
        if (line[x] == ' ')
            continue;
        hall->is_free[*seat] = line[x] != 'x';
        plan->seats[(*seat)++] =
            (struct plan_seat){.number = "1",
                               .x = (double)x * BEST_HALL_STEP,
                               .y = (double)(row + 1) * 40,
                               .category = line[x] == ',' || line[x] == 'W' || line[x] == 'C',
                               .flags = flags_of(line[x])};
        plan->rows[row].seats_count++;
    }
}

static struct plan *make_plan(size_t rows, size_t seats)
{
    const struct plan_sizes sizes = {2, 1, rows, seats, 0, 0};
    struct plan *plan = plan_create(&sizes);
    plan->name = "Hall";
    plan->width = 500;
    plan->height = 400;
    plan->categories[0] = (struct plan_category){
        .name = "Dear", .price_minor = 5000, .color = "#b3261e", .currency = "EUR"};
    plan->categories[1] = (struct plan_category){
        .name = "Cheap", .price_minor = 1000, .color = "#b3261e", .currency = "EUR"};
    plan->sections[0] =
        (struct plan_section){.name = "1", .level = "", .rows_count = (uint32_t)rows};
    return plan;
}

void best_hall_init(struct best_hall *hall, const char *drawing)
{
    size_t rows = 1, seats = 0;
    char why[200] = "";
    for (const char *c = drawing; *c; c++) {
        rows += *c == '\n';
        seats += *c != '\n' && *c != ' ';
    }
    cr_assert(seats <= BEST_HALL_SEATS_MAX);
    *hall = (struct best_hall){0};
    struct plan *plan = make_plan(rows, seats);
    uint32_t seat = 0;
    for (size_t row = 0; row < rows; row++) {
        size_t bytes = strcspn(drawing, "\n");
        draw_row(hall, plan, drawing, bytes, &seat, row);
        drawing += bytes + (drawing[bytes] == '\n');
    }
    cr_assert(eq(int, plan_seal(plan, why, sizeof why), PLAN_OK), "%s", why);
    hall->plan = plan;
    hall->index = best_index_create(plan, (struct best_focus){BEST_HALL_FOCUS_X, 0});
    cr_assert(hall->index != NULL);
}

void best_hall_release(struct best_hall *hall)
{
    best_index_free(hall->index);
    plan_free(hall->plan);
}

uint32_t best_hall_dice(uint64_t *state, uint32_t sides)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % sides;
}
