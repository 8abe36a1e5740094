/* Choosing seats, and what a visitor does who is told no.
 *
 * People look at the map again, think, and choose something else, or press the button that takes
 * the seats the server offers instead; each no in a row makes them slower, and after some they go.
 * So a house in which the good seats are gone is not asked by everybody as fast as it can refuse.
 * Where nothing looks free nobody asks: the map tells by itself when a seat comes back.
 *
 *   CHOOSING --asks--> HOLDING --held--> HELD
 *      ^--- refused -----'  refused too often, or patience is over: LEAVING */
#include "loadtest/journey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_PAUSE_US 1000000 /* a process asks for the map at most this often */
/* Before the next choice, at the least: who runs a test without think times is no person. */
#define TAKEN_PAUSE_US_MIN 20000
#define TAKEN_PAUSE_US_MAX 100000
#define NO_SEATS_PAUSE_US 1000000
#define TAKES_INSTEAD_SHARE 0.5 /* of those who are offered other seats */
#define SCATTER 7919            /* a prime: all blocks of seats are used before one is used twice */

static bool is_measuring(const struct crowd *c)
{
    return c->run->options->mode != MODE_JOURNEY;
}

/* ---- refused ---- */

static bool is_out_of_patience(const struct crowd *c, struct visitor *v)
{
    const struct stampede_options *o = c->run->options;
    if (o->is_patient || is_measuring(c))
        return false;
    if (v->gives_up_us == 0)
        v->gives_up_us = c->now_us + pause_us(&o->patience, &v->dice);
    return c->now_us >= v->gives_up_us;
}

static void go_without_seats(struct crowd *c, struct visitor *v)
{
    v->leaves_as = VISITOR_SOLD_OUT;
    journey_leave(c, v);
}

int64_t choice_pause_us(struct dice *dice, const struct pause *think, int64_t least_us,
                        uint32_t refusals)
{
    uint32_t doublings = refusals > 1 ? refusals - 1 : 0;
    int64_t thought_us = think ? pause_us(think, dice) : 0;
    int64_t us = thought_us > least_us ? thought_us : least_us;
    us <<= doublings < STAMPEDE_REFUSED_DOUBLINGS_MAX ? doublings : STAMPEDE_REFUSED_DOUBLINGS_MAX;
    return us < STAMPEDE_REFUSED_US_MAX ? us : STAMPEDE_REFUSED_US_MAX;
}

/* Chooses again after a pause that grows with each no in a row. */
static void choose_later(struct crowd *c, struct visitor *v, int64_t least_us)
{
    const struct pause *think = is_measuring(c) ? NULL : &c->run->options->think;
    journey_pause(c, v, VISITOR_CHOOSING,
                  choice_pause_us(&v->dice, think, least_us, v->refusals + v->looks));
}

static void choose_others(struct crowd *c, struct visitor *v)
{
    v->refusals += v->refusals < UINT8_MAX;
    bool is_tired = v->refusals > STAMPEDE_REFUSALS_MAX && c->run->options->mode != MODE_HOLD;
    if (is_tired || is_out_of_patience(c, v))
        go_without_seats(c, v);
    else
        choose_later(c, v, dice_between(&v->dice, TAKEN_PAUSE_US_MIN, TAKEN_PAUSE_US_MAX));
}

static void find_no_seats(struct crowd *c, struct visitor *v)
{
    c->picture->heard_us = 0; /* look again before giving up */
    v->looks += v->looks < UINT8_MAX;
    bool is_tired = v->looks > STAMPEDE_LOOKS_MAX && c->run->options->mode != MODE_HOLD;
    if (is_tired || is_out_of_patience(c, v))
        go_without_seats(c, v);
    else
        choose_later(c, v, NO_SEATS_PAUSE_US);
}

/* Keeps what is offered for seats that are taken, if this visitor is one who takes it. */
static void consider_instead(struct crowd *c, struct visitor *v, json_t *offer)
{
    uint32_t seats[STAMPEDE_SEATS_MAX];
    size_t count = sales_read_seats(offer, seats);
    bool fits = count > 0 && count <= v->plan.seats_wanted && count <= STAMPEDE_SEATS_MAX;
    bool takes_it = c->run->options->choice == CHOICE_NEAR && !is_measuring(c) &&
                    dice_hits(&v->dice, TAKES_INSTEAD_SHARE);
    free(v->instead);
    v->instead = fits && takes_it ? malloc((count + 1) * sizeof *v->instead) : NULL;
    if (!v->instead)
        return;
    v->instead[0] = (uint32_t)count;
    memcpy(v->instead + 1, seats, count * sizeof *seats);
}

static void on_too_many(struct crowd *c, struct visitor *v, json_t *message)
{
    int64_t seats_max = journey_number(message, "seats_max", 0);
    if (seats_max < 1 || ++v->tries > STAMPEDE_REFUSALS_MAX) {
        journey_finish(c, v, VISITOR_FAILED);
        return;
    }
    if (seats_max >= v->plan.seats_wanted) {
        /* Seats are held from a request whose answer was `busy`, or never came: `entered` tells. */
        journey_pause(c, v, VISITOR_JOINING, STAMPEDE_RETRY_US_MIN);
        return;
    }
    v->plan.seats_wanted = (uint8_t)seats_max;
    choose_others(c, v);
}

static void take_changes(struct crowd *c, json_t *seats, enum picture_state state)
{
    for (size_t i = 0; i < json_array_size(seats); i++)
        seat_picture_set(c->picture, (uint32_t)json_integer_value(json_array_get(seats, i)), state);
}

bool choice_on_error(struct crowd *c, struct visitor *v, const char *code, json_t *message)
{
    json_t *seats = json_object_get(message, "seats");
    if (strcmp(code, "seat_taken") == 0) {
        take_changes(c, seats, PICTURE_HELD);
        consider_instead(c, v, json_object_get(message, "instead"));
        choose_others(c, v);
    } else if (strcmp(code, "no_such_seat") == 0) {
        take_changes(c, seats, PICTURE_NOT_FOR_SALE);
        choose_others(c, v);
    } else if (strcmp(code, "none_free") == 0) {
        /* One seat may still be there when two are not. */
        v->plan.seats_wanted = 1;
        find_no_seats(c, v);
    } else if (strcmp(code, "area_full") == 0) {
        v->avoids_areas = true;
        choose_others(c, v);
    } else if (strcmp(code, "too_many_seats") == 0) {
        on_too_many(c, v, message);
    } else {
        return false;
    }
    return true;
}

void choice_on_end(struct crowd *c, struct visitor *v)
{
    v->hears_end = !is_measuring(c);
    if (v->hears_end && v->state == VISITOR_CHOOSING && v->awaited_id == 0)
        journey_think(c, v, VISITOR_CHOOSING);
}

/* ---- asking ---- */

static void ask_for_map(struct crowd *c, struct visitor *v)
{
    c->picture->asked_us = c->now_us;
    crowd_set_state(c, v, VISITOR_CHOOSING);
    journey_ask(c, v, "map", "%s", "");
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
        find_no_seats(c, v);
}

void sales_choose(struct crowd *c, struct visitor *v)
{
    enum stampede_choice choice = c->run->options->choice;
    uint32_t area;
    if (v->hears_end) {
        go_without_seats(c, v);
        return;
    }
    if (ask_for_own_seats(c, v))
        return;
    if (needs_map(c)) {
        ask_for_map(c, v);
    } else if (grab(c, v) || ask_for_instead(c, v)) {
        return;
    } else if (choice == CHOICE_BEST && v->looks > 0 && !seat_picture_has_free(c->picture)) {
        find_no_seats(c, v);
    } else if (choice == CHOICE_BEST) {
        ask_for_best(c, v);
    } else if (choice == CHOICE_NEAR && !v->avoids_areas &&
               seat_picture_choose_area(c->picture, &v->dice, &area)) {
        ask_for_places(c, v, area);
    } else {
        choose_numbered(c, v);
    }
}

void sales_on_map(struct crowd *c, struct visitor *v, json_t *message)
{
    json_t *states = json_object_get(message, "states");
    if (json_is_string(states) &&
        seat_picture_load(c->picture, json_string_value(states), json_string_length(states)))
        c->picture->heard_us = c->now_us;
    else
        crowd_count_error(c, "bad_answer");
    if (v->state == VISITOR_CHOOSING && v->awaited_id == 0)
        sales_choose(c, v);
}

void sales_on_seats(struct crowd *c, json_t *message)
{
    take_changes(c, json_object_get(message, "free"), PICTURE_FREE);
    take_changes(c, json_object_get(message, "held"), PICTURE_HELD);
    take_changes(c, json_object_get(message, "sold"), PICTURE_SOLD);
    c->picture->heard_us = c->now_us;
}
