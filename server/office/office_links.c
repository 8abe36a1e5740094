/* The verb that makes a link to an order's tickets, which voids those before it. The link stands in
 * the answer and nowhere else: not in the log of actions, not in ours. */
#include "server/office/office.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/mail_address.h"
#include "server/office/office_links.h"
#include "server/office/office_notes.h"
#include "ticketing/ledger_mails.h"

json_t *office_find_order(struct office *office, struct office_answer *answer, const char *id)
{
    json_t *order = NULL;
    enum ledger_status status = ledger_order_json(office->batch->store, id, &order);
    if (status == LEDGER_NOT_FOUND)
        office_fail(answer, "no_such_order", "There is no order %s.", id);
    else if (!office_took(office, answer, status))
        return NULL;
    return order;
}

static size_t standing_count(const json_t *order)
{
    size_t i, count = 0;
    const json_t *ticket;
    json_array_foreach(json_object_get(order, "tickets"), i, ticket)
        count += !json_is_true(json_object_get(ticket, "refunded"));
    return count;
}

static enum ledger_status note_link(struct office *office, const struct office_request *request,
                                    struct office_answer *answer, const json_t *order,
                                    const struct ledger_link *link, const char *email)
{
    const char *id = json_string_value(json_object_get(order, "order"));
    json_t *after = json_pack("{ss sI sI ss*}", "order", id, "ends_ms", (json_int_t)link->ends_ms,
                              "links", (json_int_t)link->made_count, "email", email);
    enum ledger_status status = office_note(
        office, request, answer,
        &(struct office_note){.event = json_string_value(json_object_get(order, "event")),
                              .after = after,
                              .text = id});
    json_decref(after);
    return status;
}

static void make(struct office *office, const struct office_request *request,
                 struct office_answer *answer, const json_t *order, const char *email)
{
    struct ledger_link link;
    char text[TICKET_LINK_BYTES_MAX + 1];
    const char *id = json_string_value(json_object_get(order, "order"));
    int64_t now_ms = clock_wall_ms();
    struct ledger_store *store = office->batch->store;
    if (!office_took(office, answer, ledger_begin(store)))
        return;
    enum ledger_status status =
        ledger_link_make(store, id, now_ms, now_ms + office->link_ms, &link, text);
    if (status == LEDGER_OK)
        status = ledger_mails_outdate(store, id, now_ms);
    if (status == LEDGER_OK && email != NULL)
        status = ledger_mail_add(store, id, email, &link, now_ms);
    if (status == LEDGER_REFUSED) {
        (void)ledger_rollback(store);
        office_fail(answer, "mail_full",
                    "Too many letters went to this order today, or too many wait: nothing was "
                    "changed.");
        return;
    }
    if (status == LEDGER_OK)
        status = note_link(office, request, answer, order, &link, email);
    if (!office_conclude(office, answer, status))
        return;
    json_t *made =
        json_pack("{ss ss ss sI sI ss*}", "order", id, "event",
                  json_string_value(json_object_get(order, "event")), "link", text, "ends_ms",
                  (json_int_t)link.ends_ms, "links", (json_int_t)link.made_count, "email", email);
    (void)json_object_update(answer->body, made);
    json_decref(made);
    log_info("order %s: a link to its tickets was made", id);
}

/* Whom a letter goes to; *out NULL = nobody. false: the answer has failed. */
static bool read_email(const struct office *office, const struct office_request *request,
                       struct office_answer *answer, const char **out)
{
    const json_t *value = json_object_get(request->args, "email");
    *out = json_string_value(value);
    if (value == NULL || json_is_null(value))
        return true;
    if (*out == NULL || !mail_address_is_plain(*out))
        office_fail(answer, "bad_email", "\"email\" is not an e-mail address that mail goes to.");
    else if (!office->can_mail)
        office_fail(answer, "no_mail",
                    "This server sends no e-mail: mail.url, mail.from and public.url are not set.");
    return answer->error == NULL;
}

void office_order_resend(struct office *office, const struct office_request *request,
                         struct office_answer *answer)
{
    const char *email = NULL, *id = office_text(request, answer, "order", ORDER_ID_BYTES);
    if (id == NULL || !read_email(office, request, answer, &email))
        return;
    json_t *order = office_find_order(office, answer, id);
    if (order == NULL)
        return;
    if (standing_count(order) == 0)
        office_fail(answer, "nothing_to_send",
                    "All tickets of order %s were given back: there is nothing to send.", id);
    else
        make(office, request, answer, order, email);
    json_decref(order);
}

enum ledger_status office_links_show(const struct office *office, json_t *order)
{
    struct ledger_link link;
    json_t *mails = NULL, *newest = json_null();
    const char *id = json_string_value(json_object_get(order, "order"));
    enum ledger_status status = ledger_mails_of(office->batch->store, id, &mails);
    if (status != LEDGER_OK)
        return status;
    status = ledger_link_get(office->batch->store, id, &link);
    if (status == LEDGER_OK)
        newest = json_pack("{sI sI sI}", "made_ms", (json_int_t)link.made_ms, "ends_ms",
                           (json_int_t)link.ends_ms, "links", (json_int_t)link.made_count);
    (void)json_object_set_new(order, "link", newest);
    (void)json_object_set_new(order, "mails", mails);
    (void)json_object_set_new(order, "can_mail", json_boolean(office->can_mail));
    return status == LEDGER_NOT_FOUND ? LEDGER_OK : status;
}
