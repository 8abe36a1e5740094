/* Clients that do not keep to any rule (mode bad): of every four one reads slowly or not at all,
 * one sends no handshake but garbage or half of one, one sends broken frames and messages, one
 * sends as much as the socket takes. Whoever is thrown out comes again. Nothing they are told is
 * checked; the promises are for the visitors of other crowds, who must not notice. */
#ifndef STAMPEDE_BAD_CLIENT_H
#define STAMPEDE_BAD_CLIENT_H

#include "loadtest/run.h"

/* Runs one process's clients `first` to `first + count - 1` until the run says otherwise. Returns
 * an exit code. In the run's figures `joined` are those who could do what they came for. */
int bad_client_run(struct run *run, uint32_t process, uint32_t first, uint32_t count);

#endif
