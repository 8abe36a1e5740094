/* The data directory: created for one user, locked once, its secrets kept. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/supervisor/data_dir.h"

static char base[64], path[128];

static void set_up(void)
{
    (void)snprintf(base, sizeof base, "/tmp/stanchion-data-XXXXXX");
    cr_assert_not_null(mkdtemp(base));
    (void)snprintf(path, sizeof path, "%s/deep/er", base);
}

static void tear_down(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "%s", base);
    pid_t pid = fork();
    if (pid == 0) {
        (void)execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(127);
    }
    (void)waitpid(pid, NULL, 0);
}

TestSuite(data_dir, .init = set_up, .fini = tear_down);

Test(data_dir, is_created_for_this_user_only)
{
    struct data_dir dir;
    struct start_error error = {""};
    struct stat info;
    cr_assert_eq(data_dir_open(&dir, path, &error), START_OK, "%s", error.text);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0700);
    cr_assert_eq(dir.path[0], '/');
    data_dir_release(&dir);
    data_dir_release(&dir);
}

/* 0 = refused with our pid in the text. */
static int try_in_another_process(pid_t holder)
{
    struct data_dir dir;
    struct start_error error = {""};
    char pid[32];
    (void)snprintf(pid, sizeof pid, "pid %ld", (long)holder);
    if (data_dir_open(&dir, path, &error) == START_OK)
        return 1;
    return strstr(error.text, pid) && strstr(error.text, "--data.dir") ? 0 : 2;
}

Test(data_dir, a_second_process_is_refused_and_told_who_has_it)
{
    struct data_dir dir;
    struct start_error error = {""};
    int status = 0;
    cr_assert_eq(data_dir_open(&dir, path, &error), START_OK, "%s", error.text);
    pid_t holder = getpid(), pid = fork();
    if (pid == 0)
        _exit(try_in_another_process(holder));
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
    data_dir_release(&dir);
}

Test(data_dir, impossible_places_are_refused_in_one_line)
{
    struct data_dir dir;
    struct start_error error = {""};
    cr_assert_eq(data_dir_open(&dir, "/proc/none/x", &error), START_REFUSED);
    cr_assert_not_null(strstr(error.text, "/proc/none/x"));
    char file[160];
    (void)snprintf(file, sizeof file, "%s/file", base);
    FILE *out = fopen(file, "w");
    (void)fclose(out);
    cr_assert_eq(data_dir_open(&dir, file, &error), START_REFUSED);
    cr_assert_not_null(strstr(error.text, file));
    cr_assert_null(strchr(error.text, '\n'));
}

Test(data_dir, the_secret_is_made_once_and_damage_is_refused)
{
    struct data_dir dir;
    struct start_error error = {""};
    unsigned char first[SECRET_BYTES], second[SECRET_BYTES];
    char file[DATA_PATH_BYTES_MAX];
    struct stat info;
    cr_assert_eq(data_dir_open(&dir, path, &error), START_OK, "%s", error.text);
    cr_assert_eq(data_dir_secret(&dir, first, &error), START_OK, "%s", error.text);
    cr_assert_eq(data_dir_secret(&dir, second, &error), START_OK, "%s", error.text);
    cr_assert_arr_eq(first, second, SECRET_BYTES);
    cr_assert(data_dir_path(&dir, "secret.key", file, sizeof file));
    cr_assert_eq(stat(file, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(truncate(file, 31), 0);
    cr_assert_eq(data_dir_secret(&dir, second, &error), START_REFUSED);
    cr_assert_eq(truncate(file, 33), 0);
    cr_assert_eq(data_dir_secret(&dir, second, &error), START_REFUSED);
    cr_assert_not_null(strstr(error.text, "damaged"));
    data_dir_release(&dir);
}

Test(data_dir, keys_are_generated_kept_and_never_replace_configured_ones)
{
    struct data_dir dir;
    struct start_error error = {""};
    static struct config first, second;
    cr_assert_eq(data_dir_open(&dir, path, &error), START_OK, "%s", error.text);
    config_init(&first);
    config_init(&second);
    cr_assert_eq(data_dir_fill_keys(&dir, &first, false, &error), START_OK);
    cr_assert_str_empty(first.payment_key, "nothing is created by looking");
    cr_assert_eq(data_dir_fill_keys(&dir, &first, true, &error), START_OK);
    cr_assert_eq(strlen(first.payment_key), 43);
    cr_assert_str_neq(first.payment_key, first.webhook_secret);
    (void)snprintf(second.payment_key, sizeof second.payment_key, "configured-0123456789");
    cr_assert_eq(data_dir_fill_keys(&dir, &second, true, &error), START_OK);
    cr_assert_str_eq(second.payment_key, "configured-0123456789");
    cr_assert_str_eq(second.webhook_secret, first.webhook_secret);
    data_dir_release(&dir);
}

Test(data_dir, the_socket_of_a_long_directory_goes_through_its_descriptor)
{
    struct data_dir dir = {.fd = 9, .lock_fd = -1};
    struct start_error error = {""};
    static struct config settings;
    char url[256];
    config_init(&settings);
    memset(dir.path, 'd', 90);
    dir.path[0] = '/';
    cr_assert_eq(data_dir_redis_url(&dir, &settings, url, sizeof url, &error), START_OK);
    cr_assert_eq(strlen(url), strlen("unix://") + 107, "the longest that fits: %s", url);
    dir.path[90] = 'd';
    cr_assert_eq(data_dir_redis_url(&dir, &settings, url, sizeof url, &error), START_OK);
    cr_assert_str_eq(url, "unix:///proc/self/fd/9/redis/redis.sock");
}
