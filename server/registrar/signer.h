/* The key that heads of histories are signed with: made at the first start, kept in line/head.key
 * (mode 0600). The public half is shown to everybody. */
#ifndef STANCHION_SIGNER_H
#define STANCHION_SIGNER_H

#include "queue/chain.h"
#include "server/registrar/line_dir.h"

#define SIGNER_FILE_NAME "head.key"

struct signer {
    unsigned char public_key[CHAIN_KEY_BYTES], key[CHAIN_SIGN_KEY_BYTES];
    char public_hex[2 * CHAIN_KEY_BYTES + 1];
};

/* False: errno tells why; EBADMSG = the file is damaged. */
bool signer_load(struct signer *signer, const struct line_dir *dir);

#endif
