/* The table as people read it: effective values with their origins, and the Markdown of
 * docs/configuration.md. */
#include "server/config/config.h"

#include <string.h>

void config_value_text(const struct config *config, const struct config_setting *setting, char *out,
                       size_t out_bytes_max)
{
    const void *member = (const char *)config + setting->offset;
    switch (setting->type) {
    case CONFIG_INTEGER:
        (void)snprintf(out, out_bytes_max, "%lld", (long long)*(const int64_t *)member);
        return;
    case CONFIG_BOOLEAN:
        (void)snprintf(out, out_bytes_max, "%s", *(const bool *)member ? "true" : "false");
        return;
    case CONFIG_WORD:
        (void)snprintf(out, out_bytes_max, "%s", setting->choices[*(const int64_t *)member]);
        return;
    case CONFIG_SECRET:
        (void)snprintf(out, out_bytes_max, "%s", *(const char *)member ? "***" : "");
        return;
    default:
        (void)snprintf(out, out_bytes_max, "%s", (const char *)member);
        return;
    }
}

static void print_origin(const struct config *config, const struct config_setting *setting,
                         FILE *out)
{
    char variable[128];
    const struct config_origin *origin = &config->origins[setting - config_table];
    switch (origin->source) {
    case CONFIG_FROM_FILE:
        (void)fprintf(out, "file %s line %d\n", config->file, origin->line);
        return;
    case CONFIG_FROM_ENVIRONMENT:
        config_environment_name(setting, variable, sizeof variable);
        (void)fprintf(out, "environment %s\n", variable);
        return;
    case CONFIG_FROM_FLAG:
        (void)fprintf(out, "flag --%s\n", setting->name);
        return;
    case CONFIG_FROM_DATA:
        (void)fprintf(out, "data directory\n");
        return;
    default:
        (void)fprintf(out, "default\n");
        return;
    }
}

void config_print(const struct config *config, FILE *out)
{
    char value[CONFIG_TEXT_BYTES_MAX];
    for (size_t i = 0; i < config_table_count; i++) {
        config_value_text(config, &config_table[i], value, sizeof value);
        (void)fprintf(out, "%-32s %-24s ", config_table[i].name, value[0] ? value : "(empty)");
        print_origin(config, &config_table[i], out);
    }
}

void config_print_markdown(FILE *out)
{
    char range[256], variable[128];
    (void)fprintf(out, "| setting | default | may be | unit | environment | what it does |\n"
                       "| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < config_table_count; i++) {
        const struct config_setting *setting = &config_table[i];
        config_range_text(setting, range, sizeof range);
        config_environment_name(setting, variable, sizeof variable);
        (void)fprintf(out, "| `%s` | %s | %s | %s | `%s` | %s |\n", setting->name,
                      setting->default_text[0] ? setting->default_text : "empty", range,
                      setting->unit[0] ? setting->unit : "-", variable, setting->help);
    }
}
