/* What is told about a place, as text: to everybody who joins, and to everybody near enough at each
 * tick. No tree of JSON is built for it: a join's answer took as long to build as its connection.
 *
 * The text begins as an object with `type`, the place, the estimate and the news of the event
 * (line_news.h); an answer goes on with more members; whoever sends it adds the last brace. Its
 * memory is the gateway's (`said`), for one text at a time.
 */
#ifndef STANCHION_LINE_TEXT_H
#define STANCHION_LINE_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/limits.h"

struct json_text;
struct line_news;
struct session;

/* What a session is taken to know when it is told a place now. */
struct push_told line_text_told(const struct session *session, const struct line_news *news,
                                int64_t ahead, int64_t now_ms);
/* Begins a text: `place` of a session that waits, with so many ahead, and the news of its event.
 * Remembers what is told, at now_ms (monotonic), which is wall_ms for the visitor. Valid until the
 * next call. */
struct json_text *line_text_place(struct session *session, const struct line_news *news,
                                  int64_t ahead, int64_t now_ms, int64_t wall_ms);
/* What only an answer carries: how to come back after a broken connection, and the organizer's
 * message, since a change of it may have been missed. */
void line_text_standing(struct json_text *text, const struct session *session);
/* A receipt for a number that was given at_ms (wall clock); nothing while a draw moves people
 * about, because nobody can say then which of their two numbers a place has. */
void line_text_receipt(struct json_text *text, const struct session *session, int64_t at_ms);
/* The receipt alone; false while there is none. */
bool line_text_receipt_token(const struct session *session, int64_t at_ms,
                             char token[TOKEN_BYTES_MAX + 1]);

#endif
