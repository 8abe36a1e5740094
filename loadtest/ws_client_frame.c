/* Bytes in, meaning out. A server's frame must not be masked, ours must be; a control frame is
 * short and whole; a length must use the shortest form. Everything else is the server's fault and
 * said so. */
#include "loadtest/ws_client_frame.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "loadtest/sha1.h"

static bool is_allowed_opcode(unsigned opcode)
{
    return opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
}

/* Size of the header, 0 when more bytes are needed; the length goes to *payload. */
static size_t read_length(const uint8_t *data, size_t bytes, uint64_t *payload)
{
    uint8_t first = data[1] & 0x7f;
    size_t extra = first == 126 ? 2 : first == 127 ? 8 : 0;
    if (bytes < 2 + extra)
        return 0;
    *payload = extra == 0 ? first : 0;
    for (size_t i = 0; i < extra; i++)
        *payload = *payload << 8 | data[2 + i];
    return 2 + extra;
}

static bool is_shortest(size_t header, uint64_t payload)
{
    return header == 2 || (header == 4 && payload >= 126) || (header == 10 && payload > 0xffff);
}

enum ws_frame_status ws_client_decode(const uint8_t *data, size_t bytes, size_t payload_bytes_max,
                                      struct ws_frame *frame)
{
    if (bytes < 2)
        return WS_FRAME_MORE;
    unsigned opcode = data[0] & 0x0f;
    bool is_final = data[0] & 0x80, is_control = opcode >= WS_CLOSE;
    if ((data[0] & 0x70) || (data[1] & 0x80) || !is_allowed_opcode(opcode))
        return WS_FRAME_BAD;
    if (is_control && (!is_final || (data[1] & 0x7f) > 125))
        return WS_FRAME_BAD;
    uint64_t payload;
    size_t header = read_length(data, bytes, &payload);
    if (header == 0)
        return WS_FRAME_MORE;
    if (!is_shortest(header, payload))
        return WS_FRAME_BAD;
    if (payload > payload_bytes_max)
        return WS_FRAME_LARGE;
    if (bytes - header < payload)
        return WS_FRAME_MORE;
    *frame = (struct ws_frame){.is_final = is_final,
                               .opcode = (enum ws_opcode)opcode,
                               .payload = data + header,
                               .payload_bytes = (size_t)payload,
                               .frame_bytes = header + (size_t)payload};
    return WS_FRAME_OK;
}

static size_t write_header(enum ws_opcode opcode, size_t payload_bytes, uint8_t *out)
{
    out[0] = (uint8_t)(0x80 | opcode);
    if (payload_bytes < 126) {
        out[1] = (uint8_t)(0x80 | payload_bytes);
        return 2;
    }
    size_t extra = payload_bytes <= 0xffff ? 2 : 8;
    out[1] = (uint8_t)(0x80 | (extra == 2 ? 126 : 127));
    for (size_t i = 0; i < extra; i++)
        out[2 + i] = (uint8_t)((uint64_t)payload_bytes >> 8 * (extra - 1 - i));
    return 2 + extra;
}

size_t ws_client_encode(enum ws_opcode opcode, const void *payload, size_t payload_bytes,
                        uint32_t mask, uint8_t *out, size_t out_bytes_max)
{
    if (out_bytes_max < WS_CLIENT_HEADER_BYTES_MAX ||
        payload_bytes > out_bytes_max - WS_CLIENT_HEADER_BYTES_MAX)
        return 0;
    size_t header = write_header(opcode, payload_bytes, out);
    uint8_t key[4] = {(uint8_t)(mask >> 24), (uint8_t)(mask >> 16), (uint8_t)(mask >> 8),
                      (uint8_t)mask};
    memcpy(out + header, key, sizeof key);
    header += sizeof key;
    const uint8_t *plain = payload;
    for (size_t i = 0; i < payload_bytes; i++)
        out[header + i] = plain[i] ^ key[i & 3];
    return header + payload_bytes;
}

void ws_client_key(const uint8_t random[16], char key[WS_KEY_BYTES + 1])
{
    sodium_bin2base64(key, WS_KEY_BYTES + 1, random, 16, sodium_base64_VARIANT_ORIGINAL);
}

void ws_client_accept(const char key[WS_KEY_BYTES + 1], char accept[WS_ACCEPT_BYTES + 1])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t text[WS_KEY_BYTES + sizeof guid - 1], digest[SHA1_BYTES];
    memcpy(text, key, WS_KEY_BYTES);
    memcpy(text + WS_KEY_BYTES, guid, sizeof guid - 1);
    stampede_sha1(text, sizeof text, digest);
    sodium_bin2base64(accept, WS_ACCEPT_BYTES + 1, digest, sizeof digest,
                      sodium_base64_VARIANT_ORIGINAL);
}

/* One header line of the answer. */
struct header_line {
    const char *name, *value;
    size_t name_bytes, value_bytes;
};

static bool is_named(const struct header_line *line, const char *name)
{
    return line->name_bytes == strlen(name) && strncasecmp(line->name, name, line->name_bytes) == 0;
}

static bool has_value(const struct header_line *line, const char *value)
{
    return line->value_bytes == strlen(value) &&
           strncasecmp(line->value, value, line->value_bytes) == 0;
}

/* Splits "Name: value" of [at, end); false when there is no colon. */
static bool split_line(const char *at, const char *end, struct header_line *line)
{
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (!colon || colon == at)
        return false;
    line->name = at;
    line->name_bytes = (size_t)(colon - at);
    for (at = colon + 1; at < end && (*at == ' ' || *at == '\t');)
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    line->value = at;
    line->value_bytes = (size_t)(end - at);
    return true;
}

static int64_t read_seconds(const struct header_line *line)
{
    int64_t s = 0;
    for (size_t i = 0; i < line->value_bytes; i++) {
        if (line->value[i] < '0' || line->value[i] > '9' || s > 100000)
            return -1;
        s = s * 10 + (line->value[i] - '0');
    }
    return line->value_bytes ? s : -1;
}

static void find_cookie(const struct header_line *line, const char *name, struct ws_answer *answer)
{
    size_t name_bytes = strlen(name);
    if (line->value_bytes <= name_bytes || memcmp(line->value, name, name_bytes) != 0 ||
        line->value[name_bytes] != '=')
        return;
    answer->cookie = line->value + name_bytes + 1;
    const char *end = line->value + line->value_bytes;
    const char *stop = memchr(answer->cookie, ';', (size_t)(end - answer->cookie));
    answer->cookie_bytes = (size_t)((stop ? stop : end) - answer->cookie);
}

static bool read_status(const char *data, size_t bytes, struct ws_answer *answer)
{
    if (bytes < 13 || memcmp(data, "HTTP/1.1 ", 9) != 0)
        return false;
    answer->http_status = 0;
    for (int i = 9; i < 12; i++) {
        if (data[i] < '0' || data[i] > '9')
            return false;
        answer->http_status = answer->http_status * 10 + (data[i] - '0');
    }
    return true;
}

struct needed {
    bool upgrade, connection, accept, protocol,
        stranger; /* stranger: an extension nobody asked for */
};

static void note_line(const struct header_line *line, const char *accept, const char *protocol,
                      const char *cookie_name, struct needed *seen, struct ws_answer *answer)
{
    if (is_named(line, "Upgrade"))
        seen->upgrade = has_value(line, "websocket");
    else if (is_named(line, "Connection"))
        seen->connection = has_value(line, "Upgrade");
    else if (is_named(line, "Sec-WebSocket-Accept"))
        seen->accept =
            line->value_bytes == strlen(accept) && memcmp(line->value, accept, strlen(accept)) == 0;
    else if (is_named(line, "Sec-WebSocket-Protocol"))
        seen->protocol = has_value(line, protocol);
    else if (is_named(line, "Sec-WebSocket-Extensions"))
        seen->stranger = true;
    else if (is_named(line, "Retry-After"))
        answer->retry_after_s = read_seconds(line);
    else if (is_named(line, "Set-Cookie"))
        find_cookie(line, cookie_name, answer);
}

enum ws_answer_status ws_client_read_answer(const char *data, size_t bytes, const char *accept,
                                            const char *protocol, const char *cookie_name,
                                            struct ws_answer *answer)
{
    *answer = (struct ws_answer){.retry_after_s = -1};
    const char *stop = memmem(data, bytes, "\r\n\r\n", 4);
    if (!stop)
        return bytes >= 9 && memcmp(data, "HTTP/1.1 ", 9) != 0 ? WS_ANSWER_BAD : WS_ANSWER_MORE;
    answer->head_bytes = (size_t)(stop - data) + 4;
    if (!read_status(data, bytes, answer))
        return WS_ANSWER_BAD;
    struct needed seen = {0};
    const char *at = memmem(data, bytes, "\r\n", 2);
    while (at < stop) {
        at += 2;
        const char *end = memmem(at, (size_t)(stop + 2 - at), "\r\n", 2);
        struct header_line line;
        if (!end || !split_line(at, end, &line))
            return WS_ANSWER_BAD;
        note_line(&line, accept, protocol, cookie_name, &seen, answer);
        at = end;
    }
    if (answer->http_status != 101)
        return WS_ANSWER_REFUSED;
    bool is_good =
        seen.upgrade && seen.connection && seen.accept && seen.protocol && !seen.stranger;
    return is_good ? WS_ANSWER_OK : WS_ANSWER_BAD;
}
