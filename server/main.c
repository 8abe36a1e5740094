/* The program: a server and its organizer's command line in one binary. */
#include <sodium.h>
#include <stdio.h>

#include "server/cli/cli.h"
#include "server/supervisor/child.h"

int main(int argc, char **argv)
{
    process_title_init(argc, argv);
    if (sodium_init() < 0) {
        (void)fputs("stanchion: this machine gives no random numbers\n", stderr);
        return 1;
    }
    return cli_main(argc, argv);
}
