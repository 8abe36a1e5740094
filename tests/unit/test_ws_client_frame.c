/* The load tester's WebSocket: frames it may send and accept, and the handshake (examples of RFC
 * 6455). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "loadtest/sha1.h"
#include "loadtest/ws_client_frame.h"

#define DECODE(bytes, frame)                                                                       \
    ws_client_decode((const uint8_t *)(bytes), sizeof(bytes) - 1, 1000, frame)

Test(ws_client_frame, reads_the_examples_of_the_rfc)
{
    struct ws_frame f;
    cr_assert_eq(DECODE("\x81\x05Hello", &f), WS_FRAME_OK);
    cr_expect_eq(f.opcode, WS_TEXT);
    cr_expect(f.is_final);
    cr_expect_eq(f.frame_bytes, 7);
    cr_expect_arr_eq(f.payload, "Hello", 5);
    cr_assert_eq(DECODE("\x01\x03Hel", &f), WS_FRAME_OK);
    cr_expect(!f.is_final);
    cr_assert_eq(DECODE("\x80\x02lo", &f), WS_FRAME_OK);
    cr_expect_eq(f.opcode, WS_CONTINUATION);
    cr_assert_eq(DECODE("\x89\x05Hello and more", &f), WS_FRAME_OK);
    cr_expect_eq(f.frame_bytes, 7);
}

Test(ws_client_frame, waits_for_every_missing_byte)
{
    static uint8_t whole[4 + 300] = {0x81, 126, 300 >> 8, 300 & 0xff};
    struct ws_frame f;
    for (size_t i = 0; i < sizeof whole; i++)
        cr_assert_eq(ws_client_decode(whole, i, 1000, &f), WS_FRAME_MORE);
    cr_expect_eq(ws_client_decode(whole, sizeof whole, 1000, &f), WS_FRAME_OK);
    cr_expect_eq(f.payload_bytes, 300);
}

Test(ws_client_frame, refuses_what_a_server_must_not_send)
{
    struct ws_frame f;
    cr_expect_eq(DECODE("\x81\x85\x01\x02\x03\x04Hello", &f), WS_FRAME_BAD, "masked");
    cr_expect_eq(DECODE("\xc1\x05Hello", &f), WS_FRAME_BAD, "reserved bit");
    cr_expect_eq(DECODE("\x83\x05Hello", &f), WS_FRAME_BAD, "unknown opcode");
    cr_expect_eq(DECODE("\x8b\x00", &f), WS_FRAME_BAD, "unknown control opcode");
    cr_expect_eq(DECODE("\x09\x00", &f), WS_FRAME_BAD, "control frame in fragments");
    cr_expect_eq(DECODE("\x89\x7e\x00\x80", &f), WS_FRAME_BAD, "long control frame");
    cr_expect_eq(DECODE("\x81\x7e\x00\x05Hello", &f), WS_FRAME_BAD,
                 "length not in its shortest form");
    cr_expect_eq(DECODE("\x81\x7f\x00\x00\x00\x00\x00\x00\x01\x00", &f), WS_FRAME_BAD,
                 "likewise, 64 bits");
    cr_expect_eq(DECODE("\x81\x7e\x03\xe9", &f), WS_FRAME_LARGE);
    cr_expect_eq(DECODE("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", &f), WS_FRAME_LARGE);
}

/* A server's view of a client frame. */
static size_t unmask(const uint8_t *frame, size_t bytes, uint8_t *payload)
{
    cr_assert(frame[0] & 0x80);
    cr_assert(frame[1] & 0x80, "a client must mask");
    size_t length = frame[1] & 0x7f, at = 2;
    for (size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0, i = 0; i < extra; i++)
        length = (i ? length << 8 : 0) | frame[at++];
    const uint8_t *key = frame + at;
    at += 4;
    cr_assert_eq(at + length, bytes);
    for (size_t i = 0; i < length; i++)
        payload[i] = frame[at + i] ^ key[i % 4];
    return length;
}

Test(ws_client_frame, writes_masked_frames_of_all_lengths)
{
    static const size_t lengths[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
    static uint8_t plain[70000], frame[70100], back[70000];
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t bytes =
            ws_client_encode(WS_TEXT, plain, lengths[i], 0x01020304, frame, sizeof frame);
        cr_assert_eq(unmask(frame, bytes, back), lengths[i]);
        cr_assert_arr_eq(back, plain, lengths[i]);
    }
}

Test(ws_client_frame, writes_the_masked_example_of_the_rfc)
{
    static const uint8_t wanted[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
                                     0x7f, 0x9f, 0x4d, 0x51, 0x58};
    uint8_t frame[32];
    cr_assert_eq(ws_client_encode(WS_TEXT, "Hello", 5, 0x37fa213d, frame, sizeof frame),
                 sizeof wanted);
    cr_expect_arr_eq(frame, wanted, sizeof wanted);
}

Test(ws_client_frame, writes_nothing_that_does_not_fit)
{
    uint8_t frame[20];
    cr_expect_eq(ws_client_encode(WS_TEXT, "1234567", 7, 1, frame, sizeof frame), 0);
    cr_expect_neq(ws_client_encode(WS_TEXT, "123456", 6, 1, frame, sizeof frame), 0);
    cr_expect_eq(ws_client_encode(WS_TEXT, "", 0, 1, frame, 13), 0);
}

Test(ws_client_frame, works_out_the_accept_of_the_rfc)
{
    char accept[WS_ACCEPT_BYTES + 1], key[WS_KEY_BYTES + 1];
    ws_client_accept("dGhlIHNhbXBsZSBub25jZQ==", accept);
    cr_expect_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    ws_client_key((const uint8_t *)"the sample nonce", key);
    cr_expect_str_eq(key, "dGhlIHNhbXBsZSBub25jZQ==");
}

Test(ws_client_frame, sha1_of_the_standard)
{
    static const uint8_t abc[] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                                  0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
    static const uint8_t longer[] = {0x84, 0x98, 0x3e, 0x44, 0x1c, 0x3b, 0xd2, 0x6e, 0xba, 0xae,
                                     0x4a, 0xa1, 0xf9, 0x51, 0x29, 0xe5, 0xe5, 0x46, 0x70, 0xf1};
    uint8_t digest[SHA1_BYTES];
    stampede_sha1((const uint8_t *)"abc", 3, digest);
    cr_expect_arr_eq(digest, abc, sizeof abc);
    const char *text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    stampede_sha1((const uint8_t *)text, strlen(text), digest);
    cr_expect_arr_eq(digest, longer, sizeof longer);
}

#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define GOOD                                                                                       \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nconnection: upgrade\r\n"            \
    "Sec-WebSocket-Accept: " ACCEPT "\r\nSec-WebSocket-Protocol: stanchion.v1\r\n"

static enum ws_answer_status read_answer(const char *text, struct ws_answer *a)
{
    return ws_client_read_answer(text, strlen(text), ACCEPT, "stanchion.v1", "stanchion_visitor",
                                 a);
}

Test(ws_client_frame, takes_a_good_answer_and_its_cookie)
{
    static const char text[] =
        GOOD "Set-Cookie: stanchion_visitor=v1.abc.def; Path=/; HttpOnly\r\n\r\n\x81\x02{}";
    struct ws_answer a;
    cr_assert_eq(read_answer(text, &a), WS_ANSWER_OK);
    cr_expect_eq(a.http_status, 101);
    cr_expect_eq(text[a.head_bytes], '\x81');
    cr_assert_eq(a.cookie_bytes, strlen("v1.abc.def"));
    cr_expect_arr_eq(a.cookie, "v1.abc.def", a.cookie_bytes);
    for (size_t i = 0; i < a.head_bytes; i++)
        cr_assert_eq(ws_client_read_answer(text, i, ACCEPT, "stanchion.v1", "x", &a),
                     WS_ANSWER_MORE);
}

Test(ws_client_frame, another_cookie_is_not_ours)
{
    struct ws_answer a;
    cr_assert_eq(
        read_answer(GOOD "Set-Cookie: stanchion_visitors=x\r\nSet-Cookie: y=z\r\n\r\n", &a),
        WS_ANSWER_OK);
    cr_expect_null(a.cookie);
}

Test(ws_client_frame, refuses_bad_answers)
{
    static const char *const bad[] = {
        "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT
        "\r\nSec-WebSocket-Protocol: stanchion.v1\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT
        "\r\nSec-WebSocket-Protocol: stanchion.v1\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n"
        "Sec-WebSocket-Protocol: stanchion.v1\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: "
        "Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
        GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        GOOD "no colon\r\n\r\n",
        "HTTP/1.0 101 x\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 1x1 x\r\n\r\n",
    };
    struct ws_answer a;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(read_answer(bad[i], &a), WS_ANSWER_BAD, "%zu: %s", i, bad[i]);
}

Test(ws_client_frame, reads_a_refusal)
{
    struct ws_answer a;
    cr_assert_eq(read_answer("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n{}", &a),
                 WS_ANSWER_REFUSED);
    cr_expect_eq(a.http_status, 503);
    cr_expect_eq(a.retry_after_s, 7);
    cr_assert_eq(read_answer("HTTP/1.1 404 Not Found\r\n\r\n", &a), WS_ANSWER_REFUSED);
    cr_expect_eq(a.retry_after_s, -1);
}
