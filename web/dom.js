// A few words for making and finding elements. Data only ever becomes text, never markup.

export const $ = (id) => document.getElementById(id);

// el('button', {class: 'quiet', type: 'button', onclick: f, 'aria-pressed': 'true'}, 'text', child, ...)
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Changes the text only when it differs, so that live regions and selections are left in peace.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, isShown) {
  node.hidden = !isShown;
}

// A dot in a category's colour. Colours come from the plan; anything that is not one is ignored by the browser.
export function swatch(color) {
  const dot = el('span', { class: 'swatch', 'aria-hidden': 'true' });
  dot.style.backgroundColor = color;
  return dot;
}

// Says something to a screen reader without changing what is seen.
export function announce(text) {
  const region = $('announcer');
  region.textContent = '';
  requestAnimationFrame(() => { region.textContent = text; });
}
