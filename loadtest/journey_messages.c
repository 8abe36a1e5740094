/* The dispatch of all messages of the server.
 *
 * One that answers the awaited request ends the wait; one that does not fit the state is recorded
 * where it is evidence and otherwise ignored: pushes and answers may cross.
 */
#include "loadtest/journey.h"

#include <string.h>

bool journey_take_answer(struct crowd *c, struct visitor *v, int64_t re)
{
    if (v->awaited_id == 0 || re != v->awaited_id)
        return false;
    v->awaited_id = 0;
    crowd_drop_timer(c, v);
    return true;
}

static void dispatch(struct crowd *c, struct visitor *v, const char *type, json_t *m)
{
    /* The organizer's, for people; and more time, which we do not count on. */
    static const char *const words[] = {"notice", "refunded", "deadline", NULL};
    bool is_answer = journey_take_answer(c, v, journey_number(m, "re", -1));
    v->put_off = strcmp(type, "error") == 0 ? v->put_off : 0;
    if (strcmp(type, "admitted") == 0)
        turn_on_admitted(c, v, m, is_answer);
    else if (strcmp(type, "error") == 0)
        journey_on_error(c, v, m, is_answer);
    else if (strcmp(type, "phase") == 0)
        turn_on_phase(c, v, m);
    else if (strcmp(type, "reconnect") == 0)
        journey_on_reconnect(c, v, m);
    else if (strcmp(type, "seats") == 0)
        choice_on_seats(c, m);
    else if (v->is_tab || journey_is_one_of(type, words))
        return;
    else if (strcmp(type, "entered") == 0)
        holds_on_entered(c, v, m);
    else if (strcmp(type, "map") == 0)
        choice_on_map(c, v, m, is_answer);
    else if (strcmp(type, "held") == 0)
        holds_on_held(c, v, m);
    else if (strcmp(type, "released") == 0)
        holds_on_released(c, v);
    else if (strcmp(type, "payment") == 0)
        sales_on_payment(c, v, m);
    else if (strcmp(type, "paying") == 0)
        sales_on_paying(c, v, m);
    else if (strcmp(type, "declined") == 0)
        sales_on_declined(c, v, m);
    else if (strcmp(type, "confirmed") == 0)
        sales_on_confirmed(c, v, m);
    else if (strcmp(type, "unsold") == 0)
        sales_on_unsold(c, v, m);
    else if (strcmp(type, "tickets") == 0)
        sales_on_tickets(c, v, m);
    else if (strcmp(type, "left") == 0)
        turn_on_left(c, v, m);
    else if (strcmp(type, "expired") == 0)
        turn_on_expired(c, v, m);
    else
        crowd_count_error(c, "bad_answer");
}

void journey_on_text(struct crowd *c, struct visitor *v, const char *text, size_t bytes)
{
    if (visitor_is_over(v) || line_take_place(c, v, text, bytes))
        return;
    json_t *message = json_loadb(text, bytes, 0, NULL);
    const char *type = json_string_value(json_object_get(message, "type"));
    if (!type)
        crowd_count_error(c, "bad_answer");
    else if (strcmp(type, "place") == 0)
        line_on_place(c, v, message);
    else
        dispatch(c, v, type, message);
    json_decref(message);
}
