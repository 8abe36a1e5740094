/* `stanchion draw export/verify`. Export copies a file of the data directory; verify is offline: it
 * trusts the file for nothing and needs neither server nor secret. */
#include "server/cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "queue/draw_file.h"
#include "queue/hex.h"
#include "server/cli/line_file.h"

#define RECEIPT_JSON_BYTES 512

int cli_draw_export(struct config *config, const struct cli_args *args)
{
    size_t bytes = 0;
    char *text = line_file_read(config, args->arguments[0], "transcript", &bytes);
    if (!text)
        return errno == ENOENT ? cli_fail("event %s has no draw that is done", args->arguments[0])
                               : CLI_FAILED;
    int code = line_file_write(args->arguments[1], text, bytes);
    free(text);
    return code;
}

/* What was published must be what the file says. */
static bool is_as_published(const struct cli_command *command, const struct cli_args *args,
                            const char *name, const struct merkle_hash *actual)
{
    char text[2 * sizeof actual->bytes + 1];
    const char *published = cli_value(command, args, name);
    hex_write(actual->bytes, sizeof actual->bytes, text);
    if (!published || strcmp(published, text) == 0)
        return true;
    (void)cli_fail("%s: the file says %s, published was %s", name, text, published);
    return false;
}

/* The payload of a receipt is public; only the server can check its signature. */
static json_t *open_receipt(const char *token)
{
    unsigned char payload[RECEIPT_JSON_BYTES];
    size_t bytes = 0;
    const char *end = strncmp(token, "r1.", 3) == 0 ? strchr(token + 3, '.') : NULL;
    if (!end || sodium_base642bin(payload, sizeof payload, token + 3, (size_t)(end - token - 3),
                                  NULL, &bytes, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING))
        return NULL;
    return json_loadb((const char *)payload, bytes, 0, NULL);
}

static int show_place(const struct draw_file *file, int64_t seq, const char *visitor)
{
    const struct draw_place *place = draw_file_find(file, seq);
    if (!place)
        return cli_fail("no place %" PRId64 " took part", seq);
    if (visitor && strcmp(visitor, place->visitor.id) != 0)
        return cli_fail("place %" PRId64 " is listed for another visitor (%s)", seq,
                        place->visitor.id);
    (void)printf("place %" PRId64 " (visitor %s) went to %" PRId64 "\n", seq, place->visitor.id,
                 place->new_seq);
    return CLI_OK;
}

static int show_receipt(const struct draw_file *file, const char *token)
{
    json_t *receipt = open_receipt(token);
    const char *event = json_string_value(json_object_get(receipt, "event"));
    const char *visitor = json_string_value(json_object_get(receipt, "visitor"));
    int code;
    if (!event || !visitor)
        code = cli_fail("this is not a receipt");
    else if (strcmp(event, file->event) != 0)
        code = cli_fail("this receipt is for event %s, the draw for %s", event, file->event);
    else if (json_is_true(json_object_get(receipt, "drawn")))
        code = cli_fail("this receipt is from after the draw: use one from before it");
    else
        code = show_place(file, json_integer_value(json_object_get(receipt, "seq")), visitor);
    json_decref(receipt);
    return code;
}

static int show_asked(const struct cli_command *command, const struct cli_args *args,
                      const struct draw_file *file)
{
    const char *seq = cli_value(command, args, "seq");
    const char *token = cli_value(command, args, "receipt");
    int64_t number = 0;
    if (seq && !cli_number(seq, 1, INT64_MAX, &number))
        return cli_misused("--seq is a number from 1 on, not \"%.40s\"", seq);
    int code = seq ? show_place(file, number, NULL) : CLI_OK;
    return token && code == CLI_OK ? show_receipt(file, token) : code;
}

static int verify(const struct cli_command *command, const struct cli_args *args,
                  const struct draw_file *file)
{
    char problem[DRAW_PROBLEM_BYTES];
    if (!file->is_drawn)
        return cli_fail("this file has no result yet");
    if (!draw_file_verify(file, problem))
        return cli_fail("the draw is NOT right: %s", problem);
    if (!is_as_published(command, args, "commitment", &file->commitment) ||
        !is_as_published(command, args, "root", &file->root))
        return CLI_FAILED;
    (void)printf("the draw of event %s is right: commitment, root, seed and the order of %zu "
                 "places\n",
                 file->event, file->places_count);
    return show_asked(command, args, file);
}

int cli_draw_verify(struct config *config, const struct cli_args *args)
{
    static char name[] = "draw", second[] = "verify", *words[] = {name, second};
    int words_count;
    char problem[DRAW_PROBLEM_BYTES];
    struct draw_file file;
    size_t bytes = 0;
    (void)config;
    char *text = line_file_load(args->arguments[0], DRAW_FILE_BYTES_MAX, &bytes);
    if (!text)
        return CLI_FAILED;
    bool is_read = draw_file_read(text, bytes, &file, problem);
    free(text);
    if (!is_read)
        return cli_fail("%s: %s", args->arguments[0], problem);
    int code = verify(cli_find(2, words, &words_count), args, &file);
    draw_file_release(&file);
    return code;
}
