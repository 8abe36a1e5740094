// The server's clock, as well as this device can know it. Countdowns and deadlines use nothing else.
//
// A message can only arrive after it was stamped, and the answer to a question was stamped after the question left:
// each of them is a bound for how far this device's clock is off. A message may have lain here for hours (a page that
// was frozen), and the device's clock may be set at any time: what does not fit is not believed, but asked about.

const DOUBT_MS = 1500;

let offsetMs = null;
let steady = Date.now() - performance.now();
let isInDoubt = false;

// A message stamped serverMs has just arrived; tripMs is how long ago it was asked for, if it was. Of all that is
// possible the earliest time is taken: nothing that opens at a moment is shown as open before it.
export function sample(serverMs, tripMs = Infinity) {
  if (!Number.isFinite(serverMs)) return;
  const least = serverMs - Date.now();
  if (tripMs < Infinity) isInDoubt = false;
  if (offsetMs === null || offsetMs < least || offsetMs > least + tripMs) offsetMs = least;
  else if (offsetMs > least + DOUBT_MS) isInDoubt = true;
}

// Whether the server should be asked for the time: this device slept or its clock was set, or a message does not fit.
export function isDoubtful() {
  const now = Date.now() - performance.now();
  if (Math.abs(now - steady) > DOUBT_MS) isInDoubt = true;
  steady = now;
  return isInDoubt;
}

export function now() {
  return Date.now() + (offsetMs ?? 0);
}

export const leftMs = (deadlineMs) => Math.max(0, deadlineMs - now());
