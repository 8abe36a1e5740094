// The server's clock, as well as this device can know it. Countdowns and deadlines use nothing else.

const JUMP_MS = 1500; // a bigger difference means that this device's own clock was changed or slept

let offsetMs = null;

// A message stamped server_ms has just arrived; tripMs is how long the request for it took, if it was one.
// A sample can only be late, never early: the largest offset seen is the best one.
export function sample(serverMs, tripMs = 0) {
  if (!Number.isFinite(serverMs)) return;
  const seen = serverMs + Math.min(tripMs, 5000) / 2 - Date.now();
  if (offsetMs === null || seen > offsetMs || offsetMs - seen > JUMP_MS) offsetMs = seen;
}

export function now() {
  return Date.now() + (offsetMs ?? 0);
}

export const leftMs = (deadlineMs) => Math.max(0, deadlineMs - now());
