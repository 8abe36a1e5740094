/* The configuration: every source, their order, and each way to be refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/config/config.h"

#define ARGS_MAX 16

static struct config config;
static struct config_error error;
static char dir[64], file[128];
static int argc;
static char *argv[ARGS_MAX];

static void set_up(void)
{
    (void)snprintf(dir, sizeof dir, "/tmp/stanchion-config-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(file, sizeof file, "%s/stanchion.ini", dir);
}

static void tear_down(void)
{
    (void)unlink(file);
    (void)rmdir(dir);
}

TestSuite(config, .init = set_up, .fini = tear_down);

static void write_file(const char *text)
{
    FILE *out = fopen(file, "w");
    cr_assert_not_null(out);
    cr_assert_geq(fputs(text, out), 0);
    cr_assert_eq(fclose(out), 0);
}

/* Loads with --data.dir of this test and up to three more words and variables. */
static enum config_status load(const char *const *words, const char *const *variables)
{
    static char *none[] = {NULL};
    argc = 0;
    argv[argc++] = (char *)"stanchion";
    argv[argc++] = (char *)"--data.dir";
    argv[argc++] = dir;
    for (; words && *words; words++)
        argv[argc++] = (char *)*words;
    argv[argc] = NULL;
    error.text[0] = '\0';
    return config_load(&config, variables ? (char *const *)variables : none, &argc, argv, &error);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static enum config_source source_of(const char *name)
{
    return config.origins[config_find(name) - config_table].source;
}

static void assert_refused(enum config_status status, const char *const *parts)
{
    cr_assert_eq(status, CONFIG_REFUSED, "it was taken");
    for (; *parts; parts++)
        cr_assert_not_null(strstr(error.text, *parts), "\"%s\" lacks \"%s\"", error.text, *parts);
}

Test(config, defaults_of_the_table_are_valid_and_complete)
{
    cr_assert_eq(load(NULL, NULL), CONFIG_OK, "%s", error.text);
    cr_assert_eq(config.listen_port, 8080);
    cr_assert_str_eq(config.listen_address, "127.0.0.1");
    cr_assert_eq(config.log_level, LOG_INFO);
    cr_assert_not(config.is_metrics_public);
    for (size_t i = 0; i < config_table_count; i++) {
        cr_assert(config_table[i].help[0] && config_table[i].name[0]);
        cr_assert_eq(config_find(config_table[i].name), &config_table[i], "%s stands twice",
                     config_table[i].name);
    }
}

Test(config, later_sources_win_and_origins_are_remembered)
{
    write_file("gateways = 3\n[listen]\nport = 1001\naddress = 127.0.0.2\n[log]\nlevel = debug\n");
    const char *variables[] = {"STANCHION_LISTEN_PORT=1002", "STANCHION_DRAIN_MS=7", "PATH=/bin",
                               NULL};
    enum config_status status = load(WORDS("--listen.port=1003", "event", "list"), variables);
    cr_assert_eq(status, CONFIG_OK, "%s", error.text);
    cr_assert_eq(config.listen_port, 1003);
    cr_assert_eq(source_of("listen.port"), CONFIG_FROM_FLAG);
    cr_assert_eq(config.drain_ms, 7);
    cr_assert_eq(source_of("drain_ms"), CONFIG_FROM_ENVIRONMENT);
    cr_assert_str_eq(config.listen_address, "127.0.0.2");
    cr_assert_eq(config.origins[config_find("listen.address") - config_table].line, 4);
    cr_assert_eq(config.gateways_count, 3);
    cr_assert_eq(config.log_level, LOG_DEBUG);
    cr_assert_eq(source_of("redis.url"), CONFIG_FROM_DEFAULT);
    cr_assert_eq(argc, 3, "flags are taken out, other words stay");
    cr_assert_str_eq(argv[1], "event");
    cr_assert_str_eq(argv[2], "list");
    cr_assert_null(argv[3]);
}

Test(config, a_named_file_is_read_instead)
{
    write_file("drain_ms = 9\n");
    cr_assert_eq(load(WORDS("--config", file), NULL), CONFIG_OK, "%s", error.text);
    cr_assert_eq(config.drain_ms, 9);
    assert_refused(load(WORDS("--config", "/nonexistent/x.ini"), NULL),
                   WORDS("/nonexistent/x.ini"));
}

Test(config, flags_of_settings_end_at_two_dashes)
{
    cr_assert_eq(load(WORDS("show", "--", "--listen.port=1"), NULL), CONFIG_OK, "%s", error.text);
    cr_assert_eq(config.listen_port, 8080);
    cr_assert_eq(argc, 4);
}

Test(config, unknown_names_are_refused_with_the_nearest)
{
    assert_refused(load(WORDS("--listen.prt", "1"), NULL),
                   WORDS("listen.prt", "flag", "Did you mean listen.port"));
    write_file("[sandbox]\n\nlate = 3\n");
    assert_refused(load(NULL, NULL), WORDS("\"sandbox.late\"", "stanchion.ini line 3"));
    (void)unlink(file);
    const char *variables[] = {"STANCHION_LISTENPORT=1", NULL};
    assert_refused(load(NULL, variables), WORDS("STANCHION_LISTENPORT"));
}

Test(config, values_out_of_range_are_refused_with_range_and_place)
{
    static const struct {
        const char *flag, *range;
    } cases[] = {
        {"--listen.port=0", "1 to 65535"},
        {"--listen.port=65536", "1 to 65535"},
        {"--listen.port=-1", "1 to 65535"},
        {"--listen.port=80x", "1 to 65535"},
        {"--listen.port= 80", "1 to 65535"},
        {"--listen.port=", "1 to 65535"},
        {"--listen.port=99999999999999999999", "1 to 65535"},
        {"--gateways=65", "0 to 64"},
        {"--metrics.public=yes", "true or false"},
        {"--log.level=loud", "error, warning, info or debug"},
        {"--listen.address=localhost", "in numbers"},
        {"--public.url=ftp://x", "http:// or https://"},
        {"--public.url=https://", "http:// or https://"},
        {"--origins=https://a.example b.example", "http:// or https://"},
        {"--redis.url=redis://host", "redis://host:port"},
        {"--redis.url=redis://host:0", "redis://host:port"},
        {"--redis.url=unix://relative", "unix:///path"},
        {"--payment.key=short", "16 to 2047"},
        {"--proxies=localhost", "addresses in numbers"},
        {"--mail.url=http://x", "smtp:// or smtps://"},
        {"--mail.url=smtp://ann:secret@x", "without name and password"},
        {"--mail.from=ann", "an e-mail address"},
        {"--mail.from=ann@x\r\nBcc: eve@x", "an e-mail address"},
        {"--proxies=10.0.0.1, 10.0.0.2", "addresses in numbers"},
        {"--proxies=10.0.0.1/8", "addresses in numbers"},
        {"--proxies=10.0.0.0/33", "addresses in numbers"},
        {"--account.threads=0", "1 to 16"},
        {"--account.tries_per_minute=0", "1 to 1000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(load(WORDS(cases[i].flag), NULL),
                       WORDS("it must be", cases[i].range, "flag --"));
    assert_refused(load(WORDS("--data.dir=", "--drain_ms=1"), NULL), WORDS("data.dir"));
}

Test(config, good_values_of_each_type_are_taken)
{
    const char *const *words =
        WORDS("--origins=https://a.example  http://b.example:81",
              "--redis.url=redis://127.0.0.1:6379", "--listen.address=::1", "--metrics.public",
              "true", "--payment.key=0123456789abcdef", "--proxies=10.0.0.1  ::1 127.0.1.0/28 ",
              "--mail.url=smtps://mail.example:465", "--mail.from=tickets@example.org");
    cr_assert_eq(load(words, NULL), CONFIG_OK, "%s", error.text);
    cr_assert(config.is_metrics_public);
    cr_assert_eq(load(WORDS("--redis.url=unix:///run/redis.sock"), NULL), CONFIG_OK, "%s",
                 error.text);
}

Test(config, a_setting_twice_in_one_source_is_refused)
{
    assert_refused(load(WORDS("--drain_ms=1", "--drain_ms=2"), NULL),
                   WORDS("drain_ms is set twice", "flag"));
    write_file("drain_ms=1\ndrain_ms=2\n");
    assert_refused(load(NULL, NULL), WORDS("drain_ms is set twice", "line 2"));
}

Test(config, a_flag_without_value_is_refused)
{
    assert_refused(load(WORDS("--listen.port"), NULL), WORDS("--listen.port needs a value"));
    assert_refused(load(WORDS("--config"), NULL), WORDS("--config needs a value"));
}

Test(config, damaged_files_are_refused_by_line)
{
    char long_line[400] = "\nlisten.address = ";
    write_file("drain_ms = 1\nthis is nothing\n");
    assert_refused(load(NULL, NULL), WORDS("line 2"));
    write_file("data.dir = /elsewhere\n");
    assert_refused(load(NULL, NULL), WORDS("data.dir cannot stand in a file", "line 1"));
    memset(long_line + strlen(long_line), '1', 350);
    write_file(long_line);
    assert_refused(load(NULL, NULL), WORDS("line 2 is longer than"));
    (void)unlink(file);
    cr_assert_eq(mkdir(file, 0700), 0);
    assert_refused(load(NULL, NULL), WORDS("stanchion.ini"));
    (void)rmdir(file);
}

Test(config, secrets_are_never_printed)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    cr_assert_eq(load(WORDS("--payment.key=very-secret-0123456789"), NULL), CONFIG_OK, "%s",
                 error.text);
    config_print(&config, out);
    (void)fclose(out);
    cr_assert_null(strstr(text, "very-secret"));
    cr_assert_not_null(strstr(text, "***"));
    cr_assert_not_null(strstr(text, "flag --payment.key"));
    free(text);
    assert_refused(load(WORDS("--payment.key=bad secret"), NULL), WORDS("payment.key"));
    cr_assert_null(strstr(error.text, "bad secret"));
}

/* docs/configuration.md holds the table as `stanchion config --markdown` prints it. */
Test(config, the_document_has_the_table_of_the_code)
{
    char path[512], *table = NULL;
    static char document[65536];
    size_t table_bytes = 0;
    const char *source = getenv("STANCHION_SOURCE");
    cr_assert_not_null(source, "run by ctest");
    (void)snprintf(path, sizeof path, "%s/docs/configuration.md", source);
    FILE *in = fopen(path, "r");
    cr_assert_not_null(in, "%s is missing", path);
    size_t bytes = fread(document, 1, sizeof document - 1, in);
    document[bytes] = '\0';
    (void)fclose(in);
    FILE *out = open_memstream(&table, &table_bytes);
    config_print_markdown(out);
    (void)fclose(out);
    cr_assert_not_null(strstr(document, table),
                       "run `stanchion config --markdown` and put it into %s", path);
    free(table);
}
