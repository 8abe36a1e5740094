// One check of the checker: a deadline that a browser was told is kept. Nothing ends before it, and no later answer names
// an earlier one, unless the visitor has given the seats up or Redis has lost data. `t` and deadlines are of one clock.

const SLACK_MS = 5; // both are cut off to whole milliseconds, in several steps

// When the answer cannot have been decided earlier; of pushes only `deadline` says it.
function askedAt(entry, asks) {
  if (entry.what === 'answer') return asks.get(`${entry.who} ${entry.m.re}`)?.t ?? null;
  return entry.what === 'push' && entry.m.type === 'deadline' ? entry.m.server_ms : null;
}

// What an answer tells of deadlines: { deadline, hasHold, order }, or null.
function toldBy(m) {
  if (m.type === 'entered') return { deadline: m.hold?.deadline_ms ?? m.deadline_ms, hasHold: Boolean(m.hold), order: m.hold?.order };
  if (m.type === 'held') return { deadline: m.deadline_ms, hasHold: true };
  if (m.type === 'payment') return { deadline: m.deadline_ms, hasHold: true, order: m.order };
  return m.type === 'deadline' ? { deadline: m.deadline_ms } : null;
}

// Why this message breaks what was told before, or null.
function broken(entry, known, asked) {
  const { t, m } = entry, leftMs = known.deadline - t;
  const early = (what) => (leftMs > SLACK_MS ? `${what} ${leftMs} ms before the deadline that was told` : null);
  if (m.type === 'expired') return m.reason === 'time_out' ? early('the turn ended') : null;
  if (m.type === 'unsold') return m.reason === 'time_out' && m.order === known.order ? early('the time to pay ended') : null;
  if (asked === null || asked < known.t) return null; // it may be older
  if (m.type === 'error') return m.code === 'no_hold' && known.hasHold && !known.isPaid ? early('the hold was gone') : null;
  if (m.type === 'entered' && !m.hold && known.hasHold && !known.isPaid) return early('the hold was gone');
  const nearer = known.deadline - (toldBy(m)?.deadline ?? Infinity);
  return m.type !== 'payment' && nearer > 0 ? `the deadline came nearer by ${nearer} ms (${m.type})` : null; // a checkout has its own
}

const ENDS = ['confirmed', 'expired', 'unsold', 'left', 'released', 'place'];

export function hastened({ history }) {
  const found = [], told = new Map(), asks = new Map();
  const givenUp = new Map(); // who -> { id, t }: what was decided before t may be older than that seats or place were given up
  let trustedFrom = 0, isBlind = false;
  for (const entry of history) {
    const { t, who, what, m } = entry, known = told.get(who);
    if (['fault', 'healed'].includes(what) && m.isLossy) {
      told.clear();
      trustedFrom = t;
      if (m.isClock) isBlind = what === 'fault'; // the server's clock is another one now
    } else if (what === 'ask') {
      asks.set(`${who} ${m.id}`, { t });
      if (['release', 'leave'].includes(m.type)) {
        told.delete(who);
        givenUp.set(who, { id: m.id, t: Infinity });
      }
      if (m.type === 'pay' && known) known.isPaid = true;
    } else if (['answer', 'push'].includes(what) && !isBlind) {
      const asked = askedAt(entry, asks), now = toldBy(m);
      const gaveUp = givenUp.get(who);
      if (gaveUp && what === 'answer' && ((m.re === gaveUp.id && m.type !== 'error') || m.type === 'entered'))
        givenUp.set(who, { t: m.re === gaveUp.id ? t : asked });
      const why = known && broken(entry, known, asked);
      if (why) found.push(`${who}: ${why}`);
      if (ENDS.includes(m.type)) told.delete(who);
      else if (now && asked !== null && asked >= trustedFrom && asked >= (givenUp.get(who)?.t ?? 0)) {
        const isOlder = known && asked < known.t && m.type !== 'payment';
        told.set(who, { t, isPaid: known?.isPaid && !now.hasHold, hasHold: known?.hasHold, order: known?.order, ...now,
          deadline: isOlder ? Math.max(known.deadline, now.deadline) : now.deadline });
      }
    }
  }
  return found;
}
