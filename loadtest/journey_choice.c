/* Choosing seats: what to ask for, and the process's picture of the house. Who is refused:
 * journey_refused.c. */
#include "loadtest/journey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_PAUSE_US 1000000 /* a process asks for the map at most this often */
#define SCATTER 7919         /* a prime: all blocks of seats are used before one is used twice */

static void ask_for_map(struct crowd *c, struct visitor *v)
{
    c->picture->asked_us = c->now_us;
    crowd_set_state(c, v, VISITOR_CHOOSING);
    journey_ask(c, v, "map", "%s", "");
}

void choice_look_round(struct crowd *c, struct visitor *v)
{
    v->looks_round = v->plan.opens_map;
    if (v->looks_round)
        ask_for_map(c, v);
    else
        journey_think(c, v, VISITOR_CHOOSING);
}

static bool needs_map(const struct crowd *c)
{
    return c->now_us - c->picture->heard_us > STAMPEDE_PICTURE_US &&
           c->now_us - c->picture->asked_us > MAP_PAUSE_US;
}

static void ask_for_seats(struct crowd *c, struct visitor *v, const uint32_t *seats, uint32_t count)
{
    char list[STAMPEDE_SEATS_MAX * 12 + 1];
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        int n = snprintf(list + at, sizeof list - at, i ? ",%u" : "%u", seats[i]);
        at += n > 0 ? (size_t)n : 0;
    }
    v->has_let_go = false;
    v->looks = 0;
    crowd_set_state(c, v, VISITOR_HOLDING);
    journey_ask(c, v, "hold", ",\"seats\":[%s]", list);
}

/* Once, some ask for what is not free: the answer must be no. True when asked. */
static bool grab(struct crowd *c, struct visitor *v)
{
    uint32_t seats[STAMPEDE_SEATS_MAX], count = 0;
    if (v->plan.grabs)
        count = seat_picture_choose_taken(c->picture, &v->dice, v->plan.seats_wanted, seats);
    if (count == 0)
        return false;
    v->plan.grabs = false;
    ask_for_seats(c, v, seats, count);
    return true;
}

/* Mode buy: seats of one's own, scattered over the house, so that what is measured is not who was
 * faster. True when asked; otherwise they are taken or not to be had by number. */
static bool ask_for_own_seats(struct crowd *c, struct visitor *v)
{
    uint32_t seats[STAMPEDE_SEATS_MAX], wanted = v->plan.seats_wanted;
    uint32_t blocks = c->picture->seats_count / wanted;
    if (c->run->options->mode != MODE_BUY || v->refusals + v->looks > 0 || blocks == 0)
        return false;
    uint32_t first = (uint32_t)((uint64_t)v->number * SCATTER % blocks) * wanted;
    for (uint32_t i = 0; i < wanted; i++) {
        seats[i] = first + i;
        if (c->picture->is_area[seats[i]] || c->picture->states[seats[i]] != PICTURE_FREE)
            return false;
    }
    ask_for_seats(c, v, seats, wanted);
    return true;
}

/* The seats that were offered. True when asked. */
static bool ask_for_instead(struct crowd *c, struct visitor *v)
{
    if (!v->instead)
        return false;
    uint32_t count = v->instead[0], seats[STAMPEDE_SEATS_MAX];
    memcpy(seats, v->instead + 1, count * sizeof *seats);
    free(v->instead);
    v->instead = NULL;
    atomic_fetch_add_explicit(&c->stats->instead_taken, 1, memory_order_relaxed);
    ask_for_seats(c, v, seats, count);
    return true;
}

static void ask_for_best(struct crowd *c, struct visitor *v)
{
    v->has_let_go = false;
    crowd_set_state(c, v, VISITOR_HOLDING);
    journey_ask(c, v, "hold", ",\"best\":{\"count\":%u}", v->plan.seats_wanted);
}

static void ask_for_places(struct crowd *c, struct visitor *v, uint32_t area)
{
    v->has_let_go = false;
    crowd_set_state(c, v, VISITOR_HOLDING);
    journey_ask(c, v, "hold", ",\"area\":%u,\"count\":%u", area, v->plan.seats_wanted);
}

static void choose_numbered(struct crowd *c, struct visitor *v)
{
    uint32_t seats[STAMPEDE_SEATS_MAX], wanted = v->plan.seats_wanted;
    uint32_t count = c->run->options->choice == CHOICE_FRONT
                         ? seat_picture_choose_front(c->picture, &v->dice, wanted, seats)
                         : seat_picture_choose(c->picture, &v->dice, wanted, seats);
    if (count > 0)
        ask_for_seats(c, v, seats, count);
    else
        choice_find_nothing(c, v);
}

void choice_ask(struct crowd *c, struct visitor *v)
{
    enum stampede_choice choice = c->run->options->choice;
    uint32_t area;
    v->looks_round = false;
    if (v->hears_end) {
        choice_go_without(c, v);
        return;
    }
    if (ask_for_own_seats(c, v))
        return;
    if (needs_map(c))
        ask_for_map(c, v);
    else if (grab(c, v) || ask_for_instead(c, v))
        return;
    else if (choice == CHOICE_BEST && v->looks > 0 && !seat_picture_has_free(c->picture))
        choice_find_nothing(c, v);
    else if (choice == CHOICE_BEST)
        ask_for_best(c, v);
    else if (choice == CHOICE_NEAR && !v->avoids_areas &&
             seat_picture_choose_area(c->picture, &v->dice, &area))
        ask_for_places(c, v, area);
    else
        choose_numbered(c, v);
}

void choice_on_map(struct crowd *c, struct visitor *v, json_t *message, bool is_answer)
{
    json_t *states = json_object_get(message, "states");
    bool is_news = c->now_us - c->picture->heard_us > STAMPEDE_PICTURE_US;
    if (!json_is_string(states) ||
        (is_news &&
         !seat_picture_load(c->picture, json_string_value(states), json_string_length(states))))
        crowd_count_error(c, "bad_answer");
    else
        c->picture->heard_us = c->now_us;
    /* One that is pushed, instead of many changes, makes nobody hurry. */
    bool may_choose = is_answer && v->state == VISITOR_CHOOSING;
    if (may_choose && v->looks_round)
        journey_think(c, v, VISITOR_CHOOSING);
    else if (may_choose)
        choice_ask(c, v);
}

void choice_on_seats(struct crowd *c, json_t *message)
{
    choice_take_changes(c, json_object_get(message, "free"), PICTURE_FREE);
    choice_take_changes(c, json_object_get(message, "held"), PICTURE_HELD);
    choice_take_changes(c, json_object_get(message, "sold"), PICTURE_SOLD);
    c->picture->heard_us = c->now_us;
}
