/* The real sandbox payment provider as a child process, for tests: started, killed and started
 * again on the same port with the same data. It dies with the process that started it. Failures
 * abort the test with a message.
 */
#ifndef STANCHION_TEST_SANDBOX_PROCESS_H
#define STANCHION_TEST_SANDBOX_PROCESS_H

#include <stdint.h>

#define SANDBOX_TEST_KEY "test-key"
#define SANDBOX_TEST_SECRET "test-webhook-secret"

struct sandbox_process;

/* webhook_url NULL = no webhooks (copied); late_ms 0 = the default. */
struct sandbox_process *sandbox_process_start(const char *webhook_url, uint32_t late_ms);
const char *sandbox_process_url(const struct sandbox_process *process);
/* SIGKILL without a word. Afterwards only restart and stop are allowed. */
void sandbox_process_kill(struct sandbox_process *process);
void sandbox_process_restart(struct sandbox_process *process);
/* SIGTERM; asserts that it ends with 0 (a leak in it ends with 99) and removes its data. Call it in
 * the body of a test: Criterion does not count what fails in .fini. NULL is fine. */
void sandbox_process_stop(struct sandbox_process *process);

#endif
