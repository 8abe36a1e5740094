/* Bytes from outside become text here: files of a bounded size, UTF-8 without NUL, labels without
 * surprises.
 *
 * The UTF-8 rules are those of RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Only the first bad byte of a file is reported, because a file in another encoding has one in
 * every line.
 */
#include "ticketing/import_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum import_status unreadable(struct import_report *report, const char *path,
                                     const char *reason)
{
    import_error(report, (struct import_source){.file = path}, "import.unreadable",
                 "cannot be read: %s", reason);
    return IMPORT_UNREADABLE;
}

static enum import_status read_all(struct import_report *report, const char *path, int file,
                                   size_t size, char **memory)
{
    char *bytes = malloc(size + 1);
    if (bytes == NULL)
        return import_no_memory(report), IMPORT_NO_MEMORY;
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, bytes + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            free(bytes);
            return unreadable(report, path,
                              got == 0 ? "it became shorter while it was read" : strerror(errno));
        }
        done += (size_t)got;
    }
    bytes[size] = '\0';
    *memory = bytes;
    return IMPORT_OK;
}

static enum import_status read_open(struct import_report *report, const char *path, int file,
                                    char **memory, size_t *bytes)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return unreadable(report, path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return unreadable(report, path, "it is not a regular file");
    if ((uint64_t)status.st_size > PLAN_FILE_BYTES_MAX) {
        import_error(report, (struct import_source){.file = path}, "import.file_large",
                     "the file has %lld bytes; at most %u (%u MiB) are read",
                     (long long)status.st_size, PLAN_FILE_BYTES_MAX, PLAN_FILE_BYTES_MAX >> 20);
        return IMPORT_UNREADABLE;
    }
    *bytes = (size_t)status.st_size;
    return read_all(report, path, file, *bytes, memory);
}

enum import_status import_read(struct import_report *report, const char *path, char **memory,
                               char **text, size_t *bytes)
{
    /* Non-blocking, so that a named pipe is refused rather than waited for. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return unreadable(report, path, strerror(errno));
    enum import_status status = read_open(report, path, file, memory, bytes);
    close(file);
    if (status != IMPORT_OK)
        return status;
    *text = *memory;
    status = import_check_text(report, path, text, bytes);
    if (status != IMPORT_OK) {
        free(*memory);
        *memory = NULL;
    }
    return status;
}

/* Bytes of the well-formed UTF-8 character at `s`, or 0. `end` is behind the last byte. */
static size_t utf8_length(const unsigned char *s, const unsigned char *end)
{
    size_t left = (size_t)(end - s);
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        return left >= 2 && (s[1] & 0xc0) == 0x80 ? 2 : 0;
    if (s[0] >= 0xe0 && s[0] <= 0xef) {
        if (left < 3 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
            return 0;
        bool is_overlong = s[0] == 0xe0 && s[1] < 0xa0;
        bool is_surrogate = s[0] == 0xed && s[1] > 0x9f;
        return is_overlong || is_surrogate ? 0 : 3;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        if (left < 4 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 || (s[3] & 0xc0) != 0x80)
            return 0;
        bool is_overlong = s[0] == 0xf0 && s[1] < 0x90;
        bool is_beyond = s[0] == 0xf4 && s[1] > 0x8f;
        return is_overlong || is_beyond ? 0 : 4;
    }
    return 0;
}

static bool check_utf8(struct import_report *report, const char *file, const char *text,
                       size_t bytes)
{
    const unsigned char *s = (const unsigned char *)text, *end = s + bytes;
    struct import_source at = {.file = file, .line = 1, .column = 1};
    while (s < end) {
        size_t length = utf8_length(s, end);
        if (length == 0) {
            import_error(report, at, "import.not_utf8",
                         "the byte 0x%02x is not UTF-8 here: save the file as UTF-8", *s);
            return false;
        }
        if (*s == '\0') {
            import_error(report, at, "import.nul_byte", "a NUL byte: expected text");
            return false;
        }
        at.column++;
        if (*s == '\n') {
            at.line++;
            at.column = 1;
        }
        s += length;
    }
    return true;
}

enum import_status import_check_text(struct import_report *report, const char *file, char **text,
                                     size_t *bytes)
{
    struct import_source start = {.file = file, .line = 1, .column = 1};
    if (*bytes >= 2 && (memcmp(*text, "\xff\xfe", 2) == 0 || memcmp(*text, "\xfe\xff", 2) == 0)) {
        import_error(report, start, "import.utf16", "the file is UTF-16: save it as UTF-8");
        return IMPORT_REFUSED;
    }
    if (*bytes >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        *text += 3;
        *bytes -= 3;
    }
    if (!check_utf8(report, file, *text, *bytes))
        return IMPORT_REFUSED;
    if (strspn(*text, " \t\r\n") == *bytes) {
        import_error(report, (struct import_source){.file = file}, "import.empty",
                     "the file is empty");
        return IMPORT_REFUSED;
    }
    return IMPORT_OK;
}

/* C0, DEL, and C1, which in UTF-8 is C2 80 to C2 9F. */
static bool has_control(const char *text, size_t bytes)
{
    const unsigned char *s = (const unsigned char *)text;
    for (size_t i = 0; i < bytes; i++)
        if (s[i] < 0x20 || s[i] == 0x7f || (s[i] == 0xc2 && i + 1 < bytes && s[i + 1] < 0xa0))
            return true;
    return false;
}

const char *import_trim(const char *text, size_t *bytes)
{
    while (*bytes > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        (*bytes)--;
    }
    while (*bytes > 0 && (text[*bytes - 1] == ' ' || text[*bytes - 1] == '\t'))
        (*bytes)--;
    return text;
}

bool import_is_label(const char *text, size_t bytes)
{
    return bytes <= PLAN_LABEL_BYTES_MAX && !has_control(text, bytes);
}

bool import_label(struct import_report *report, struct import_source at, const char *what,
                  const char **text, size_t *bytes)
{
    struct import_quote quote;
    *text = import_trim(*text, bytes);
    if (import_is_label(*text, *bytes))
        return true;
    if (*bytes > PLAN_LABEL_BYTES_MAX)
        import_error(report, at, "import.label_long",
                     "%s \"%s\" has %zu bytes; at most %d are possible", what,
                     import_quote(&quote, *text), *bytes, PLAN_LABEL_BYTES_MAX);
    else
        import_error(report, at, "import.label_control",
                     "%s \"%s\" has a control character or line break", what,
                     import_quote(&quote, *text));
    return false;
}
