/* One event's line in memory: what queue_fake.c decides, without its deliveries and its port.
 *
 * People are kept in one array in the order of their sequences, so that the first who waits is the
 * next; whoever is done is marked ABSENT and keeps the slot. Everything is a linear scan. Time is
 * an argument. Memory: a test without memory may end (asserted).
 */
#ifndef STANCHION_QUEUE_FAKE_LINE_H
#define STANCHION_QUEUE_FAKE_LINE_H

#include "queue/queue_fake.h"

enum presence { ABSENT, WAITING, ACTIVE };

struct person {
    struct queue_visitor visitor;
    enum presence presence;
    bool is_entered;
    int64_t seq, admission, deadline_ms;
};

struct purchase {
    struct queue_visitor visitor;
    int64_t seats;
};

/* A growing array of sequences. */
struct seq_list {
    int64_t *items;
    size_t count;
};

struct fake_line {
    char id[EVENT_ID_BYTES_MAX + 1];
    struct queue_fake_settings settings;
    struct person *people;
    size_t people_count;
    struct purchase *purchases;
    size_t purchases_count;
    struct seq_list gone, gone_new, ever_left;
    int64_t seq, head, admission, tick_no, tick_at_ms, carry_micro, unspent_count, rest_count;
    int64_t thawed_ms;
    int64_t recovers_at_ms, recover_wait_ms, recover_full_ms, kept_seq, recovered_seq;
    struct pace_histogram paced;
    int64_t pace_at_ms, pace_since_ms, rate_micro;
    int64_t filled_seq; /* 0 = filling has not begun */
    bool is_before_known;
    struct queue_fake_before before;
    enum line_draw draw;
};

/* realloc() that does not fail. */
void *fake_grow(void *items, size_t count, size_t item_bytes);
void fake_seqs_add(struct seq_list *list, int64_t seq);
void fake_line_release(struct fake_line *line);
enum queue_phase fake_line_phase(const struct fake_line *line, int64_t now_ms);
/* What join, look, enter and leave answer; *place comes with phase and time filled in. */
void fake_line_join(struct fake_line *line, const struct queue_visitor *visitor,
                    struct place *place);
void fake_line_look(struct fake_line *line, const struct queue_visitor *visitor,
                    struct place *place);
void fake_line_enter(const struct fake_line *line, const char *visitor, struct place *place);
void fake_line_leave(struct fake_line *line, const struct queue_visitor *visitor,
                     struct place *place);
/* As queue/lua/restore.lua decides. */
void fake_line_restore(struct fake_line *line, const struct place_claim *claim, bool is_old,
                       struct place *place);
void fake_line_recover(struct fake_line *line, enum queue_data data, const struct queue_mark *mark,
                       int64_t now_ms);
void fake_line_forget(struct fake_line *line, int64_t seq);
/* Ends a recovery whose time is over, a part at each call. False while it is not done. */
bool fake_line_recovered(struct fake_line *line, int64_t now_ms);
/* NULL when this visitor has no place. */
struct person *fake_line_person(const struct fake_line *line, const char *visitor);
/* Tells a person's place in *place. */
void fake_line_tell(const struct fake_line *line, const struct person *person, struct place *place);
/* The turn is over; while the ledger is away none becomes so (docs/decisions/0030). */
bool fake_line_is_over(const struct fake_line *line, const struct person *person, int64_t now_ms);
/* The ledger comes back. */
void fake_line_thaw(struct fake_line *line, int64_t now_ms);
int64_t fake_line_bought(const struct fake_line *line, const char *visitor);
/* True when the deadline came nearer. */
bool fake_line_present(const struct fake_line *line, const char *visitor, int64_t at_ms,
                       int64_t now_ms);
/* As queue/lua/pace.lua: true when this call decided. */
bool fake_line_pace(struct fake_line *line, const struct pace_histogram *holds, int64_t now_ms,
                    struct pace_decision *decision);
/* True when a tick is due: the turn is taken, fake_line_tick() must follow. */
bool fake_line_take_turn(struct fake_line *line, int64_t now_ms);
/* Fills *report; its arrays are the caller's. */
void fake_line_tick(struct fake_line *line, int64_t now_ms, struct tick_report *report);
/* How many a refill would admit now. */
int64_t fake_line_refill_count(const struct fake_line *line, int64_t now_ms);
/* Admits them; otherwise like fake_line_tick(). */
void fake_line_refill(struct fake_line *line, int64_t now_ms, struct tick_report *report);
/* Fills *state; its array is the caller's. */
void fake_line_state(const struct fake_line *line, int64_t now_ms, struct line_state *state);

#endif
