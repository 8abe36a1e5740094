/* What a visitor does who is told no.
 *
 * People look at the map again, think, and choose something else, or press the button that takes
 * the seats the server offers instead; each no in a row makes them slower, and after some they go.
 * So a house in which the good seats are gone is not asked by everybody as fast as it can refuse.
 * Where nothing looks free nobody asks: the map tells by itself when a seat comes back.
 *
 *   CHOOSING --asks--> HOLDING --held--> HELD
 *      ^--- refused -----'  refused too often, or patience is over: LEAVING */
#include "loadtest/journey.h"

#include <stdlib.h>
#include <string.h>

/* Before the next choice, at the least: who runs a test without think times is no person. */
#define TAKEN_PAUSE_US_MIN 20000
#define TAKEN_PAUSE_US_MAX 100000
#define NO_SEATS_PAUSE_US 1000000
#define TAKES_INSTEAD_SHARE 0.5 /* of those who are offered other seats */

/* Not a person but a measurement: it does not think. */
static bool is_measuring(const struct crowd *c)
{
    return c->run->options->mode != MODE_JOURNEY;
}

bool journey_loses_patience(const struct crowd *c, struct visitor *v, int64_t in_us)
{
    const struct stampede_options *o = c->run->options;
    if (o->is_patient || is_measuring(c))
        return false;
    if (v->gives_up_us == 0)
        v->gives_up_us = c->now_us + pause_us(&o->patience, &v->dice);
    return c->now_us + in_us >= v->gives_up_us;
}

void choice_go_without(struct crowd *c, struct visitor *v)
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
    if (is_tired || journey_loses_patience(c, v, 0))
        choice_go_without(c, v);
    else
        choose_later(c, v, dice_between(&v->dice, TAKEN_PAUSE_US_MIN, TAKEN_PAUSE_US_MAX));
}

void choice_find_nothing(struct crowd *c, struct visitor *v)
{
    c->picture->heard_us = 0; /* look again before giving up */
    v->looks += v->looks < UINT8_MAX;
    bool is_tired = v->looks > STAMPEDE_LOOKS_MAX && c->run->options->mode != MODE_HOLD;
    if (is_tired || journey_loses_patience(c, v, 0))
        choice_go_without(c, v);
    else
        choose_later(c, v, NO_SEATS_PAUSE_US);
}

/* Keeps what is offered for seats that are taken, if this visitor is one who takes it. */
static void consider_instead(struct crowd *c, struct visitor *v, json_t *offer)
{
    uint32_t seats[STAMPEDE_SEATS_MAX];
    size_t count = holds_read_seats(offer, seats);
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

void choice_take_changes(struct crowd *c, json_t *seats, enum picture_state state)
{
    for (size_t i = 0; i < json_array_size(seats); i++)
        seat_picture_set(c->picture, (uint32_t)json_integer_value(json_array_get(seats, i)), state);
}

bool choice_on_error(struct crowd *c, struct visitor *v, const char *code, json_t *message)
{
    json_t *seats = json_object_get(message, "seats");
    if (strcmp(code, "seat_taken") == 0) {
        choice_take_changes(c, seats, PICTURE_HELD);
        consider_instead(c, v, json_object_get(message, "instead"));
        choose_others(c, v);
    } else if (strcmp(code, "no_such_seat") == 0) {
        choice_take_changes(c, seats, PICTURE_NOT_FOR_SALE);
        choose_others(c, v);
    } else if (strcmp(code, "none_free") == 0) {
        /* One seat may still be there when two are not. */
        v->plan.seats_wanted = 1;
        choice_find_nothing(c, v);
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
