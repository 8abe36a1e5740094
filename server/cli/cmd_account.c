/* `stanchion account password` for organizers, `account visitor` for visitors: read from the
 * terminal without echo, from one line of stdin, or made up. */
#include "server/cli/cli.h"

#include <sodium.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "server/base/account_id.h"
#include "server/base/token.h"
#include "server/cli/office_client.h"

#define PASSWORD_BYTES_MIN 10
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

static int set_password(const struct config *config, const char *name, const char *password)
{
    struct office_client *client = office_client_create(config);
    json_t *args =
        json_pack("{s:s, s:s, s:s}", "name", name, "password", password, "role", "organizer");
    if (client && !args)
        (void)cli_fail("the name or the password is not UTF-8");
    json_t *answer =
        client && args ? office_ask(client, "account.set", args, OFFICE_WAIT_MS) : NULL;
    int code = answer ? CLI_OK : CLI_FAILED;
    json_decref(answer);
    json_decref(args);
    office_client_free(client);
    return code;
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

/* The ledger is told the hash only, as when a visitor signs up. */
static int set_visitor_password(const struct config *config, const char *email,
                                const char *password)
{
    char hash[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str_alg(hash, password, strlen(password), ACCOUNT_HASH_PASSES,
                              ACCOUNT_HASH_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return cli_fail("there is not enough memory to hash a password");
    struct office_client *client = office_client_create(config);
    json_t *args = json_pack("{s:s, s:s}", "email", email, "hash", hash);
    json_t *answer =
        client && args ? office_ask(client, "visitor.password", args, OFFICE_WAIT_MS) : NULL;
    int code = answer ? CLI_OK : CLI_FAILED;
    json_decref(answer);
    json_decref(args);
    office_client_free(client);
    return code;
}

int cli_account_visitor(struct config *config, const struct cli_args *args)
{
    char password[PASSWORD_BYTES_MAX + 2] = "", email[EMAIL_BYTES_MAX + 1];
    bool is_generated = args->values_count[0] > 0;
    if (!email_canonical(args->arguments[0], email))
        return cli_fail("\"%s\" is not an e-mail address", args->arguments[0]);
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

int cli_account_password(struct config *config, const struct cli_args *args)
{
    char password[PASSWORD_BYTES_MAX + 2] = "";
    const char *name = args->values_count[0] > 0 ? args->values[0][0] : "organizer";
    bool is_generated = args->values_count[1] > 0;
    if (!new_password(is_generated, password))
        return CLI_FAILED;
    int code = set_password(config, name, password);
    if (code == CLI_OK && is_generated)
        (void)printf("%s\n", password);
    else if (code == CLI_OK)
        (void)printf("the password of %s is set\n", name);
    sodium_memzero(password, sizeof password);
    return code;
}
