/* See the header. */
#include "server/office/ticket_csv.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/csv_field.h"

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

void orders_csv_header(FILE *out, const json_t *columns)
{
    size_t i;
    json_t *name;
    json_array_foreach((json_t *)(uintptr_t)columns, i, name) {
        (void)fputs(i > 0 ? "," : "", out);
        csv_write_field(out, json_string_value(name));
    }
    (void)fputs("\r\n", out);
}

static void write_value(FILE *out, const json_t *value)
{
    if (json_is_string(value)) {
        csv_write_field(out, json_string_value(value));
        return;
    }
    char *shown = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    (void)fputs(shown && !json_is_null(value) ? shown : "", out);
    free(shown);
}

void orders_csv_row(FILE *out, const json_t *columns, const json_t *row)
{
    size_t i;
    json_t *name;
    json_array_foreach((json_t *)(uintptr_t)columns, i, name) {
        const json_t *value = json_object_get(row, json_string_value(name));
        (void)fputs(i > 0 ? "," : "", out);
        if (value)
            write_value(out, value);
    }
    (void)fputs("\r\n", out);
}

void door_csv_header(FILE *out, bool has_codes)
{
    (void)fprintf(out, "%s,seat,section,row,number,category,type,order,used_ms\r\n",
                  has_codes ? "code" : "code_sha256");
}

void door_csv_row(FILE *out, const json_t *ticket, bool has_codes)
{
    static const char *const columns[] = {"section", "row", "number", "category", "type", "order"};
    unsigned char hash[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof hash + 1];
    const char *code = text(ticket, "code");
    crypto_hash_sha256(hash, (const unsigned char *)code, strlen(code));
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    (void)fprintf(out, "%s,%" JSON_INTEGER_FORMAT, has_codes ? code : hex,
                  json_integer_value(json_object_get(ticket, "seat")));
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        (void)fputc(',', out);
        csv_write_field(out, text(ticket, columns[i]));
    }
    (void)fprintf(out, ",%" JSON_INTEGER_FORMAT "\r\n",
                  json_integer_value(json_object_get(ticket, "used_ms")));
}
