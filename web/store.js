// What this browser remembers about one event: the receipt of its place and how far it got.
// Private windows may refuse storage; then the page remembers as long as it is open, and the cookie keeps the place.

export function openStore(event) {
  const key = `stanchion:${event}`;
  let memory = {};
  const read = () => {
    try {
      const value = JSON.parse(localStorage.getItem(key));
      return value && typeof value === 'object' ? value : memory;
    } catch {
      return memory;
    }
  };
  const write = (value) => {
    memory = {};
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Full or forbidden: see above.
      memory = value;
    }
  };
  return {
    get: (name) => read()[name],
    set: (values) => write({ ...read(), ...values }),
    clear: () => write({}),
  };
}
