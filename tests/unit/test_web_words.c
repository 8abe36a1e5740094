/* The words by language: which one a browser gets, what a key gives, and that languages fit
 * together. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/gateway/line/language_page.h"
#include "web/plain_source.h"
#include "web/words.h"

TestSuite(web_words, .init = web_words_init, .fini = web_words_release);

Test(web_words, english_is_the_first_and_korean_is_there)
{
    cr_assert_geq(web_languages_count(), 2);
    cr_expect_str_eq(web_language_id(0), "en");
    cr_expect_str_eq(web_language_direction(0), "ltr");
    cr_expect_lt(web_language_find("ko"), web_languages_count());
    cr_expect_eq(web_language_find("xx"), web_languages_count());
    cr_expect_eq(web_language_find(""), web_languages_count());
}

Test(web_words, the_browser_gets_the_best_of_its_languages)
{
    static const char *const cases[][2] = {
        {"ko", "ko"},
        {"ko-KR", "ko"},
        {"KO-kr,en;q=0.5", "ko"},
        {"en-GB,en;q=0.9,ko;q=0.8", "en"},
        {"de-DE,de;q=0.9,ko;q=0.8,en;q=0.7", "ko"},
        {"de, en;q=0.1, ko;q=0.2", "ko"},
        {"en;q=0.2,ko;q=0.2", "en"},
        {"ko;q=0,en;q=0.001", "en"},
        {"ko;q=0", "en"},
        {"ko; q=0.300 , en; q=0.299", "ko"},
        {"*", "en"},
        {"", "en"},
        {",,;q=1,;;", "en"},
        {"q=0.5", "en"},
        {"ko;q=", "en"},
        {"xx-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z-0-1-2-3-4-5-6-7-8-9", "en"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(web_language_id(web_language_accepted(cases[i][0])), cases[i][1], "%s",
                         cases[i][0]);
    cr_expect_eq(web_language_accepted(NULL), 0);
}

Test(web_words, a_key_gives_its_text_in_the_form_for_the_number)
{
    size_t korean = web_language_find("ko");
    cr_expect_str_eq(web_word(0, "line.ahead", 1), "{n} person ahead of you");
    cr_expect_str_eq(web_word(0, "line.ahead", 2), "{n} people ahead of you");
    cr_expect_str_eq(web_word(korean, "line.ahead", 1), web_word(korean, "line.ahead", 2));
    cr_expect_str_eq(web_word(0, "no.such.key", 0), "");
}

Test(web_words, a_part_is_json_with_the_same_keys_in_every_language)
{
    for (size_t part = 0; part < web_words_parts_count(); part++) {
        char *text = web_words_part_json(0, part);
        json_t *english = json_loads(text, 0, NULL);
        free(text);
        cr_assert_gt(json_object_size(english), 0);
        for (size_t language = 1; language < web_languages_count(); language++) {
            text = web_words_part_json(language, part);
            json_t *other = json_loads(text, 0, NULL);
            free(text);
            const char *key;
            json_t *value;
            cr_expect_eq(json_object_size(english), json_object_size(other), "%s",
                         web_words_part_name(part));
            json_object_foreach(english, key, value) {
                cr_expect_not_null(json_object_get(other, key), "%s lacks %s",
                                   web_language_id(language), key);
            }
            json_decref(other);
        }
        json_decref(english);
    }
}

Test(language_page, the_language_is_taken_out_of_the_arguments)
{
    static const struct {
        const char *arguments, *language, *rest;
    } cases[] = {
        {"lang=ko", "ko", ""},
        {"event=x&lang=ko", "ko", "event=x"},
        {"lang=ko&event=x&a=b", "ko", "event=x&a=b"},
        {"a&lang=ko&b", "ko", "a&b"},
        {"lang=ko&lang=en", "ko", "lang=en"},
        {"&&lang=ko&&", "ko", ""},
        {"lang=", "", ""},
        {"plain", NULL, "plain"},
        {"language=ko", NULL, "language=ko"},
        {"lang=aaaaaaaaaaaaaaaaaaaaaaaa", NULL, "lang=aaaaaaaaaaaaaaaaaaaaaaaa"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char language[8], rest[LANGUAGE_ARGUMENTS_BYTES];
        bool is_found = language_of_arguments(cases[i].arguments, language, sizeof language, rest);
        cr_expect_eq(is_found, cases[i].language != NULL, "%s", cases[i].arguments);
        cr_expect_str_eq(rest, cases[i].rest);
        if (is_found && cases[i].language != NULL)
            cr_expect_str_eq(language, cases[i].language);
    }
}

static void is_made_of(const char *from, enum plain_kind kind, const char *expected)
{
    size_t count = 0;
    unsigned char *made = plain_source((const unsigned char *)from, strlen(from), kind, &count);
    cr_expect_str_eq((char *)made, expected);
    cr_expect_eq(count, strlen(expected));
    free(made);
}

Test(plain_source, comments_and_empty_lines_are_left_out)
{
    is_made_of("// a\n\nlet x; // b\n  // c\nlet url = 'http://x';\n", PLAIN_SCRIPT,
               "let x; // b\nlet url = 'http://x';\n");
    is_made_of("/* a\n b */\n.x { }\n\n  /* c */\n.y { } /* d */\n", PLAIN_STYLE,
               ".x { }\n.y { } /* d */\n");
    is_made_of("// a\n\n", PLAIN_AS_IT_IS, "// a\n\n");
    is_made_of("", PLAIN_SCRIPT, "");
    is_made_of("//", PLAIN_SCRIPT, "");
    is_made_of("x", PLAIN_SCRIPT, "x");
    is_made_of("/* no end", PLAIN_STYLE, "");
}
