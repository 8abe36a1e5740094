// What this browser remembers about one event: the receipt of its place and how far it got.
// Private windows may refuse storage; then the cookie alone keeps the place.

export function openStore(event) {
  const key = `stanchion:${event}`;
  const read = () => {
    try {
      const value = JSON.parse(localStorage.getItem(key));
      return value && typeof value === 'object' ? value : {};
    } catch {
      return {};
    }
  };
  const write = (value) => {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch { /* full or forbidden: see above */ }
  };
  return {
    get: (name) => read()[name],
    set: (values) => write({ ...read(), ...values }),
    clear: () => write({}),
  };
}
