#include "server/gateway/line/language_page.h"
#include <stdio.h>
#include <string.h>
#include "server/gateway/line/line_page.h"
#include "server/gateway/visitors/visitor_cookie.h"
#include "server/gateway/wire/http.h"
#include "web/assets.h"
#include "web/words.h"

#define ARGUMENT "lang="
#define COOKIE_BYTES 256
#define ID_BYTES_MAX 16

bool language_of_arguments(const char *arguments, char *language, size_t language_bytes_max,
                           char rest[LANGUAGE_ARGUMENTS_BYTES])
{
    size_t used = 0, mark_bytes = sizeof ARGUMENT - 1;
    bool is_found = false;
    if (strlen(arguments) >= LANGUAGE_ARGUMENTS_BYTES)
        return false;
    for (const char *at = arguments; *at != '\0';) {
        size_t bytes = strcspn(at, "&");
        if (!is_found && strncmp(at, ARGUMENT, mark_bytes) == 0 &&
            bytes - mark_bytes < language_bytes_max) {
            memcpy(language, at + mark_bytes, bytes - mark_bytes);
            language[bytes - mark_bytes] = '\0';
            is_found = true;
        } else if (bytes > 0) {
            rest[used] = '&';
            size_t between = used > 0 ? 1 : 0;
            memcpy(rest + used + between, at, bytes);
            used += between + bytes;
        }
        at += bytes + (at[bytes] == '&' ? 1 : 0);
    }
    rest[used] = '\0';
    return is_found;
}

/* The arguments as they were sent, "&" between them; libwebsockets keeps them apart. */
static bool read_arguments(struct lws *wsi, char out[LANGUAGE_ARGUMENTS_BYTES])
{
    size_t used = 0;
    for (int i = 0;; i++) {
        if (used + 2 >= LANGUAGE_ARGUMENTS_BYTES)
            return false;
        char *to = out + used + (used > 0 ? 1 : 0);
        int bytes = lws_hdr_copy_fragment(wsi, to, (int)(out + LANGUAGE_ARGUMENTS_BYTES - to),
                                          WSI_TOKEN_HTTP_URI_ARGS, i);
        if (bytes <= 0) {
            out[used] = '\0';
            return bytes != -2 && used > 0; /* -2: it did not fit */
        }
        if (used > 0)
            out[used++] = '&';
        used += (size_t)bytes;
    }
}

/* libwebsockets has decoded what it hands out: anything else must not get into a header. */
static bool is_plain(const char *text, const char *marks)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    while (*text != '\0' && (strchr(letters, *text) != NULL || strchr(marks, *text) != NULL))
        text++;
    return *text == '\0';
}

bool language_page_switches(struct gateway *gateway, struct lws *wsi,
                            struct http_connection *connection, int *result)
{
    char arguments[LANGUAGE_ARGUMENTS_BYTES], rest[LANGUAGE_ARGUMENTS_BYTES], id[ID_BYTES_MAX + 1];
    char location[HTTP_PATH_BYTES_MAX + LANGUAGE_ARGUMENTS_BYTES], cookie[COOKIE_BYTES];
    bool is_page = line_page_is_at(connection->path) || web_asset_find(connection->path, 0) != NULL;
    if (!is_page || !is_plain(connection->path, "/-_.") || !read_arguments(wsi, arguments) ||
        !language_of_arguments(arguments, id, sizeof id, rest) || !is_plain(rest, "-_.=&"))
        return false;
    size_t language = web_language_find(id);
    if (language == web_languages_count())
        return false;
    snprintf(location, sizeof location, "%s%s%s", connection->path, rest[0] != '\0' ? "?" : "",
             rest);
    language_cookie_write(gateway, language, cookie, sizeof cookie);
    struct http_response response = {.status = 303, .location = location, .set_cookie = cookie};
    *result = http_respond(wsi, connection, &response);
    return true;
}
