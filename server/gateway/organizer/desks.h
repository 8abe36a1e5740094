/* What the routes of the organizer's console lead to (docs/organizer.md), file by file. */
#ifndef STANCHION_ORGANIZER_DESKS_H
#define STANCHION_ORGANIZER_DESKS_H

#include "server/gateway/organizer/call.h"

/* sign_in.c */
organizer_fn organizer_sign_in, organizer_session_show, organizer_sign_out,
    organizer_sign_out_everywhere, organizer_password;
/* people.c */
organizer_fn organizer_accounts, organizer_account_create, organizer_account_change,
    organizer_account_reset, organizer_account_sign_out;
organizer_fn organizer_log, organizer_log_undo;
/* events.c */
organizer_fn organizer_events, organizer_event, organizer_event_set;
/* {"phase":...,"set":{...}} as the settings to change, a new object; NULL when it is not that. */
json_t *organizer_settings_of(const json_t *body);
/* inventory.c */
organizer_fn organizer_inventory_check, organizer_event_create, organizer_inventory_replace,
    organizer_event_edit, organizer_event_check, organizer_event_publish;
/* rehearsal.c */
organizer_fn organizer_rehearsal_start, organizer_rehearsal, organizer_rehearsal_stop,
    organizer_rehearsal_page, organizer_event_delete;
/* preview.c */
organizer_fn organizer_preview;
/* figures.c */
organizer_fn organizer_figures, organizer_history, organizer_seats, organizer_plan;
/* orders.c */
organizer_fn organizer_orders, organizer_order, organizer_order_refund, organizer_order_resend,
    organizer_ticket_check, organizer_orders_csv, organizer_orders_json, organizer_door_csv;
organizer_fn organizer_withheld, organizer_withhold, organizer_release;

#endif
