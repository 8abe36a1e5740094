-- Ticket types (adult, reduced): what was bought, at that type's price. Empty where a category has one price.

ALTER TABLE sold ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN type TEXT NOT NULL DEFAULT '';

DROP VIEW sold_seats;
CREATE VIEW sold_seats AS
SELECT e.id AS event, s.seat, o.id AS order_id, o.visitor, s.price_minor, o.amount_minor, o.currency, s.section,
       s."row", s.number, s.category, s.type, o.intent, o.epoch, o.fence, o.authorised_ms, o.committed_ms,
       p.state AS payment_state
FROM sold s
JOIN events e ON e.nr = s.event_id
JOIN orders o ON o.nr = s.order_nr
LEFT JOIN payments p ON p.order_id = o.id;
