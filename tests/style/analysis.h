/* What clang-tidy sees of Criterion's assertions (tools.test.mjs includes it before a test): the
 * condition, the message, and the end. As they are they branch on whether passed assertions are
 * told and how the message is put together; a test with thirty of them has more paths than the
 * analyzer follows, which took three quarters of its time and ended before the code did. */
#ifndef STANCHION_TESTS_ANALYSIS_H
#define STANCHION_TESTS_ANALYSIS_H

#include <criterion/criterion.h>

#undef cr_assert_impl
#define cr_assert_impl(Fail, Condition, ...)                                                       \
    do {                                                                                           \
        if (!(Condition)) {                                                                        \
            char *cr_told__ = NULL;                                                                \
            cr_asprintf(&cr_told__,                                                                \
                        "x" CR_EXPAND(CR_VA_TAIL(CR_VA_TAIL(CR_VA_TAIL(__VA_ARGS__)))));           \
            cr_asprintf_free(cr_told__);                                                           \
            Fail();                                                                                \
        }                                                                                          \
    } while (0)

#endif
