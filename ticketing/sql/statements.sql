-- Every statement of the ledger, found by the name in front of it (ticketing/ledger_sqlite.c). Parameters are bound
-- in order.

--: begin
BEGIN IMMEDIATE;
--: commit
COMMIT;
--: rollback
ROLLBACK;
--: entry_begin
SAVEPOINT entry;
--: entry_keep
RELEASE entry;
--: entry_undo
ROLLBACK TO entry;

--: meta_get
SELECT value FROM meta WHERE name = ?1;
--: meta_set
INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

--: order_event
SELECT e.nr, e.currency, coalesce(p.seats_count, 0) FROM events e LEFT JOIN plans p ON p.event_id = e.nr
WHERE e.id = ?1;
--: order_insert
INSERT INTO orders (id, event_id, visitor, fence, epoch, intent, amount_minor, currency, seats, authorised_ms,
                    committed_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING;
--: order_get
SELECT e.id, o.visitor, o.fence, o.amount_minor, o.currency, o.seats, o.committed_ms, o.nr, o.intent
FROM orders o JOIN events e ON e.nr = o.event_id WHERE o.id = ?1;
--: sold_insert
INSERT INTO sold (event_id, seat, order_nr, price_minor, section, "row", number, category, type)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);
--: sold_delete
DELETE FROM sold WHERE event_id = ?1 AND seat = ?2 AND order_nr = ?3;
--: sold_owner
SELECT o.id FROM sold s JOIN events e ON e.nr = s.event_id JOIN orders o ON o.nr = s.order_nr
WHERE e.id = ?1 AND s.seat = ?2;
--: sold_of_order
SELECT s.seat, s.section, s."row", s.number, s.category, s.price_minor, o.nr, s.type
FROM orders o, json_each(o.seats) j CROSS JOIN sold s ON s.event_id = o.event_id AND s.seat = j.value
WHERE o.id = ?1 AND s.order_nr = o.nr ORDER BY s.seat;
--: refunded_of_order
SELECT r.seat, r.section, r."row", r.number, r.category, r.price_minor, r.order_nr, r.type
FROM refunds r JOIN orders o ON o.nr = r.order_nr WHERE o.id = ?1 ORDER BY r.seat;
--: sold_of_event
SELECT s.seat FROM sold s JOIN events e ON e.nr = s.event_id WHERE e.id = ?1 ORDER BY s.seat;
--: orders_last
SELECT coalesce(max(nr), 0) FROM orders;
--: orders_of_event
SELECT o.id, o.visitor, json_array_length(o.seats) - (SELECT count(*) FROM refunds r WHERE r.order_nr = o.nr)
FROM orders o JOIN events e ON e.nr = o.event_id WHERE e.id = ?1 ORDER BY o.nr;
--: orders_of_visitor
SELECT o.id FROM orders o JOIN events e ON e.nr = o.event_id WHERE o.visitor = ?1 AND e.id = ?2 ORDER BY o.nr
LIMIT 1000;
--: orders_page
SELECT o.nr, o.id, e.id, o.visitor, o.intent, o.amount_minor, o.currency, o.authorised_ms, o.committed_ms,
       coalesce(p.state, ''), coalesce(v.email, '')
FROM orders o JOIN events e ON e.nr = o.event_id LEFT JOIN payments p ON p.order_id = o.id
LEFT JOIN visitor_accounts v ON v.visitor = o.visitor
WHERE o.nr > ?1 AND (?2 IS NULL OR e.id = ?2) ORDER BY o.nr LIMIT ?3;
--: counts
SELECT (SELECT coalesce(max(nr), 0) FROM orders), (SELECT count(*) FROM dead WHERE replayed_ms IS NULL),
       (SELECT count(*) FROM payments WHERE state = 'failed'),
       (SELECT coalesce(sum(state = 'capture_due'), 0) FROM payments WHERE state IN ('capture_due', 'void_due')),
       (SELECT coalesce(sum(state = 'void_due'), 0) FROM payments WHERE state IN ('capture_due', 'void_due')),
       (SELECT count(*) FROM mails WHERE state = 'due'), (SELECT count(*) FROM mails WHERE state = 'failed');
--: sold_all
SELECT count(*) FROM sold;
--: sold_count
SELECT count(*) FROM sold s JOIN events e ON e.nr = s.event_id WHERE e.id = ?1;
--: audit_sums
SELECT coalesce((SELECT sum(amount_minor) FROM orders), 0) - coalesce((SELECT sum(price_minor) FROM sold), 0) -
       coalesce((SELECT sum(price_minor) FROM refunds), 0),
       coalesce((SELECT sum(json_array_length(seats)) FROM orders), 0) - (SELECT count(*) FROM sold) -
       (SELECT count(*) FROM refunds);
--: audit_orders
SELECT o.id, o.amount_minor, coalesce(sum(s.price_minor), 0) + coalesce(sum(r.price_minor), 0),
       json_array_length(o.seats), count(s.seat) + count(r.seat)
FROM orders o JOIN json_each(o.seats) j LEFT JOIN sold s ON s.event_id = o.event_id AND s.seat = j.value
 AND s.order_nr = o.nr LEFT JOIN refunds r ON r.order_nr = o.nr AND r.seat = j.value
GROUP BY o.nr HAVING o.amount_minor <> coalesce(sum(s.price_minor), 0) + coalesce(sum(r.price_minor), 0)
 OR json_array_length(o.seats) <> count(s.seat) + count(r.seat)
LIMIT 1000;
--: audit_strays
SELECT e.id, s.seat, coalesce(o.id, s.order_nr) FROM sold s JOIN events e ON e.nr = s.event_id
LEFT JOIN orders o ON o.nr = s.order_nr WHERE o.nr IS NULL OR o.event_id <> s.event_id LIMIT 1000;
--: audit_payments
SELECT 'missing: order ' || o.id || ' has no payment' FROM orders o LEFT JOIN payments p ON p.order_id = o.id
WHERE p.nr IS NULL
UNION ALL
SELECT 'different: order ' || o.id || ' stands, its payment is ' || p.state || ' (' || p.reason || ')'
FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.state IN ('intended', 'void_due', 'voided', 'failed')
UNION ALL
SELECT 'different: order ' || o.id || ' is over ' || o.amount_minor || ', its payment over ' || p.amount_minor
FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.amount_minor <> o.amount_minor
UNION ALL
SELECT 'unintended: payment of order ' || p.order_id || ' is ' || p.state || ', but there is no such order'
FROM payments p LEFT JOIN orders o ON o.id = p.order_id
WHERE o.nr IS NULL AND p.state IN ('capture_due', 'captured', 'failed')
LIMIT 1000;

--: journal_sale
INSERT INTO journal (at_ms, order_nr, kind, debit, credit, amount_minor, currency)
VALUES (?1, ?2, 'sale', 'receivable', 'sales', ?3, ?4);
--: journal_capture
INSERT INTO journal (at_ms, order_nr, kind, debit, credit, amount_minor, currency)
SELECT ?2, o.nr, 'capture', 'provider', 'receivable', p.amount_minor, p.currency
FROM payments p JOIN orders o ON o.id = p.order_id
WHERE p.order_id = ?1 AND p.amount_minor > 0
  AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.order_nr = o.nr AND j.kind = 'capture');
--: audit_journal_sums
SELECT (SELECT coalesce(sum(amount_minor), 0) FROM orders) -
       (SELECT coalesce(sum(amount_minor), 0) FROM journal WHERE kind = 'sale'),
       (SELECT coalesce(sum(p.amount_minor), 0) FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.state = 'captured') -
       (SELECT coalesce(sum(amount_minor), 0) FROM journal WHERE kind = 'capture'),
       (SELECT coalesce(sum(price_minor), 0) FROM refunds) -
       (SELECT coalesce(sum(amount_minor), 0) FROM journal WHERE kind = 'refund'),
       (SELECT coalesce(sum(amount_minor), 0) FROM payouts WHERE state = 'paid') -
       (SELECT coalesce(sum(amount_minor), 0) FROM journal WHERE kind = 'refund_paid'),
       (SELECT coalesce(sum(price_minor), 0) FROM refunds) - (SELECT coalesce(sum(amount_minor), 0) FROM payouts);
--: audit_refunds
SELECT 'different: order ' || o.id || ' has given back ' ||
       (SELECT coalesce(sum(r.price_minor), 0) FROM refunds r WHERE r.order_nr = o.nr) || ', owed ' ||
       (SELECT coalesce(sum(p.amount_minor), 0) FROM payouts p WHERE p.order_nr = o.nr) || ' and paid ' ||
       (SELECT coalesce(sum(p.amount_minor), 0) FROM payouts p WHERE p.order_nr = o.nr AND p.state = 'paid') ||
       '; the journal has refunded ' ||
       (SELECT coalesce(sum(j.amount_minor), 0) FROM journal j WHERE j.order_nr = o.nr AND j.kind = 'refund') ||
       ' and paid ' ||
       (SELECT coalesce(sum(j.amount_minor), 0) FROM journal j WHERE j.order_nr = o.nr AND j.kind = 'refund_paid')
FROM orders o WHERE o.nr IN (SELECT order_nr FROM refunds UNION SELECT order_nr FROM payouts UNION
                             SELECT order_nr FROM journal WHERE kind IN ('refund', 'refund_paid'))
 AND ((SELECT coalesce(sum(r.price_minor), 0) FROM refunds r WHERE r.order_nr = o.nr) <>
      (SELECT coalesce(sum(p.amount_minor), 0) FROM payouts p WHERE p.order_nr = o.nr)
   OR (SELECT coalesce(sum(r.price_minor), 0) FROM refunds r WHERE r.order_nr = o.nr) <>
      (SELECT coalesce(sum(j.amount_minor), 0) FROM journal j WHERE j.order_nr = o.nr AND j.kind = 'refund')
   OR (SELECT coalesce(sum(p.amount_minor), 0) FROM payouts p WHERE p.order_nr = o.nr AND p.state = 'paid') <>
      (SELECT coalesce(sum(j.amount_minor), 0) FROM journal j WHERE j.order_nr = o.nr AND j.kind = 'refund_paid'))
LIMIT 1000;
--: audit_journal
SELECT 'different: order ' || o.id || ' is over ' || o.amount_minor || ', the journal has sold ' ||
       coalesce(sum(j.amount_minor) FILTER (WHERE j.kind = 'sale'), 0) || ' and captured ' ||
       coalesce(sum(j.amount_minor) FILTER (WHERE j.kind = 'capture'), 0)
FROM orders o LEFT JOIN journal j ON j.order_nr = o.nr LEFT JOIN payments p ON p.order_id = o.id
GROUP BY o.nr
HAVING coalesce(sum(j.amount_minor) FILTER (WHERE j.kind = 'sale'), 0) <> o.amount_minor
    OR coalesce(sum(j.amount_minor) FILTER (WHERE j.kind = 'capture'), 0) <>
       iif(p.state = 'captured', p.amount_minor, 0)
LIMIT 1000;

--: dead_insert
INSERT OR IGNORE INTO dead (epoch, stream_id, order_id, body, reason, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
--: dead_page
SELECT nr, epoch, stream_id, order_id, body, reason, at_ms, replayed_ms FROM dead WHERE nr > ?1 ORDER BY nr LIMIT ?2;

--: dead_get
SELECT order_id, body, coalesce(replayed_ms, 0) FROM dead WHERE nr = ?1;
--: dead_replayed
UPDATE dead SET replayed_ms = ?2 WHERE nr = ?1 AND replayed_ms IS NULL;

--: payment_forget
DELETE FROM payments WHERE order_id = ?1 AND state IN ('void_due', 'none') AND attempts = 0 AND reason = ''
 AND NOT EXISTS (SELECT 1 FROM orders WHERE id = ?1);
--: payment_insert
INSERT INTO payments (order_id, intent, amount_minor, currency, state, next_try_ms, reason, changed_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6)
ON CONFLICT (order_id) DO UPDATE SET intent = excluded.intent, amount_minor = excluded.amount_minor,
 currency = excluded.currency, state = excluded.state, next_try_ms = excluded.next_try_ms, reason = excluded.reason,
 changed_ms = excluded.changed_ms WHERE payments.state = 'intended';
--: payment_get
SELECT state, intent, amount_minor, currency, attempts, reason FROM payments WHERE order_id = ?1;
--: payments_due
SELECT order_id, intent, amount_minor, currency, state, attempts FROM payments
WHERE state IN ('capture_due', 'void_due') AND next_try_ms <= ?1 ORDER BY next_try_ms LIMIT ?2;
--: money_of
SELECT coalesce(p.nr, 0), o.nr IS NOT NULL, coalesce(p.state, 'none'), p.intent, coalesce(p.amount_minor, 0), p.currency,
       coalesce(p.attempts, 0), (SELECT coalesce(sum(y.amount_minor), 0) FROM payouts y WHERE y.order_nr = o.nr AND y.state = 'paid'),
       (SELECT count(*) FROM payouts y WHERE y.order_nr = o.nr AND y.state = 'due')
FROM (SELECT ?1 AS id) asked LEFT JOIN payments p ON p.order_id = asked.id LEFT JOIN orders o ON o.id = asked.id;
--: money_captured
SELECT nr, order_id, intent FROM payments WHERE nr > ?1 AND nr <= ?2 AND state = 'captured' AND intent <> '' ORDER BY nr;
--: money_last
SELECT coalesce(max(nr), 0) FROM payments;
--: money_returned
INSERT INTO payments (order_id, intent, amount_minor, currency, state, next_try_ms, reason, changed_ms)
SELECT ?1, ?2, ?3, ?4, 'voided', ?5, ?6, ?5 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id = ?1)
ON CONFLICT (order_id) DO UPDATE SET intent = excluded.intent, state = excluded.state, reason = excluded.reason,
 changed_ms = excluded.changed_ms;
--: payment_update
UPDATE payments SET state = ?2, intent = ?3, attempts = attempts + 1, next_try_ms = ?4, reason = ?5, changed_ms = ?6
WHERE order_id = ?1;

--: intent_insert
INSERT INTO payments (order_id, intent, amount_minor, currency, state, next_try_ms, changed_ms, event, visitor)
VALUES (?1, '', ?2, ?3, 'intended', ?4, ?5, ?6, ?7) ON CONFLICT (order_id) DO NOTHING;
--: intents_overdue
SELECT order_id, event, visitor FROM payments WHERE state = 'intended' AND next_try_ms <= ?1 ORDER BY next_try_ms
LIMIT ?2;
--: intent_later
UPDATE payments SET next_try_ms = ?2 WHERE order_id = ?1 AND state = 'intended';
--: intent_void
UPDATE payments SET state = 'void_due', reason = ?2, next_try_ms = ?3, changed_ms = ?3
WHERE order_id = ?1 AND state = 'intended';
--: intents_hurry
UPDATE payments SET next_try_ms = ?1 WHERE state = 'intended' AND next_try_ms > ?1;

--: event_insert
INSERT INTO events (id, name, currency, time_zone, phase, settings, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, currency = excluded.currency, time_zone = excluded.time_zone,
 phase = excluded.phase, settings = excluded.settings;
--: plan_insert
INSERT INTO plans (event_id, plan, seats_count, loaded_ms) SELECT nr, ?2, ?3, ?4 FROM events WHERE id = ?1
ON CONFLICT (event_id) DO UPDATE SET plan = excluded.plan, seats_count = excluded.seats_count,
 loaded_ms = excluded.loaded_ms;
--: event_settings
UPDATE events SET phase = ?2, settings = ?3 WHERE id = ?1;
--: event_get
SELECT e.id, e.name, e.currency, e.time_zone, e.phase, e.settings, e.created_ms, p.seats_count
FROM events e JOIN plans p ON p.event_id = e.nr WHERE e.id = ?1;
--: event_orders
SELECT EXISTS (SELECT 1 FROM orders o JOIN events e ON e.nr = o.event_id WHERE e.id = ?1);
--: event_drop_plan
DELETE FROM plans WHERE event_id = (SELECT nr FROM events WHERE id = ?1);
--: event_drop_withheld
DELETE FROM withheld WHERE event_id = (SELECT nr FROM events WHERE id = ?1);
--: event_drop_work
DELETE FROM stock_work WHERE event_id = (SELECT nr FROM events WHERE id = ?1);
--: event_drop
DELETE FROM events WHERE id = ?1;
--: event_list
SELECT e.id FROM events e ORDER BY e.nr;
--: event_plan
SELECT p.plan FROM plans p JOIN events e ON e.nr = p.event_id WHERE e.id = ?1;

--: refund_order
SELECT o.nr, o.event_id, e.id, o.visitor, o.currency, j.value
FROM orders o JOIN events e ON e.nr = o.event_id, json_each(o.seats) j WHERE o.id = ?1;
--: refund_insert
INSERT INTO refunds (at_ms, order_nr, event_id, seat, price_minor, section, "row", number, category, is_withheld,
                     by_whom, reason, type)
SELECT ?4, order_nr, event_id, seat, price_minor, section, "row", number, category, ?5, ?6, ?7, type
FROM sold WHERE event_id = ?1 AND seat = ?2 AND order_nr = ?3;
--: refund_price
SELECT price_minor FROM refunds WHERE order_nr = ?1 AND seat = ?2;
--: journal_refund
INSERT INTO journal (at_ms, order_nr, kind, debit, credit, amount_minor, currency, note)
VALUES (?1, ?2, 'refund', 'sales', 'refunds', ?3, ?4, ?5);
--: journal_refund_paid
INSERT INTO journal (at_ms, order_nr, kind, debit, credit, amount_minor, currency)
SELECT ?2, order_nr, 'refund_paid', 'refunds', 'provider', amount_minor, currency FROM payouts WHERE nr = ?1;
--: payout_insert
INSERT INTO payouts (order_nr, amount_minor, currency, state, next_try_ms, changed_ms)
VALUES (?1, ?2, ?3, 'due', ?4, ?4);
--: payouts_due
SELECT y.nr, y.amount_minor, y.attempts, o.id, p.intent,
       (SELECT coalesce(sum(w.amount_minor), 0) FROM payouts w WHERE w.order_nr = y.order_nr AND w.state = 'paid')
FROM payouts y JOIN orders o ON o.nr = y.order_nr JOIN payments p ON p.order_id = o.id
WHERE y.state = 'due' AND y.next_try_ms <= ?1 AND p.state = 'captured'
 AND NOT EXISTS (SELECT 1 FROM payouts e WHERE e.order_nr = y.order_nr AND e.state = 'due' AND e.nr < y.nr)
ORDER BY y.next_try_ms LIMIT ?2;
--: payout_update
UPDATE payouts SET state = ?2, attempts = attempts + 1, next_try_ms = ?3, reason = ?4, changed_ms = ?5
WHERE nr = ?1 AND state = 'due';
--: history_payment
SELECT state, intent, amount_minor, attempts, reason, changed_ms FROM payments WHERE order_id = ?1;
--: history_refunds
SELECT r.seat, r.section, r."row", r.number, r.category, r.price_minor, r.at_ms, r.by_whom, r.reason, r.is_withheld,
       r.type
FROM refunds r JOIN orders o ON o.nr = r.order_nr WHERE o.id = ?1 ORDER BY r.nr;
--: history_payouts
SELECT y.nr, y.amount_minor, y.state, y.attempts, y.reason, y.changed_ms
FROM payouts y JOIN orders o ON o.nr = y.order_nr WHERE o.id = ?1 ORDER BY y.nr;
--: history_journal
SELECT j.nr, j.at_ms, j.kind, j.debit, j.credit, j.amount_minor, j.currency, j.note
FROM journal j JOIN orders o ON o.nr = j.order_nr WHERE o.id = ?1 ORDER BY j.nr;

--: ticket_find
SELECT e.id, o.id, coalesce(s.section, r.section), coalesce(s."row", r."row"), coalesce(s.number, r.number),
       coalesce(s.category, r.category), r.nr IS NOT NULL, coalesce(c.at_ms, 0), coalesce(c.door, ''), coalesce(s.type, r.type)
FROM orders o JOIN events e ON e.nr = o.event_id
LEFT JOIN sold s ON s.event_id = o.event_id AND s.seat = ?2 AND s.order_nr = o.nr
LEFT JOIN refunds r ON r.order_nr = o.nr AND r.seat = ?2
LEFT JOIN scans c ON c.order_nr = o.nr AND c.seat = ?2
WHERE o.nr = ?1 AND (s.seat IS NOT NULL OR r.nr IS NOT NULL);
--: scan_insert
INSERT INTO scans (order_nr, seat, door, at_ms) VALUES (?1, ?2, ?3, ?4);
--: door_list
SELECT s.seat, s.section, s."row", s.number, s.category, o.id, o.nr, coalesce(c.at_ms, 0), s.type
FROM sold s JOIN events e ON e.nr = s.event_id JOIN orders o ON o.nr = s.order_nr
LEFT JOIN scans c ON c.order_nr = s.order_nr AND c.seat = s.seat
WHERE e.id = ?1 AND s.seat > ?2 ORDER BY s.seat LIMIT ?3;

--: link_put
INSERT INTO ticket_links (order_nr, serial, made_ms, ends_ms) SELECT nr, ?2, ?3, ?4 FROM orders WHERE id = ?1
ON CONFLICT (order_nr) DO UPDATE SET serial = excluded.serial, made_ms = excluded.made_ms, ends_ms = excluded.ends_ms,
 made_count = made_count + 1;
--: link_get
SELECT l.serial, l.made_ms, l.ends_ms, l.made_count FROM ticket_links l JOIN orders o ON o.nr = l.order_nr WHERE o.id = ?1;

--: mails_outdate
UPDATE mails SET state = 'outdated', changed_ms = ?2
WHERE order_nr = (SELECT nr FROM orders WHERE id = ?1) AND state IN ('due', 'failed');
--: mails_count
SELECT (SELECT count(*) FROM mails WHERE state = 'due'),
       (SELECT count(*) FROM mails m JOIN orders o ON o.nr = m.order_nr WHERE o.id = ?1 AND m.made_ms > ?2);
--: mail_insert
INSERT INTO mails (order_nr, recipient, serial, ends_ms, state, next_try_ms, made_ms, changed_ms)
SELECT nr, ?2, ?3, ?4, 'due', ?5, ?5, ?5 FROM orders WHERE id = ?1;
--: mail_due
SELECT m.nr, o.id, e.id, m.recipient, m.serial, m.ends_ms, m.attempts, m.made_ms
FROM mails m JOIN orders o ON o.nr = m.order_nr JOIN events e ON e.nr = o.event_id
WHERE m.state = 'due' AND m.next_try_ms <= ?1 ORDER BY m.next_try_ms LIMIT 1;
--: mail_update
UPDATE mails SET state = ?2, attempts = attempts + 1, next_try_ms = ?3, reason = ?4, changed_ms = ?5
WHERE nr = ?1 AND state = 'due';
--: mails_of_order
SELECT m.recipient, m.state, m.attempts, m.reason, m.changed_ms FROM mails m JOIN orders o ON o.nr = m.order_nr
WHERE o.id = ?1 ORDER BY m.nr DESC LIMIT 20;

--: withheld_insert
INSERT INTO withheld (event_id, seat, name, since_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (event_id, seat) DO NOTHING;
--: withheld_delete
DELETE FROM withheld WHERE event_id = ?1 AND seat = ?2 AND (?3 IS NULL OR name = ?3);
--: withheld_of_event
SELECT w.seat, w.name FROM withheld w JOIN events e ON e.nr = w.event_id WHERE e.id = ?1 ORDER BY w.seat;
--: stock_note
INSERT INTO stock_work (event_id, seat, change, visitor) VALUES (?1, ?2, ?3, ?4);
--: stock_work
SELECT w.nr, e.id, w.seat, w.change, w.visitor FROM stock_work w JOIN events e ON e.nr = w.event_id
WHERE w.event_id = (SELECT event_id FROM stock_work ORDER BY nr LIMIT 1) ORDER BY w.nr LIMIT ?1;
--: stock_done
DELETE FROM stock_work WHERE nr = ?1;

--: sales_since
SELECT e.id, count(*), sum(o.amount_minor), 0, max(o.nr) FROM orders o JOIN events e ON e.nr = o.event_id
WHERE o.nr > ?1 GROUP BY e.id;
--: refunded_since
SELECT e.id, 0, 0, sum(r.price_minor), max(r.nr) FROM refunds r JOIN events e ON e.nr = r.event_id
WHERE r.nr > ?1 GROUP BY e.id;
--: orders_find
SELECT o.nr, o.id, e.id, o.visitor, o.intent, o.amount_minor, o.currency, o.authorised_ms, o.committed_ms,
       coalesce(p.state, ''), coalesce(v.email, ''),
       (SELECT coalesce(sum(r.price_minor), 0) FROM refunds r WHERE r.order_nr = o.nr)
FROM orders o JOIN events e ON e.nr = o.event_id LEFT JOIN payments p ON p.order_id = o.id
LEFT JOIN visitor_accounts v ON v.visitor = o.visitor
WHERE e.id = ?1 AND o.nr < ?2 AND CASE ?4
    WHEN 'all' THEN 1
    WHEN 'order' THEN substr(o.id, 1, length(?5)) = ?5
    WHEN 'email' THEN v.email = ?5
    WHEN 'nr' THEN o.nr = ?6
    WHEN 'seat' THEN o.nr IN (
        SELECT s.order_nr FROM sold s JOIN events w ON w.nr = s.event_id WHERE w.id = ?1 AND s.seat = ?6
        UNION ALL SELECT r.order_nr FROM refunds r JOIN events w ON w.nr = r.event_id WHERE w.id = ?1 AND r.seat = ?6)
    WHEN 'label' THEN o.nr IN (
        SELECT s.order_nr FROM sold s JOIN events w ON w.nr = s.event_id
        WHERE w.id = ?1 AND lower(s.section || ' ' || s."row" || ' ' || s.number) = lower(?5)
        UNION ALL SELECT r.order_nr FROM refunds r JOIN events w ON w.nr = r.event_id
        WHERE w.id = ?1 AND lower(r.section || ' ' || r."row" || ' ' || r.number) = lower(?5))
    END
ORDER BY o.nr DESC LIMIT ?3;
--: account_get
SELECT name, role, must_change, is_disabled, changed_ms, generation, hash FROM accounts WHERE name = ?1;
--: account_put
INSERT INTO accounts (name, role, must_change, is_disabled, changed_ms, generation, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (name) DO UPDATE SET role = excluded.role, must_change = excluded.must_change,
    is_disabled = excluded.is_disabled, changed_ms = excluded.changed_ms, generation = excluded.generation,
    hash = excluded.hash;
--: account_list
SELECT name, role, must_change, is_disabled, changed_ms, generation, hash FROM accounts ORDER BY name;
--: account_owners
SELECT count(*) FROM accounts WHERE role = 'owner' AND is_disabled = 0 AND name <> ?1;

--: action_add
INSERT INTO actions (at_ms, who, via, verb, event, before, after, note, undoes)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, nullif(?9, 0));
--: action_get
SELECT a.nr, a.at_ms, a.who, a.via, a.verb, a.event, a.before, a.after, a.note, a.undoes,
       (SELECT u.nr FROM actions u WHERE u.undoes = a.nr)
FROM actions a WHERE a.nr = ?1;
--: actions_page
SELECT a.nr, a.at_ms, a.who, a.via, a.verb, a.event, a.before, a.after, a.note, a.undoes,
       (SELECT u.nr FROM actions u WHERE u.undoes = a.nr)
FROM actions a WHERE a.nr < ?1 ORDER BY a.nr DESC LIMIT ?2;
--: actions_of_event
SELECT a.nr, a.at_ms, a.who, a.via, a.verb, a.event, a.before, a.after, a.note, a.undoes,
       (SELECT u.nr FROM actions u WHERE u.undoes = a.nr)
FROM actions a WHERE a.event = ?3 AND a.nr < ?1 ORDER BY a.nr DESC LIMIT ?2;

--: visitor_add
INSERT INTO visitor_accounts (email, hash, visitor, created_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (email) DO UPDATE SET repeats = repeats + 1;
--: visitor_get
SELECT hash, visitor FROM visitor_accounts WHERE email = ?1;
--: visitor_password
UPDATE visitor_accounts SET hash = ?2 WHERE email = ?1;
--: signed_out_add
INSERT INTO signed_out (session, ends_ms) VALUES (?1, ?2) ON CONFLICT (session) DO NOTHING;
--: signed_out_drop
DELETE FROM signed_out WHERE ends_ms <= ?1;
--: signed_out_page
SELECT session, ends_ms FROM signed_out WHERE session > ?1 AND ends_ms > ?2 ORDER BY session LIMIT ?3;
