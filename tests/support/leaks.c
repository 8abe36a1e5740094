#include "support/leaks.h"
#include <stdio.h>

/* Present only with AddressSanitizer. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
void __sanitizer_set_report_path(const char *path) __attribute__((weak));

/* In a forked child the checker always complains about the parent's thread; so it writes to a file
 * of ours, which counts only when it found a leak. */
bool child_has_leaks(const char *directory)
{
    char path[128];
    if (!__lsan_do_recoverable_leak_check || !__sanitizer_set_report_path)
        return false;
    int bytes = snprintf(path, sizeof path, "%s/leaks", directory);
    if (bytes < 0 || (size_t)bytes >= sizeof path)
        return false;
    __sanitizer_set_report_path(path);
    return __lsan_do_recoverable_leak_check() != 0;
}
