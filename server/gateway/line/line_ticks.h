/* What the line does by itself: ticks, and what everyone is told after each. */
#ifndef STANCHION_LINE_TICKS_H
#define STANCHION_LINE_TICKS_H

#include <stddef.h>
#include <stdint.h>

struct gateway;
struct event_entry;
struct session;
struct place;

/* Asks for ticks that are due. */
void line_ticks_on_turn(struct gateway *gateway, int64_t now_ms);
/* Goes on telling places; keeps the loop awake until everybody has been told. */
void line_ticks_before_sleep(struct gateway *gateway);
/* Asks for a tick now, unless that is under way. */
void line_ticks_ask(struct event_entry *event, int64_t now_ms);
/* Somebody inside has gone: the next in line may come in at once, if the event is set so. */
void line_ticks_refill(struct event_entry *event);
/* A text of tick:{E}. */
void line_ticks_on_report(struct event_entry *event, const char *text, size_t bytes);
/* The line has been re-read: whoever may have missed something is asked about. */
void line_ticks_after_gap(struct event_entry *event);
/* What a check of the session (line_batch_check) has found: tells the visitor what is new. */
void line_ticks_on_checked(struct session *session, const struct place *place);
/* Tells a waiting visitor where they stand now, `ahead` being line_view_ahead() of them. */
void line_ticks_push_place(struct session *session, int64_t ahead);
/* Tells everyone at the event the organizer's message. */
void line_ticks_push_notice(struct event_entry *event);
/* Tells everyone at the event which phase it is in. */
void line_ticks_push_phase(struct event_entry *event);

#endif
