/* A finding is written in two parts that meet at the end: violations as they are found, the figures
 * last. Both are cut, never grown: a check of a million visitors that all fail still ends in one
 * line. */
#include "loadtest/checker_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void finding_begin(struct finding *f, const char *name)
{
    *f = (struct finding){.name = name, .state = FINDING_OK};
}

void finding_violation(struct finding *f, const char *format, ...)
{
    f->state = FINDING_FAILED;
    if (f->violations++ >= FINDING_EXAMPLES_MAX)
        return;
    size_t used = strlen(f->text);
    va_list arguments;
    va_start(arguments, format);
    if (used + 3 < sizeof f->text) {
        memcpy(f->text + used, "; ", 3);
        /* A text that is cut short still names the violation. */
        (void)vsnprintf(f->text + used + 2, sizeof f->text - used - 2, format, arguments);
    }
    va_end(arguments);
}

void finding_end(struct finding *f, const char *format, ...)
{
    char figures[FINDING_TEXT_BYTES], examples[FINDING_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(figures, sizeof figures, format, arguments) < 0)
        figures[0] = '\0';
    va_end(arguments);
    memcpy(examples, f->text, sizeof examples);
    int n = f->violations ? snprintf(f->text, sizeof f->text, "%s; %llu violations%s", figures,
                                     (unsigned long long)f->violations, examples)
                          : snprintf(f->text, sizeof f->text, "%s", figures);
    if (n < 0)
        f->text[0] = '\0';
}

void finding_no_memory(struct finding *f)
{
    f->state = FINDING_NOT_CHECKED;
    finding_end(f, "not enough memory for this check");
}

const char *finding_state_name(enum finding_state state)
{
    static const char *const names[FINDING_STATE_COUNT] = {"ok", "FAILED", "not checked"};
    return names[state];
}
