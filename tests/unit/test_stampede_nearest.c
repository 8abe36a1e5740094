/* What stampede takes a mistyped word for. */
#include <criterion/criterion.h>

#include "loadtest/nearest.h"

Test(stampede_nearest, few_faults_are_guessed_and_many_are_not)
{
    static const char *const words[] = {"visitors", "seats", "seed", "onsale-spike", "set"};
    static const struct {
        const char *typed, *meant;
    } cases[] = {
        {"visitrs", "visitors"},
        {"vistors", "visitors"},
        {"seat", "seats"},
        {"onsale-spke", "onsale-spike"},
        {"sed", "seed"},
        {"sett", "set"},
        {"nothing", NULL},
        {"", NULL},
        {"visitors-visitors-visitors-visitors-visitors-visitors", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = nearest_of(cases[i].typed, words, sizeof words / sizeof words[0]);
        cr_expect(cases[i].meant ? found && strcmp(found, cases[i].meant) == 0 : !found, "%s -> %s",
                  cases[i].typed, found ? found : "nothing");
    }
}
