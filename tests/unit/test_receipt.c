/* Receipts and passes: what is signed comes back, everything else is told apart. */
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "queue/receipt.h"

static struct token_keys keys;

static void setup(void)
{
    unsigned char secret[SECRET_BYTES];
    cr_assert_geq(sodium_init(), 0);
    memset(secret, 7, sizeof(secret));
    token_keys_init(&keys, secret);
}

static const struct receipt mine = {.event = "arena-night",
                                    .visitor = "AAAAbbbbCC-_",
                                    .seq = 4711,
                                    .epoch = 3,
                                    .at_ms = 1790000000123};
static const struct pass my_pass = {.event = "arena-night",
                                    .visitor = "AAAAbbbbCC-_",
                                    .admission = 37,
                                    .seq = 4711,
                                    .ends_ms = 1790000060000};

static enum receipt_status read_as(const char *token, const char *event, const char *visitor,
                                   struct receipt *out)
{
    return receipt_read(&keys, token, strlen(token), event, visitor, out);
}

Test(receipt, comes_back, .init = setup)
{
    char token[TOKEN_BYTES_MAX + 1];
    struct receipt out = {0};
    receipt_issue(&keys, &mine, token);
    cr_assert_eq(strncmp(token, "r1.", 3), 0);
    cr_assert_eq(read_as(token, mine.event, mine.visitor, &out), RECEIPT_OK);
    cr_assert_str_eq(out.event, mine.event);
    cr_assert_str_eq(out.visitor, mine.visitor);
    cr_assert_eq(out.seq, 4711);
    cr_assert_eq(out.epoch, 3);
    cr_assert_eq(out.at_ms, mine.at_ms);
}

Test(receipt, says_whether_its_number_is_from_after_a_draw, .init = setup)
{
    char token[TOKEN_BYTES_MAX + 1];
    struct receipt drawn = mine, out = {0};
    receipt_issue(&keys, &drawn, token);
    cr_assert_eq(read_as(token, mine.event, mine.visitor, &out), RECEIPT_OK);
    cr_assert_not(out.is_drawn);
    drawn.is_drawn = true;
    receipt_issue(&keys, &drawn, token);
    cr_assert_eq(read_as(token, mine.event, mine.visitor, &out), RECEIPT_OK);
    cr_assert(out.is_drawn);
}

Test(receipt, the_longest_fits, .init = setup)
{
    struct receipt longest = {.seq = INT64_MAX,
                              .epoch = INT64_MAX,
                              .at_ms = INT64_MAX,
                              .is_drawn = true},
                   out;
    memset(longest.event, 'e', EVENT_ID_BYTES_MAX);
    memset(longest.visitor, 'v', VISITOR_ID_BYTES);
    char token[TOKEN_BYTES_MAX + 1];
    receipt_issue(&keys, &longest, token);
    cr_assert_eq(read_as(token, longest.event, longest.visitor, &out), RECEIPT_OK);
    cr_assert_eq(out.seq, INT64_MAX);
}

Test(receipt, others_are_told_apart, .init = setup)
{
    char token[TOKEN_BYTES_MAX + 1];
    struct receipt out = {.seq = -5};
    receipt_issue(&keys, &mine, token);
    cr_assert_eq(read_as(token, "arena-day", mine.visitor, &out), RECEIPT_OTHER_EVENT);
    cr_assert_eq(read_as(token, mine.event, "AAAAbbbbCC--", &out), RECEIPT_OTHER_VISITOR);
    cr_assert_eq(out.seq, -5, "nothing is set");
    cr_assert_eq(read_as(token, mine.event, NULL, &out), RECEIPT_OK, "whoever shows it");
    cr_assert_str_eq(out.visitor, mine.visitor);
}

Test(receipt, every_changed_byte_is_noticed, .init = setup)
{
    char token[TOKEN_BYTES_MAX + 1];
    struct receipt out;
    receipt_issue(&keys, &mine, token);
    for (size_t i = 0; token[i]; i++) {
        char right = token[i];
        token[i] = right == 'A' ? 'B' : 'A';
        cr_assert_eq(read_as(token, mine.event, mine.visitor, &out), RECEIPT_INVALID, "byte %zu",
                     i);
        token[i] = right;
    }
    for (size_t bytes = 0; bytes < strlen(token); bytes++)
        cr_assert_eq(receipt_read(&keys, token, bytes, mine.event, mine.visitor, &out),
                     RECEIPT_INVALID);
}

Test(receipt, a_pass_is_no_receipt, .init = setup)
{
    char token[TOKEN_BYTES_MAX + 1];
    struct receipt out;
    struct pass pass;
    pass_issue(&keys, &my_pass, token);
    cr_assert_eq(read_as(token, mine.event, mine.visitor, &out), RECEIPT_INVALID);
    receipt_issue(&keys, &mine, token);
    cr_assert_eq(pass_read(&keys, token, strlen(token), mine.event, mine.visitor, 0, &pass),
                 RECEIPT_INVALID);
}

/* Genuine signatures over payloads that no version of ours writes. */
Test(receipt, odd_payloads_are_invalid, .init = setup)
{
    static const char *const payloads[] = {
        "",
        "[]",
        "7",
        "{}",
        "{\"event\":\"arena-night\",\"visitor\":\"AAAAbbbbCC-_\",\"seq\":\"1\",\"epoch\":1,\"at_"
        "ms\":1}",
        "{\"event\":\"arena-night\",\"visitor\":\"AAAAbbbbCC-_\",\"seq\":-1,\"epoch\":1,\"at_ms\":"
        "1}",
        "{\"event\":\"arena-night\",\"visitor\":\"AAAAbbbbCC-_xxxx\",\"seq\":1,\"epoch\":1,\"at_"
        "ms\":1}",
        "{\"event\":\"arena-night\",\"visitor\":\"AAAAbbbbCC-_\",\"seq\":1,\"epoch\":1}",
    };
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        char token[TOKEN_BYTES_MAX + 1];
        struct receipt out;
        cr_assert_eq(token_sign(&keys, TOKEN_RECEIPT, payloads[i], token, sizeof(token)), TOKEN_OK);
        cr_expect_eq(read_as(token, mine.event, mine.visitor, &out), RECEIPT_INVALID, "%s",
                     payloads[i]);
    }
}

Test(pass, comes_back_until_it_ends, .init = setup)
{
    static const struct {
        const char *event, *visitor;
        int64_t now;
        enum receipt_status status;
    } rows[] = {
        {"arena-night", "AAAAbbbbCC-_", 1790000059999, RECEIPT_OK},
        {"arena-night", "AAAAbbbbCC-_", 1790000060000, RECEIPT_EXPIRED},
        {"arena-night", "AAAAbbbbCC--", 1790000060000, RECEIPT_OTHER_VISITOR},
        {"arena-day", "AAAAbbbbCC--", 1790000060000, RECEIPT_OTHER_EVENT},
    };
    char token[TOKEN_BYTES_MAX + 1];
    pass_issue(&keys, &my_pass, token);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pass out = {.admission = -1};
        cr_expect_eq(pass_read(&keys, token, strlen(token), rows[i].event, rows[i].visitor,
                               rows[i].now, &out),
                     rows[i].status, "row %zu", i);
        cr_expect_eq(out.admission, rows[i].status == RECEIPT_OK ? 37 : -1);
    }
}
