/* One epoll loop: events, then due timers, then the run's command. A visitor has one connection and
 * one timer. */
#include "loadtest/crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "loadtest/clocks.h"
#include "loadtest/journey.h"

#define EVENTS_PER_TURN 512
#define TIMERS_PER_TURN 2000
#define TURN_US_MAX 50000 /* so that a command is seen soon */

uint32_t crowd_index(const struct crowd *c, const struct visitor *v)
{
    return (uint32_t)(v - c->visitors);
}

void crowd_set_state(struct crowd *c, struct visitor *v, enum visitor_state state)
{
    if (!v->is_tab) {
        atomic_fetch_sub_explicit(&c->stats->by_state[v->state], 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&c->stats->by_state[state], 1, memory_order_relaxed);
        c->run->visitors[v->number].state = (uint8_t)state;
    }
    v->state = (uint8_t)state;
}

void crowd_set_timer(struct crowd *c, struct visitor *v, int64_t due_us)
{
    timer_heap_set(&c->timers, crowd_index(c, v), due_us);
}

int64_t crowd_answer_us(const struct crowd *c)
{
    return (int64_t)(c->run->options->answer_s * 1e6);
}

void crowd_drop_timer(struct crowd *c, struct visitor *v)
{
    timer_heap_drop(&c->timers, crowd_index(c, v));
}

void crowd_count_error(struct crowd *c, const char *code)
{
    atomic_fetch_add_explicit(&c->stats->errors[run_error_index(code)], 1, memory_order_relaxed);
}

void crowd_record(struct crowd *c, enum latency_kind kind, int64_t us)
{
    int part = clocks_us() - us >= c->run->split_us;
    histogram_record(&c->stats->latency[part][kind], us);
}

static void note_closed(struct crowd *c, struct visitor *v)
{
    if (v->is_counted)
        atomic_fetch_sub_explicit(&c->stats->connected, 1, memory_order_relaxed);
    v->is_counted = false;
    v->awaited_id = 0;
}

void crowd_disconnect(struct crowd *c, struct visitor *v, bool is_polite)
{
    note_closed(c, v);
    if (is_polite)
        connection_close(&v->connection);
    else
        connection_drop(&v->connection);
}

/* Every visitor has an address of its own in 127.0.0.0/8, as far as there are. */
static in_addr_t source_of(const struct crowd *c, const struct visitor *v)
{
    if (!c->run->target.is_loopback)
        return 0;
    uint32_t n = v->number;
    return htonl(0x7f010001u + ((n / 62500 % 200) << 16) + ((n / 250 % 250) << 8) + n % 250);
}

void crowd_connect(struct crowd *c, struct visitor *v)
{
    crowd_set_state(c, v, VISITOR_CONNECTING);
    if (!connection_start(&v->connection, &c->place, source_of(c, v), &v->dice,
                          crowd_index(c, v))) {
        crowd_count_error(c, "connect_failed");
        crowd_return_later(c, v, STAMPEDE_RETRY_US_MIN);
        return;
    }
    crowd_set_timer(c, v, c->now_us + crowd_answer_us(c));
}

void crowd_return_later(struct crowd *c, struct visitor *v, int64_t pause_us)
{
    crowd_set_state(c, v, VISITOR_AWAY);
    v->awaited_id = 0;
    crowd_set_timer(c, v, c->now_us + pause_us / 2 + dice_between(&v->dice, 0, pause_us));
}

struct visitor *crowd_add_tab(struct crowd *c, struct visitor *owner)
{
    if (c->tabs_count == c->tabs_max || !owner->cookie)
        return NULL;
    struct visitor *tab = &c->visitors[c->visitors_count + c->tabs_count++];
    tab->is_tab = true;
    tab->number = owner->number;
    tab->owner = crowd_index(c, owner);
    dice_init(&tab->dice, c->run->options->seed ^ 0x7ab, owner->number);
    tab->cookie = strdup(owner->cookie);
    return tab;
}

/* The handlers of the visitor whose event is being worked on. */
struct at_work {
    struct crowd *crowd;
    struct visitor *visitor;
};

static void on_open(void *ctx, const struct ws_answer *answer)
{
    struct at_work *w = ctx;
    atomic_fetch_add_explicit(&w->crowd->stats->connected, 1, memory_order_relaxed);
    w->visitor->is_counted = true;
    journey_on_open(w->crowd, w->visitor, answer);
}

static void on_text(void *ctx, const char *text, size_t bytes)
{
    struct at_work *w = ctx;
    journey_on_text(w->crowd, w->visitor, text, bytes);
}

static void on_lost(void *ctx, enum connection_loss loss, const struct ws_answer *answer)
{
    struct at_work *w = ctx;
    note_closed(w->crowd, w->visitor);
    journey_on_lost(w->crowd, w->visitor, loss, answer);
}

static void work_on(struct crowd *c, const struct epoll_event *e)
{
    struct visitor *v = &c->visitors[(uint32_t)e->data.u64];
    if (v->connection.generation != (uint32_t)(e->data.u64 >> 32))
        return;
    struct at_work w = {c, v};
    struct connection_handler handler = {on_open, on_text, on_lost, &w};
    connection_work(&v->connection, &c->place, e->events, crowd_index(c, v), v->cookie, &handler);
}

static void work_timers(struct crowd *c)
{
    uint32_t index;
    int64_t due_us;
    for (int i = 0; i < TIMERS_PER_TURN && timer_heap_take(&c->timers, c->now_us, &index, &due_us);
         i++) {
        uint64_t late = (uint64_t)(c->now_us - due_us);
        if (late > atomic_load_explicit(&c->stats->loop_late_us_max, memory_order_relaxed))
            atomic_store_explicit(&c->stats->loop_late_us_max, late, memory_order_relaxed);
        if (late > atomic_load_explicit(&c->stats->late_us_lately, memory_order_relaxed))
            atomic_store_explicit(&c->stats->late_us_lately, late, memory_order_relaxed);
        histogram_record(&c->stats->late, (int64_t)late);
        journey_on_timer(c, &c->visitors[index], due_us);
    }
}

static void work_commands(struct crowd *c)
{
    int command = atomic_load(&c->run->shared->command);
    if (command != c->command) {
        c->command = command;
        for (uint32_t i = 0; i < c->visitors_count + c->tabs_count; i++)
            journey_on_command(c, &c->visitors[i]);
    }
    if (!c->is_holding && atomic_load(&c->run->shared->hold_from_us) != 0) {
        c->is_holding = true;
        journey_begin(c);
    }
}

/* A fault of the scenario: connections are lost. */
static void work_network(struct crowd *c)
{
    struct run_network *network = c->run->network;
    uint32_t drops = network ? atomic_load(&network->drops) : 0;
    if (drops == c->drops_seen)
        return;
    c->drops_seen = drops;
    double share = atomic_load(&network->share_ppm) / 1e6;
    for (uint32_t i = 0; i < c->visitors_count; i++)
        if (dice_hits(&c->visitors[i].dice, share))
            journey_on_network_lost(c, &c->visitors[i]);
}

static struct timespec time_to_wait(const struct crowd *c)
{
    int64_t next_us = timer_heap_next_us(&c->timers), latest_us = c->now_us + TURN_US_MAX;
    int64_t us = (next_us < latest_us ? next_us : latest_us) - clocks_us();
    return (struct timespec){.tv_nsec = us > 0 ? us * 1000 : 0};
}

static bool turn(struct crowd *c)
{
    struct epoll_event events[EVENTS_PER_TURN];
    struct timespec wait = time_to_wait(c);
    int count = epoll_pwait2(c->place.epoll, events, EVENTS_PER_TURN, &wait, NULL);
    if (count < 0 && errno != EINTR)
        return false;
    c->now_us = clocks_us();
    for (int i = 0; i < count; i++)
        work_on(c, &events[i]);
    c->now_us = clocks_us();
    work_timers(c);
    work_commands(c);
    work_network(c);
    return c->command != RUN_QUIT;
}

static void invite(struct crowd *c)
{
    const struct stampede_options *o = c->run->options;
    for (uint32_t i = 0; i < c->visitors_count; i++) {
        struct visitor *v = &c->visitors[i];
        v->number = c->first_number + i;
        dice_init(&v->dice, o->seed, v->number);
        journey_plan(c, v);
        crowd_set_timer(
            c, v, c->run->start_us + arrival_us(&o->arrival, &v->dice, v->number, o->visitors));
    }
    atomic_store(&c->stats->by_state[VISITOR_AWAY], c->visitors_count);
}

static bool crowd_init(struct crowd *c, struct run *run, struct seat_picture *picture,
                       uint32_t process, uint32_t first, uint32_t count)
{
    uint32_t tabs_max =
        (uint32_t)(count * run->options->tabs * run->options->tabs_each) + STAMPEDE_TABS_MAX;
    *c = (struct crowd){.run = run,
                        .stats = &run->stats[process],
                        .picture = picture,
                        .visitors_count = count,
                        .tabs_max = tabs_max,
                        .first_number = first,
                        .now_us = clocks_us()};
    c->place = (struct connection_place){.epoll = epoll_create1(EPOLL_CLOEXEC),
                                         .server = run->target.address,
                                         .authority = run->target.authority,
                                         .path = run->ws_path,
                                         .scratch = malloc(CONNECTION_SCRATCH_BYTES)};
    c->visitors = calloc((size_t)count + tabs_max, sizeof *c->visitors);
    if (c->place.epoll < 0 || !c->place.scratch || !c->visitors ||
        !timer_heap_init(&c->timers, count + tabs_max))
        return false;
    for (uint32_t i = 0; i < count + tabs_max; i++)
        connection_init(&c->visitors[i].connection);
    return true;
}

static void crowd_release(struct crowd *c)
{
    for (uint32_t i = 0; c->visitors && i < c->visitors_count + c->tabs_count; i++)
        visitor_release(&c->visitors[i]);
    if (c->place.epoll >= 0)
        close(c->place.epoll);
    free(c->place.scratch);
    free(c->visitors);
    timer_heap_release(&c->timers);
}

int crowd_run(struct run *run, struct seat_picture *picture, uint32_t process, uint32_t first,
              uint32_t count)
{
    struct crowd c;
    if (!crowd_init(&c, run, picture, process, first, count)) {
        crowd_release(&c);
        return 1;
    }
    invite(&c);
    while (turn(&c))
        ;
    bool is_quit = c.command == RUN_QUIT;
    crowd_release(&c);
    return is_quit ? 0 : 1;
}
