/* `stanchion ledger dead` and `stanchion ledger replay`: what could not be written, and the second
 * try for it. */
#include "server/cli/cli.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/cli/office_client.h"

#define PAGES_MAX 100000 /* a list that does not end is an error of the server */

static int64_t whole(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void print_time(int64_t at_ms)
{
    char shown[32];
    struct tm parts;
    time_t at_s = (time_t)(at_ms / 1000);
    if (gmtime_r(&at_s, &parts) && strftime(shown, sizeof shown, "%Y-%m-%d %H:%M:%S UTC", &parts))
        (void)printf("%s", shown);
}

static void print_letter(const json_t *letter)
{
    const char *order = json_string_value(json_object_get(letter, "order"));
    const char *reason = json_string_value(json_object_get(letter, "reason"));
    (void)printf("%" PRId64 "  ", whole(letter, "nr"));
    print_time(whole(letter, "at_ms"));
    (void)printf("  %s  %s", order && order[0] ? order : "(no order)", reason ? reason : "");
    if (whole(letter, "replayed_ms") > 0) {
        (void)printf("  (replayed at ");
        print_time(whole(letter, "replayed_ms"));
        (void)putchar(')');
    }
    (void)putchar('\n');
}

/* All letters, oldest first; NULL: said why. */
static json_t *read_letters(struct office_client *client)
{
    json_t *all = json_array();
    int64_t after = 0;
    for (int page = 0; page < PAGES_MAX; page++) {
        json_t *request = json_pack("{s:I}", "after", (json_int_t)after);
        json_t *answer = office_ask(client, "dead.list", request, OFFICE_WAIT_MS);
        json_decref(request);
        json_t *letters = json_object_get(answer, "dead");
        size_t count = json_array_size(letters);
        if (count > 0) {
            after = whole(json_array_get(letters, count - 1), "nr");
            (void)json_array_extend(all, letters);
        }
        bool is_answered = answer != NULL;
        json_decref(answer);
        if (is_answered && count > 0)
            continue;
        if (is_answered)
            return all;
        break;
    }
    json_decref(all);
    return NULL;
}

int cli_ledger_dead(struct config *config, const struct cli_args *args)
{
    size_t i;
    json_t *letter;
    struct office_client *client = office_client_create(config);
    json_t *letters = client ? read_letters(client) : NULL;
    office_client_free(client);
    if (!letters)
        return CLI_FAILED;
    json_array_foreach(letters, i, letter) {
        if (args->values_count[0] == 0) {
            print_letter(letter);
            continue;
        }
        office_print_line(letter);
    }
    if (args->values_count[0] == 0 && json_array_size(letters) == 0)
        (void)printf("no dead letters\n");
    json_decref(letters);
    return CLI_OK;
}

static int replay(struct office_client *client, int64_t nr)
{
    json_t *request = json_pack("{s:I}", "nr", (json_int_t)nr);
    json_t *answer = office_ask(client, "dead.replay", request, OFFICE_WAIT_MS);
    json_decref(request);
    if (!answer)
        return CLI_FAILED;
    const char *order = json_string_value(json_object_get(answer, "order"));
    char *seats = json_dumps(json_object_get(answer, "seats"), JSON_COMPACT);
    if (json_is_true(json_object_get(answer, "before")))
        (void)printf("%" PRId64 ": order %s was replayed before, nothing was changed\n", nr, order);
    else
        (void)printf("%" PRId64 ": order %s is written, seats %s are sold\n", nr, order, seats);
    free(seats);
    json_decref(answer);
    return CLI_OK;
}

/* Every letter that was not replayed; one that is refused does not keep the others. */
static int replay_all(struct office_client *client)
{
    size_t i, tried = 0;
    json_t *letter, *letters = read_letters(client);
    int code = letters ? CLI_OK : CLI_FAILED;
    json_array_foreach(letters, i, letter) {
        if (!json_is_null(json_object_get(letter, "replayed_ms")))
            continue;
        tried++;
        if (replay(client, whole(letter, "nr")) != CLI_OK)
            code = CLI_FAILED;
    }
    if (letters && tried == 0)
        (void)printf("no dead letters to replay\n");
    json_decref(letters);
    return code;
}

int cli_ledger_replay(struct config *config, const struct cli_args *args)
{
    const char *which = args->arguments[0];
    int64_t nr = 0;
    bool is_all = strcmp(which, "all") == 0;
    if (!is_all && !cli_number(which, 1, INT64_MAX, &nr))
        return cli_misused("\"%s\" is neither the number of a dead letter nor \"all\"", which);
    struct office_client *client = office_client_create(config);
    int code = !client ? CLI_FAILED : is_all ? replay_all(client) : replay(client, nr);
    office_client_free(client);
    return code;
}
