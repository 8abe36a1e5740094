/* Escape sequences that every terminal since the VT100 knows. One write per drawing, so that
 * nothing flickers. */
#include "loadtest/screen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHOW_CURSOR "\033[?25h"
#define HIDE_CURSOR "\033[?25l"
#define COLUMNS_OTHERWISE 80
#define ROWS_OTHERWISE 24

static unsigned lines_drawn;
static volatile sig_atomic_t is_begun;

static void show_cursor(void)
{
    if (is_begun)
        (void)!write(STDOUT_FILENO, SHOW_CURSOR, sizeof SHOW_CURSOR - 1);
}

/* Ends or stops as it would have without us. */
static void on_signal(int number)
{
    show_cursor();
    signal(number, SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    raise(number);
    if (number == SIGTSTP)
        signal(SIGTSTP, on_signal);
}

bool screen_is_there(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

void screen_begin(void)
{
    static bool is_registered;
    fflush(stdout);
    lines_drawn = 0;
    is_begun = 1;
    if (!is_registered)
        (void)atexit(show_cursor);
    is_registered = true;
    signal(SIGHUP, on_signal);
    signal(SIGQUIT, on_signal);
    signal(SIGTSTP, on_signal);
}

static bool says_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static struct winsize size_now(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size = (struct winsize){.ws_col = COLUMNS_OTHERWISE, .ws_row = ROWS_OTHERWISE};
    return size;
}

struct live_style screen_style(void)
{
    const char *no_color = getenv("NO_COLOR");
    return (struct live_style){.columns = size_now().ws_col,
                               .has_color = !no_color || !*no_color,
                               .has_unicode = says_utf8()};
}

static void rub_out(void)
{
    if (lines_drawn > 0)
        printf("\033[%uA\r\033[J", lines_drawn);
    lines_drawn = 0;
}

void screen_draw(const char *text, unsigned lines)
{
    unsigned room = size_now().ws_row > 2 ? size_now().ws_row - 1u : 1u;
    rub_out();
    fputs(HIDE_CURSOR, stdout);
    for (; lines_drawn < lines && lines_drawn < room; lines_drawn++) {
        size_t bytes = strcspn(text, "\n") + 1;
        fwrite(text, 1, bytes, stdout);
        text += bytes;
    }
    fflush(stdout);
}

void screen_say(const char *line)
{
    rub_out();
    printf("%s\n", line);
    fflush(stdout);
}

void screen_end(void)
{
    if (!is_begun)
        return;
    fflush(stdout);
    show_cursor();
    is_begun = 0;
    lines_drawn = 0;
    signal(SIGHUP, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    signal(SIGTSTP, SIG_DFL);
}
