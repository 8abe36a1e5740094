/* Where the load tester's load may go: nowhere but to this machine, whatever a name pretends. Names
 * are looked up here instead of in the network: getaddrinfo() is this file's own. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loadtest/http_fetch.h"
#include "loadtest/options.h"

#define MOVED "moves.example" /* here when it is first looked up, elsewhere from then on */
static int moved_lookups;

/* The addresses of a name, at most two. */
static size_t addresses_of(const char *name, const char *found[2])
{
    static const struct {
        const char *name, *addresses[2];
    } names[] = {{"localhost", {"127.0.0.1"}},
                 {"here.example", {"127.0.0.1", "127.9.9.9"}},
                 {"elsewhere.example", {"192.0.2.7"}},
                 {"both.example", {"127.0.0.1", "192.0.2.7"}},
                 {"127.0.0.1.example", {"192.0.2.7"}}};
    struct in_addr numeric;
    found[0] = inet_pton(AF_INET, name, &numeric) == 1 ? name : NULL;
    found[1] = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i].name) == 0)
            memcpy(found, names[i].addresses, sizeof names[i].addresses);
    if (strcmp(name, MOVED) == 0)
        found[0] = moved_lookups++ == 0 ? "127.0.0.1" : "192.0.2.7";
    return found[1] ? 2 : found[0] ? 1 : 0;
}

/* The C library names its parameters with reserved names, which nobody else may use. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    const char *found[2];
    size_t count = addresses_of(name, found);
    struct addrinfo *first = NULL;
    (void)hints;
    for (size_t i = count; i-- > 0;) {
        struct addrinfo *a = calloc(1, sizeof *a + sizeof(struct sockaddr_in));
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)strtoul(service, NULL, 10))};
        cr_assert_not_null(a);
        cr_assert_eq(inet_pton(AF_INET, found[i], &address.sin_addr), 1);
        memcpy(a + 1, &address, sizeof address);
        *a = (struct addrinfo){.ai_family = AF_INET,
                               .ai_socktype = SOCK_STREAM,
                               .ai_addrlen = sizeof address,
                               .ai_addr = (struct sockaddr *)(a + 1),
                               .ai_next = first};
        first = a;
    }
    *result = first;
    return first ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *first)
{
    while (first) {
        struct addrinfo *next = first->ai_next;
        free(first);
        first = next;
    }
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* Whether load may go there; own_host: what --i-own-this-host says, or NULL. */
static bool may_go(const char *url, const char *own_host, struct stampede_target *t)
{
    const struct stampede_options o = {.url = url, .own_host = own_host};
    char why[400] = "";
    bool may = stampede_target_init(t, &o, why, sizeof why);
    cr_expect_eq(why[0] == '\0', may, "%s: \"%s\"", url, why);
    return may;
}

Test(target, load_goes_to_this_machine_or_to_one_that_is_owned_by_name)
{
    static const char *const here[] = {"http://127.0.0.1:8080", "http://127.200.3.4",
                                       "http://localhost:9/", "http://here.example"};
    static const char *const elsewhere[] = {"http://192.0.2.1:80",      "http://0.0.0.0:8080",
                                            "http://128.0.0.1",         "http://126.255.255.255",
                                            "http://elsewhere.example", "http://both.example:8080",
                                            "http://127.0.0.1.example"};
    static const char *const nonsense[] = {
        "https://127.0.0.1", "127.0.0.1", "http://127.0.0.1/path",
        "ws://127.0.0.1",    "",          "http://unknown.example"};
    struct stampede_target t;
    for (size_t i = 0; i < sizeof here / sizeof *here; i++)
        cr_expect(may_go(here[i], NULL, &t) && t.is_loopback, "%s", here[i]);
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        cr_expect_not(may_go(elsewhere[i], NULL, &t), "%s", elsewhere[i]);
        cr_expect_not(may_go(elsewhere[i], "192.0.2.10", &t), "%s", elsewhere[i]);
    }
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        cr_expect_not(may_go(nonsense[i], NULL, &t), "%s", nonsense[i]);
    cr_expect(may_go("http://192.0.2.1:81", "192.0.2.1", &t));
    cr_expect_not(t.is_loopback);
    cr_expect_str_eq(t.base, "http://192.0.2.1:81");
}

/* One fetch a second goes on for as long as a run: it must not follow a name that has moved. */
Test(target, a_name_that_moves_is_not_followed)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t bytes = sizeof address;
    struct stampede_target t;
    char url[64];
    const char *body;
    size_t body_bytes;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(inet_pton(AF_INET, "127.0.0.1", &address.sin_addr), 1);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 8), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    cr_assert_lt(snprintf(url, sizeof url, "http://" MOVED ":%u", ntohs(address.sin_port)), 64);
    cr_assert(may_go(url, NULL, &t));
    struct http_fetch *f = http_fetch_create(&t.address);
    cr_assert_not_null(f);
    cr_expect_eq(http_fetch_get(f, t.base, "/", 300, &body, &body_bytes), 0, "nobody answers");
    int accepted = accept(fd, NULL, NULL);
    cr_expect_geq(accepted, 0, "but it was asked here");
    http_fetch_free(f);
    close(accepted);
    close(fd);
}
