/* FIPS 180-4, for short inputs: the padded message is laid out whole and worked through block by
 * block. */
#include "loadtest/sha1.h"

#include <assert.h>
#include <string.h>

static uint32_t rotate(uint32_t x, int bits)
{
    return x << bits | x >> (32 - bits);
}

static void expand(const uint8_t *block, uint32_t w[80])
{
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
}

static void work_block(uint32_t h[5], const uint8_t *block)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    expand(block, w);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? (b & c) | (~b & d)
                     : i < 40 ? b ^ c ^ d
                     : i < 60 ? (b & c) | (b & d) | (c & d)
                              : b ^ c ^ d;
        static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
        uint32_t t = rotate(a, 5) + f + e + k[i / 20] + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = t;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

void stampede_sha1(const uint8_t *data, size_t bytes, uint8_t digest[SHA1_BYTES])
{
    assert(bytes <= SHA1_INPUT_BYTES_MAX);
    uint8_t padded[128] = {0};
    size_t blocks = bytes + 9 <= 64 ? 1 : 2;
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    memcpy(padded, data, bytes);
    padded[bytes] = 0x80;
    padded[blocks * 64 - 2] = (uint8_t)(bytes * 8 >> 8);
    padded[blocks * 64 - 1] = (uint8_t)(bytes * 8);
    for (size_t i = 0; i < blocks; i++)
        work_block(h, padded + 64 * i);
    for (int i = 0; i < SHA1_BYTES; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}
