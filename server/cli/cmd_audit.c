/* `stanchion audit`: what Redis, ledger and payments say of each other,
 * for people or for machines. */
#include "server/cli/cli.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/office_client.h"

static void print_for_people(const json_t *answer)
{
    const json_t *findings = json_object_get(answer, "findings"),
                 *counts = json_object_get(answer, "counts");
    size_t i, count = json_array_size(findings);
    const char *name;
    json_t *finding, *value;
    json_array_foreach((json_t *)findings, i, finding)
        (void)printf("%s\n", json_string_value(finding));
    (void)printf("%zu finding%s\n", count, count == 1 ? "" : "s");
    if (json_array_size(json_object_get(answer, "to_return")) > 0)
        (void)printf("`stanchion payment return INTENT` gives back what an intent keeps; all: what "
                     "is named here\n");
    json_object_foreach((json_t *)counts, name, value)
        (void)printf("  %-24s %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(value));
}

/* "missing: seat 3 ..." -> {"kind":"missing","what":"seat 3 ..."} */
static json_t *split(const char *finding)
{
    const char *colon = strstr(finding, ": ");
    if (!colon)
        return json_pack("{s:s, s:s}", "kind", "different", "what", finding);
    return json_pack("{s:s%, s:s}", "kind", finding, (size_t)(colon - finding), "what", colon + 2);
}

static void print_json(const json_t *answer)
{
    size_t i;
    json_t *finding, *list = json_array();
    json_array_foreach(json_object_get(answer, "findings"), i, finding)
        (void)json_array_append_new(list, split(json_string_value(finding)));
    json_t *whole = json_pack("{s:b, s:o, s:O, s:O}", "agrees", json_array_size(list) == 0,
                              "findings", list, "to_return", json_object_get(answer, "to_return"),
                              "counts", json_object_get(answer, "counts"));
    (void)json_dumpf(whole, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)putchar('\n');
    json_decref(whole);
}

int cli_audit(struct config *config, const struct cli_args *args)
{
    struct office_client *client = office_client_create(config);
    json_t *answer = client ? office_ask(client, "audit", NULL, AUDIT_WAIT_MS) : NULL;
    office_client_free(client);
    if (!answer)
        return CLI_FAILED;
    if (args->values_count[0] > 0)
        print_json(answer);
    else
        print_for_people(answer);
    size_t count = json_array_size(json_object_get(answer, "findings"));
    json_decref(answer);
    return count == 0 ? CLI_OK : CLI_FAILED;
}
