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

#endif
