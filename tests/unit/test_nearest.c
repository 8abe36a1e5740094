/* Nearest words: distances and when nothing is near. */
#include <criterion/criterion.h>

#include "server/config/nearest.h"

Test(nearest, distances)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {{"", "", 0},           {"a", "", 1},
                 {"serve", "serve", 0}, {"servve", "serve", 1},
                 {"sreve", "serve", 1}, {"kitten", "sitting", 3},
                 {"open", "close", 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(nearest_distance(cases[i].a, cases[i].b), cases[i].distance, "%s %s",
                     cases[i].a, cases[i].b);
        cr_assert_eq(nearest_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
}

Test(nearest, the_closest_word_or_none)
{
    static const char *const words[] = {"event list", "event load", "orders export", "audit"};
    cr_assert_str_eq(nearest_word("event lst", words, 4), "event list");
    cr_assert_str_eq(nearest_word("audti", words, 4), "audit");
    cr_assert_str_eq(nearest_word("ord", words, 4), "orders export", "a beginning");
    cr_assert_null(nearest_word("event", words, 4), "the beginning of two");
    cr_assert_null(nearest_word("xyz", words, 4));
    cr_assert_null(nearest_word("", words, 4));
    char longer[200];
    for (size_t i = 0; i < sizeof longer; i++)
        longer[i] = 'a';
    longer[sizeof longer - 1] = '\0';
    cr_assert_null(nearest_word(longer, words, 4), "too long to be near");
}
