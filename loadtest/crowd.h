/* The visitors of one process: their connections, timers and the loop. What they do is in
 * journey*.c. */
#ifndef STAMPEDE_CROWD_H
#define STAMPEDE_CROWD_H

#include "loadtest/connection.h"
#include "loadtest/dice.h"
#include "loadtest/run.h"
#include "loadtest/seat_picture.h"
#include "loadtest/timer_heap.h"

/* What dice decided about a visitor before it came. */
struct visitor_plan {
    bool leaves_line, leaves_inside, leaves_seats,
        leaves_cash;            /* leaves_seats, _cash: walks away without a word */
    bool no_show, no_show_away; /* does not claim its turn; is not even there when it comes */
    bool card_declined, clicks_twice, verifies, grabs, opens_map;
    uint8_t tabs;                    /* how many more it opens */
    uint8_t seats_wanted, slow_card; /* slow_card: 0 = the ordinary card */
    uint8_t reloads;                 /* how many more times it reloads while waiting */
};

/* Lifetime: its process. The strings are owned, NULL when not known. */
struct visitor {
    struct connection connection;
    struct dice dice;
    struct visitor_plan plan;
    uint32_t number; /* in the run; of a tab: its owner's number */
    uint32_t owner;  /* tab: index of the owner in the crowd */
    bool is_tab;
    uint8_t state;          /* enum visitor_state */
    bool is_counted;        /* among the connected */
    bool is_leaving;        /* leave was or will be sent; the end is then `leaves_as` */
    bool turns_away;        /* waits, and was told that all is sold */
    bool has_paid;          /* pay was sent for `order` and no outcome is known */
    bool is_free_of_charge; /* what is held costs nothing */
    bool is_confirming; /* checkout with confirm was sent: the order's number is not known yet */
    bool has_let_go;    /* something was sent that frees the seats */
    bool avoids_areas;
    bool has_come;    /* wanted to connect for the first time */
    bool looks_round; /* has asked for the map and will think before it chooses */
    bool hears_end;   /* inside, and was told that all is sold */
    uint8_t leaves_as;
    uint16_t tries, failures;     /* of the step under way; of connecting, in a row */
    uint8_t put_off;              /* answers in a row that said: later */
    uint8_t lookups_left;         /* of the payment under way */
    uint8_t refusals, looks;      /* in a row: seats that somebody has; nothing that looks free */
    uint32_t next_id, awaited_id; /* awaited_id 0 = no answer is due */
    int64_t gives_up_us;          /* patience ends; 0 = never, or it has not joined yet */
    int64_t due_us;               /* when the step under way was due: latencies count from here */
    int64_t pay_due_us;           /* likewise for the payment, until confirmed */
    int64_t asked_ms;             /* server's clock when the last request was sent */
    int64_t waited_ms;            /* server's clock when it was last told that it waits */
    int64_t lost_us;    /* when the connection was lost, until the place is told again; or 0 */
    uint32_t spread_ms; /* the server's wish: come back within that time after a loss */
    char *cookie, *receipt, *pass;
    uint32_t *instead; /* seats that were offered and will be asked for: their count, then they */
    struct history_hold *hold;   /* the running one, or NULL */
    struct history_order *order; /* the last one, or NULL */
};

/* Lifetime: its process. */
struct crowd {
    struct run *run;
    struct run_stats *stats;
    struct connection_place place;
    struct timer_heap timers;
    struct seat_picture *picture;
    struct visitor *visitors; /* first the visitors, then their tabs */
    uint32_t visitors_count, tabs_count, tabs_max, first_number;
    int64_t now_us;      /* of this loop turn */
    int command;         /* enum run_command as last seen */
    bool is_holding;     /* mode hold or buy has begun */
    uint32_t next_buyer; /* mode buy: who has not begun yet */
    uint32_t drops_seen; /* of run->network */
};

/* Runs one process's visitors `first` to `first + count - 1` until the run says quit. Returns an
 * exit code. */
int crowd_run(struct run *run, struct seat_picture *picture, uint32_t process, uint32_t first,
              uint32_t count);

/* For journey*.c. */
uint32_t crowd_index(const struct crowd *c, const struct visitor *v);
void crowd_set_state(struct crowd *c, struct visitor *v, enum visitor_state state);
void crowd_set_timer(struct crowd *c, struct visitor *v, int64_t due_us);
void crowd_drop_timer(struct crowd *c, struct visitor *v);
/* How long an answer, or a connection, is waited for. */
int64_t crowd_answer_us(const struct crowd *c);
void crowd_count_error(struct crowd *c, const char *code);
/* Records a latency that ends now. */
void crowd_record(struct crowd *c, enum latency_kind kind, int64_t us);
/* Closes the connection (with a close frame, or as a lost network does) and forgets what was
 * awaited. */
void crowd_disconnect(struct crowd *c, struct visitor *v, bool is_polite);
/* Starts connecting. */
void crowd_connect(struct crowd *c, struct visitor *v);
/* Comes back after a pause of about `pause_us`. */
void crowd_return_later(struct crowd *c, struct visitor *v, int64_t pause_us);
/* An unused tab, made to share the owner's cookie; NULL when there is none left. */
struct visitor *crowd_add_tab(struct crowd *c, struct visitor *owner);

#endif
