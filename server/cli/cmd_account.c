/* `stanchion account ...`: the accounts of organizers, and passwords of visitors. Passwords are
 * read from the terminal without echo, from one line of stdin, or made up; the ledger is told
 * hashes. */
#include "server/cli/cli.h"

#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "server/base/account_id.h"
#include "server/base/token.h"
#include "server/cli/office_client.h"

#define PASSWORD_BYTES_MIN 12
#define PASSWORD_BYTES_MAX 256
#define GENERATED_CHARS 20 /* 120 bits */

/* One line without its end. False at end of file or when it is too long. */
static bool read_line(char *out, size_t out_bytes_max)
{
    if (!fgets(out, (int)out_bytes_max, stdin))
        return false;
    size_t bytes = strcspn(out, "\r\n");
    bool is_whole = out[bytes] != '\0' || feof(stdin);
    out[bytes] = '\0';
    return is_whole;
}

static bool ask_terminal(const char *question, char *out, size_t out_bytes_max)
{
    struct termios shown, hidden;
    bool is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    (void)fprintf(stderr, "%s: ", question);
    if (is_terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    bool is_read = read_line(out, out_bytes_max);
    if (is_terminal)
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    (void)fputc('\n', stderr);
    return is_read;
}

static bool read_password(char *password)
{
    char again[PASSWORD_BYTES_MAX + 2];
    if (!isatty(STDIN_FILENO)) {
        if (read_line(password, PASSWORD_BYTES_MAX + 2))
            return true;
        (void)cli_fail("stdin holds no password (one line of at most %d bytes)",
                       PASSWORD_BYTES_MAX);
        return false;
    }
    if (!ask_terminal("New password", password, PASSWORD_BYTES_MAX + 2) ||
        !ask_terminal("Once more", again, sizeof again)) {
        (void)cli_fail("no password was entered");
        return false;
    }
    bool is_same = strcmp(password, again) == 0;
    sodium_memzero(again, sizeof again);
    if (!is_same)
        (void)cli_fail("the two were different; nothing was changed");
    return is_same;
}

/* A new password, made up or read; false when one line on stderr has said why not. */
static bool new_password(bool is_generated, char password[PASSWORD_BYTES_MAX + 2])
{
    if (is_generated)
        token_random(password, GENERATED_CHARS);
    else if (!read_password(password))
        return false;
    if (strlen(password) >= PASSWORD_BYTES_MIN && strlen(password) <= PASSWORD_BYTES_MAX)
        return true;
    (void)cli_fail("a password has %d to %d bytes", PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX);
    return false;
}

static bool hash_password(const char *password, char hash[crypto_pwhash_STRBYTES])
{
    if (crypto_pwhash_str_alg(hash, password, strlen(password), ACCOUNT_HASH_PASSES,
                              ACCOUNT_HASH_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) == 0)
        return true;
    (void)cli_fail("there is not enough memory to hash a password");
    return false;
}

/* As office_ask_once; `args` NULL = they could not be put together. */
static json_t *ask_once(const struct config *config, const char *verb, json_t *args)
{
    if (args)
        return office_ask_once(config, verb, args);
    (void)cli_fail("a name is not UTF-8");
    return NULL;
}

/* As when a visitor signs up. */
static int set_visitor_password(const struct config *config, const char *email,
                                const char *password)
{
    char hash[crypto_pwhash_STRBYTES];
    if (!hash_password(password, hash))
        return CLI_FAILED;
    json_t *answer =
        ask_once(config, "visitor.password", json_pack("{s:s, s:s}", "email", email, "hash", hash));
    int code = answer ? CLI_OK : CLI_FAILED;
    json_decref(answer);
    return code;
}

int cli_account_visitor(struct config *config, const struct cli_args *args)
{
    char password[PASSWORD_BYTES_MAX + 2] = "", email[EMAIL_BYTES_MAX + 1];
    bool is_generated = args->values_count[0] > 0;
    if (!email_canonical(args->arguments[0], email))
        return cli_misused("\"%s\" is not an e-mail address", args->arguments[0]);
    if (!new_password(is_generated, password))
        return CLI_FAILED;
    int code = set_visitor_password(config, email, password);
    if (code == CLI_OK && is_generated)
        (void)printf("%s\n", password);
    else if (code == CLI_OK)
        (void)printf("the password of %s is set\n", email);
    sodium_memzero(password, sizeof password);
    return code;
}

/* Sets the password of an account, which becomes an owner's when it is new. */
static int set_password(const struct config *config, const char *name, const char *password,
                        bool is_temporary)
{
    char hash[crypto_pwhash_STRBYTES];
    if (!hash_password(password, hash))
        return CLI_FAILED;
    json_t *known = ask_once(config, "account.get", json_pack("{s:s}", "name", name));
    bool is_new = known && !json_object_get(known, "hash");
    json_t *answer =
        known ? ask_once(config, is_new ? "account.create" : "account.reset",
                         json_pack("{s:s, s:s, s:b, s:s*}", "name", name, "hash", hash,
                                   "must_change", is_temporary, "role", is_new ? "owner" : NULL))
              : NULL;
    int code = answer ? CLI_OK : CLI_FAILED;
    json_decref(answer);
    json_decref(known);
    return code;
}

int cli_account_password(struct config *config, const struct cli_args *args)
{
    char password[PASSWORD_BYTES_MAX + 2] = "";
    const char *name = args->values_count[0] > 0 ? args->values[0][0] : "organizer";
    bool is_generated = args->values_count[1] > 0;
    if (!new_password(is_generated, password))
        return CLI_FAILED;
    int code = set_password(config, name, password, args->values_count[2] > 0);
    if (code == CLI_OK && is_generated)
        (void)printf("%s\n", password);
    else if (code == CLI_OK)
        (void)printf("the password of %s is set\n", name);
    sodium_memzero(password, sizeof password);
    return code;
}

/* --- other accounts --- */

/* Creates or resets with a password that is made up and printed once. */
static int give_password(const struct config *config, const char *verb, const char *name,
                         const char *role)
{
    char password[GENERATED_CHARS + 1], hash[crypto_pwhash_STRBYTES];
    token_random(password, GENERATED_CHARS);
    if (!hash_password(password, hash))
        return CLI_FAILED;
    json_t *answer = ask_once(config, verb,
                              json_pack("{s:s, s:s, s:b, s:s*}", "name", name, "hash", hash,
                                        "must_change", 1, "role", role));
    int code = answer ? CLI_OK : CLI_FAILED;
    if (answer)
        (void)printf("%s\n", password);
    sodium_memzero(password, sizeof password);
    json_decref(answer);
    return code;
}

int cli_account_create(struct config *config, const struct cli_args *args)
{
    return give_password(config, "account.create", args->arguments[0],
                         args->values_count[0] > 0 ? args->values[0][0] : "operator");
}

int cli_account_reset(struct config *config, const struct cli_args *args)
{
    return give_password(config, "account.reset", args->arguments[0], NULL);
}

static int print_account(json_t *answer)
{
    const json_t *account = json_object_get(answer, "account");
    if (answer)
        (void)printf("%s is %s%s\n", json_string_value(json_object_get(account, "name")),
                     json_string_value(json_object_get(account, "role")),
                     json_is_true(json_object_get(account, "is_disabled")) ? ", disabled" : "");
    int code = answer ? CLI_OK : CLI_FAILED;
    json_decref(answer);
    return code;
}

int cli_account_change(struct config *config, const struct cli_args *args)
{
    bool is_disabled = args->values_count[1] > 0, is_enabled = args->values_count[2] > 0;
    json_t *wanted = json_pack("{s:s, s:s*}", "name", args->arguments[0], "role",
                               args->values_count[0] > 0 ? args->values[0][0] : NULL);
    if (is_disabled && is_enabled)
        (void)cli_fail("--disable and --enable are both given");
    else if (args->values_count[0] == 0 && !is_disabled && !is_enabled)
        (void)cli_fail("nothing to change: give --role, --disable or --enable");
    else {
        if (is_disabled || is_enabled)
            (void)json_object_set_new(wanted, "is_disabled", json_boolean(is_disabled));
        return print_account(ask_once(config, "account.change", wanted));
    }
    json_decref(wanted);
    return CLI_USAGE;
}

int cli_account_sign_out(struct config *config, const struct cli_args *args)
{
    return print_account(
        ask_once(config, "account.sign_out", json_pack("{s:s}", "name", args->arguments[0])));
}

int cli_account_list(struct config *config, const struct cli_args *args)
{
    size_t i;
    json_t *account, *answer = ask_once(config, "account.list", json_object());
    json_array_foreach(json_object_get(answer, "accounts"), i, account) {
        if (args->values_count[0] > 0)
            office_print_line(account);
        else
            (void)printf("%-32s %s%s%s\n", json_string_value(json_object_get(account, "name")),
                         json_string_value(json_object_get(account, "role")),
                         json_is_true(json_object_get(account, "is_disabled")) ? " disabled" : "",
                         json_is_true(json_object_get(account, "must_change"))
                             ? " must change the password"
                             : "");
    }
    int code = answer ? CLI_OK : CLI_FAILED;
    json_decref(answer);
    return code;
}
