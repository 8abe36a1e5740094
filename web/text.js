// The words a visitor or an organizer reads. The page comes in one language (web/words, one file for each); its words are
// fetched in parts, those before a turn at once and the others when they are needed.
// {name} is filled in; a plural is an object with the forms of Intl.PluralRules, chosen by `n`.

const RETRY_MS = 4000;
const page = document.documentElement.lang;

// Numbers and dates are written as in the reader's own country when its language is the page's.
export const language = navigator.languages.find((each) => each.split('-')[0] === page) ?? page;

const catalogue = {};
const parts = {};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function load(part) {
  for (;;) {
    try {
      const answer = await fetch(new URL(`./${page}-${part}.json`, import.meta.url));
      if (answer.ok) return addTexts(await answer.json());
    } catch { /* tried again: without words there is no page */ }
    await sleep(RETRY_MS);
  }
}

// Resolves when these words are there; it goes on trying and never rejects.
export const need = (part) => (parts[part] ??= load(part));

export function addTexts(more) {
  Object.assign(catalogue, more);
}

const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);

export function t(key, values = {}) {
  let text = catalogue[key];
  // Its part is still on the way.
  if (text === undefined) return '';
  if (typeof text === 'object') text = text[plural.select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    typeof values[name] === 'number' ? number.format(values[name]) : values[name] ?? whole);
}

// Fills in what the page itself leaves to the catalogue: data-text and data-label (aria-label).
export function fillTexts(root) {
  for (const node of root.querySelectorAll('[data-text]')) node.textContent = t(node.dataset.text);
  for (const node of root.querySelectorAll('[data-label]')) node.setAttribute('aria-label', t(node.dataset.label));
}

await need('line');
