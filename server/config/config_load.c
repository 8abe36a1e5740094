/* The three sources, one after the other: file, environment, flags.
 *
 * The data directory itself decides which file is read, so it is looked for in environment and
 * flags first. inih reads the file; our own line reader counts lines (Debian's inih does not tell
 * them) and refuses a line longer than inih's buffer, which inih would cut in two. A `[section]` is
 * a prefix: `port` under `[listen]` is `listen.port`.
 */
#include "server/config/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>

#define ENVIRONMENT_PREFIX "STANCHION_"
#define NAME_BYTES_MAX 128

/* One run of config_load. */
struct loader {
    struct config *config;
    struct config_error *error;
    bool is_refused;
    bool is_seen[CONFIG_SETTINGS_MAX]; /* by the present source */
    FILE *file;
    int line;
    bool is_line_too_long;
};

__attribute__((format(printf, 2, 3))) static void refuse(struct loader *loader, const char *format,
                                                         ...)
{
    va_list args;
    if (loader->is_refused)
        return; /* the first one counts */
    loader->is_refused = true;
    va_start(args, format);
    (void)vsnprintf(loader->error->text, sizeof loader->error->text, format, args);
    va_end(args);
}

static void refuse_unknown(struct loader *loader, const char *name, const char *where)
{
    const char *nearest = config_nearest(name);
    if (nearest)
        refuse(loader, "unknown setting \"%s\" (%s). Did you mean %s?", name, where, nearest);
    else
        refuse(loader, "unknown setting \"%s\" (%s). `stanchion config` lists all.", name, where);
}

static void set(struct loader *loader, const char *name, const char *text,
                enum config_source source, const char *where)
{
    struct config_error reason = {""};
    const struct config_setting *setting = config_find(name);
    if (!setting) {
        refuse_unknown(loader, name, where);
        return;
    }
    size_t index = (size_t)(setting - config_table);
    if (loader->is_seen[index]) {
        refuse(loader, "%s is set twice (%s)", name, where);
        return;
    }
    if (config_set_text(loader->config, setting, text, &reason) != CONFIG_OK) {
        bool is_secret = setting->type == CONFIG_SECRET;
        refuse(loader, "%s cannot be \"%.200s\" (%s): %s", name, is_secret ? "***" : text, where,
               reason.text);
        return;
    }
    loader->is_seen[index] = true;
    loader->config->origins[index] = (struct config_origin){source, loader->line};
}

/* Takes `--name value` or `--name=value` at argv[i] apart. Returns how many arguments it is, 0 when
 * it is not a flag of this name (`name` NULL: of any setting). *value is NULL when it is missing.
 */
static int flag_at(int argc, char **argv, int i, const char *name, char *name_out,
                   const char **value)
{
    const char *arg = argv[i];
    if (strncmp(arg, "--", 2) != 0 || arg[2] == '\0')
        return 0;
    size_t bytes = strcspn(arg + 2, "=");
    if (bytes == 0 || bytes >= NAME_BYTES_MAX)
        return 0;
    memcpy(name_out, arg + 2, bytes);
    name_out[bytes] = '\0';
    bool is_mine =
        name ? strcmp(name_out, name) == 0 : config_find(name_out) || strchr(name_out, '.') != NULL;
    if (!is_mine)
        return 0;
    if (arg[2 + bytes] == '=') {
        *value = arg + 2 + bytes + 1;
        return 1;
    }
    *value = i + 1 < argc ? argv[i + 1] : NULL;
    return *value ? 2 : 1;
}

static const char *flag_value(int argc, char **argv, const char *name)
{
    char found[NAME_BYTES_MAX];
    const char *value = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (flag_at(argc, argv, i, name, found, &value) > 0 && value)
            return value;
    return NULL;
}

static const char *environment_value(char *const *environment, const char *variable)
{
    size_t bytes = strlen(variable);
    for (; *environment; environment++)
        if (strncmp(*environment, variable, bytes) == 0 && (*environment)[bytes] == '=')
            return *environment + bytes + 1;
    return NULL;
}

static char *read_line(char *line, int line_bytes_max, void *ctx)
{
    struct loader *loader = ctx;
    if (loader->is_refused || loader->is_line_too_long ||
        !fgets(line, line_bytes_max, loader->file))
        return NULL;
    loader->line++;
    if (!strchr(line, '\n') && (int)strlen(line) == line_bytes_max - 1) {
        loader->is_line_too_long = true;
        refuse(loader, "%s line %d is longer than %d bytes", loader->config->file, loader->line,
               line_bytes_max - 2);
    }
    return line;
}

static int on_entry(void *ctx, const char *section, const char *name, const char *value)
{
    struct loader *loader = ctx;
    char full[NAME_BYTES_MAX], where[CONFIG_TEXT_BYTES_MAX + 32];
    int bytes = snprintf(full, sizeof full, "%s%s%s", section, section[0] ? "." : "", name);
    if (bytes < 0 || (size_t)bytes >= sizeof full) {
        refuse(loader, "%s line %d: the name is too long", loader->config->file, loader->line);
        return 0;
    }
    (void)snprintf(where, sizeof where, "%s line %d", loader->config->file, loader->line);
    if (strcmp(full, "data.dir") == 0)
        refuse(loader, "data.dir cannot stand in a file (%s): use --data.dir or STANCHION_DATA_DIR",
               where);
    set(loader, full, value ? value : "", CONFIG_FROM_FILE, where);
    return !loader->is_refused;
}

static void read_file(struct loader *loader, const char *path, bool is_required)
{
    loader->file = fopen(path, "re");
    if (!loader->file) {
        if (is_required || (errno != ENOENT && errno != ENOTDIR))
            refuse(loader, "cannot read the configuration file %s: %s", path, strerror(errno));
        return;
    }
    int bytes = snprintf(loader->config->file, sizeof loader->config->file, "%s", path);
    assert(bytes >= 0);
    int bad_line = ini_parse_stream(read_line, loader, on_entry, loader);
    if (bad_line > 0)
        refuse(loader, "%s line %d is neither a [section] nor name = value", path, bad_line);
    if (bad_line < 0 || ferror(loader->file))
        refuse(loader, "cannot read the configuration file %s: %s", path, strerror(errno));
    (void)fclose(loader->file);
    loader->file = NULL;
    loader->line = 0;
}

static void load_file(struct loader *loader, char *const *environment, int argc, char **argv)
{
    char path[CONFIG_TEXT_BYTES_MAX + 32];
    const char *named = flag_value(argc, argv, "config");
    const char *dir = flag_value(argc, argv, "data.dir");
    if (named) {
        if (strlen(named) >= CONFIG_TEXT_BYTES_MAX)
            refuse(loader, "the path of --config is too long");
        else
            read_file(loader, named, true);
        return;
    }
    if (!dir)
        dir = environment_value(environment, ENVIRONMENT_PREFIX "DATA_DIR");
    if (!dir)
        dir = loader->config->data_dir;
    int bytes = snprintf(path, sizeof path, "%s/stanchion.ini", dir);
    if (bytes > 0 && (size_t)bytes < CONFIG_TEXT_BYTES_MAX)
        read_file(loader, path, false);
}

/* Variables with our prefix that belong to the scripts and tests around the program. */
static bool is_variable_of_scripts(const char *variable)
{
    return strcmp(variable, "STANCHION_BIN") == 0 || strcmp(variable, "STANCHION_SOURCE") == 0;
}

static const struct config_setting *find_by_variable(const char *variable)
{
    char name[NAME_BYTES_MAX];
    for (size_t i = 0; i < config_table_count; i++) {
        config_environment_name(&config_table[i], name, sizeof name);
        if (strcmp(name, variable) == 0)
            return &config_table[i];
    }
    return NULL;
}

static void load_environment(struct loader *loader, char *const *environment)
{
    char variable[NAME_BYTES_MAX], where[NAME_BYTES_MAX + 32];
    for (; *environment && !loader->is_refused; environment++) {
        size_t bytes = strcspn(*environment, "=");
        if (strncmp(*environment, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) != 0 ||
            bytes >= sizeof variable || (*environment)[bytes] != '=')
            continue;
        memcpy(variable, *environment, bytes);
        variable[bytes] = '\0';
        if (is_variable_of_scripts(variable))
            continue;
        const struct config_setting *setting = find_by_variable(variable);
        (void)snprintf(where, sizeof where, "environment variable %s", variable);
        if (setting)
            set(loader, setting->name, *environment + bytes + 1, CONFIG_FROM_ENVIRONMENT, where);
        else
            refuse(loader,
                   "environment variable %s names no setting. `stanchion config` lists all.",
                   variable);
    }
}

static void load_flags(struct loader *loader, int *argc, char **argv)
{
    char name[NAME_BYTES_MAX], where[NAME_BYTES_MAX + 32];
    int kept = 1, i = 1;
    while (i < *argc && strcmp(argv[i], "--") != 0) {
        const char *value = NULL;
        int taken = flag_at(*argc, argv, i, "config", name, &value);
        if (taken == 0) {
            taken = flag_at(*argc, argv, i, NULL, name, &value);
            (void)snprintf(where, sizeof where, "flag --%s", name);
            if (taken > 0 && value)
                set(loader, name, value, CONFIG_FROM_FLAG, where);
        }
        if (taken > 0 && !value)
            refuse(loader, "--%s needs a value", name);
        if (taken == 0)
            argv[kept++] = argv[i];
        i += taken > 0 ? taken : 1;
    }
    while (i < *argc)
        argv[kept++] = argv[i++];
    *argc = kept;
    argv[kept] = NULL;
}

enum config_status config_load(struct config *config, char *const *environment, int *argc,
                               char **argv, struct config_error *error)
{
    struct loader loader = {.config = config, .error = error};
    config_init(config);
    load_file(&loader, environment, *argc, argv);
    memset(loader.is_seen, 0, sizeof loader.is_seen);
    load_environment(&loader, environment);
    memset(loader.is_seen, 0, sizeof loader.is_seen);
    load_flags(&loader, argc, argv);
    return loader.is_refused ? CONFIG_REFUSED : CONFIG_OK;
}
