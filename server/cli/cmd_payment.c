/* `stanchion payment return`: gives back what was taken without an order. `all` asks for an audit
 * and gives back what it names, again and again until it names nothing more. */
#include "server/cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/office_client.h"

#define ROUNDS_MAX 10000 /* each gives back all that one audit lists */

static int give_back(struct office_client *client, const char *intent, const char *reason)
{
    json_t *request = json_pack("{s:s, s:s*}", "intent", intent, "reason", reason);
    if (!request)
        return cli_fail("the intent or the reason is not UTF-8");
    json_t *answer = office_ask(client, "payment.return", request, RETURN_WAIT_MS);
    json_decref(request);
    if (!answer)
        return CLI_FAILED;
    json_int_t amount = json_integer_value(json_object_get(answer, "amount_minor"));
    const char *order = json_string_value(json_object_get(answer, "order"));
    if (amount == 0)
        (void)printf("%s: given back before, for order %s\n", intent, order);
    else
        (void)printf("%s: %" JSON_INTEGER_FORMAT " %s (minor units) given back, for order %s\n",
                     intent, amount, json_string_value(json_object_get(answer, "currency")), order);
    json_decref(answer);
    return CLI_OK;
}

/* Gives back what one audit lists; the number of those that were, -1 when there is nothing left or
 * nothing to be learnt. */
static int one_round(struct office_client *client, const char *reason, int *code)
{
    size_t i;
    json_t *stray, *answer = office_ask(client, "audit", NULL, AUDIT_WAIT_MS);
    const json_t *list = json_object_get(answer, "to_return");
    int given_count = 0;
    *code = answer ? CLI_OK : CLI_FAILED;
    json_array_foreach((json_t *)list, i, stray)
        if (give_back(client, json_string_value(json_object_get(stray, "intent")), reason) ==
            CLI_OK)
            given_count++;
        else
            *code = CLI_FAILED;
    bool is_over = json_array_size(list) == 0;
    json_decref(answer);
    return is_over ? -1 : given_count;
}

static int give_back_all(struct office_client *client, const char *reason)
{
    int code = CLI_OK, given_count = 1;
    for (int round = 0; round < ROUNDS_MAX && given_count > 0; round++) {
        given_count = one_round(client, reason, &code);
        if (round == 0 && given_count < 0 && code == CLI_OK)
            (void)printf("no money is kept without an order\n");
    }
    return code;
}

int cli_payment_return(struct config *config, const struct cli_args *args)
{
    const char *which = args->arguments[0];
    const char *reason = args->values_count[0] > 0 ? args->values[0][0] : NULL;
    struct office_client *client = office_client_create(config);
    int code = !client                     ? CLI_FAILED
               : strcmp(which, "all") == 0 ? give_back_all(client, reason)
                                           : give_back(client, which, reason);
    office_client_free(client);
    return code;
}
