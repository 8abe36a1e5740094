/* The session table: found by id while alive and never after, found by visitor at their event. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include "server/gateway/book.h"
#include "server/gateway/session.h"

static struct session_table *table;
static struct event_entry first_event, second_event;

static void set_up(void)
{
    table = malloc(sizeof *table);
    session_table_init(table, 3);
}

static void tear_down(void)
{
    session_table_release(table);
    free(table);
}

TestSuite(session, .init = set_up, .fini = tear_down);

Test(session, an_id_outlives_nobody)
{
    struct session *a = session_create(table, NULL, &first_event, "aaaaaaaaaaaa");
    uint64_t id = a->id;
    cr_assert_eq(session_by_id(table, id), a);
    session_destroy(table, a);
    cr_assert_null(session_by_id(table, id));
    struct session *b = session_create(table, NULL, &first_event, "bbbbbbbbbbbb");
    cr_assert_neq(b->id, id, "the slot is used again, the id is not");
    cr_assert_null(session_by_id(table, id));
    cr_assert_null(session_by_id(table, UINT64_MAX));
    session_destroy(table, b);
}

Test(session, a_full_table_says_so)
{
    struct session *all[3];
    for (int i = 0; i < 3; i++) {
        all[i] = session_create(table, NULL, &first_event, "aaaaaaaaaaaa");
        cr_assert_not_null(all[i]);
    }
    cr_assert_null(session_create(table, NULL, &first_event, "aaaaaaaaaaaa"));
    cr_assert_eq(session_count(table), 3u);
    for (int i = 0; i < 3; i++)
        session_destroy(table, all[i]);
    cr_assert_null(first_event.sessions);
    cr_assert_eq(first_event.sessions_count, 0u);
}

Test(session, all_tabs_of_a_visitor_at_one_event)
{
    struct session *a = session_create(table, NULL, &first_event, "aaaaaaaaaaaa");
    struct session *b = session_create(table, NULL, &first_event, "aaaaaaaaaaaa");
    struct session *c = session_create(table, NULL, &second_event, "aaaaaaaaaaaa");
    struct session *one = session_of_visitor(table, &first_event, "aaaaaaaaaaaa");
    struct session *two = session_next_of_visitor(one);
    cr_assert((one == a && two == b) || (one == b && two == a));
    cr_assert_null(session_next_of_visitor(two));
    cr_assert_eq(session_of_visitor(table, &second_event, "aaaaaaaaaaaa"), c);
    session_set_visitor(table, a, "cccccccccccc");
    cr_assert_eq(session_of_visitor(table, &first_event, "aaaaaaaaaaaa"), b);
    cr_assert_null(session_next_of_visitor(b));
    cr_assert_eq(session_of_visitor(table, &first_event, "cccccccccccc"), a);
    session_destroy(table, b);
    session_destroy(table, a);
    session_destroy(table, c);
    cr_assert_null(session_of_visitor(table, &first_event, "aaaaaaaaaaaa"));
}
