/* The sandbox provider alone, for tests that stand between it and the server:
 * stanchion_sandbox PORT FILE KEY WEBHOOK_URL WEBHOOK_SECRET LATE_MS */
#include <stdio.h>
#include <stdlib.h>
#include "server/base/log.h"
#include "server/sandbox/sandbox.h"

int main(int argc, char **argv)
{
    if (argc != 7) {
        (void)fprintf(stderr,
                      "stanchion_sandbox PORT FILE KEY WEBHOOK_URL WEBHOOK_SECRET LATE_MS\n");
        return 2;
    }
    log_init("sandbox", LOG_INFO);
    const struct sandbox_options options = {.address = "127.0.0.1",
                                            .port = (uint16_t)strtoul(argv[1], NULL, 10),
                                            .db_path = argv[2],
                                            .key = argv[3],
                                            .webhook_url = argv[4],
                                            .webhook_secret = argv[5],
                                            .late_ms = (uint32_t)strtoul(argv[6], NULL, 10),
                                            .ready_fd = -1};
    return sandbox_main(&options);
}
