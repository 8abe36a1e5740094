// What is behind a turn - seats, payment, tickets - with its markup, its style and its words, fetched in one go.
import { el } from './dom.js';
import { PaymentView } from './pay.js';
import { SeatsView } from './seats.js';
import { fillTexts, need } from './text.js';
import { ResultView } from './tickets.js';

const here = (file) => new URL(file, import.meta.url);

async function loadMarkup() {
  const answer = await fetch(here('./inside.html'));
  if (!answer.ok) throw new Error(`inside.html: ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), 'text/html').body.children;
}

function loadStyle() {
  return new Promise((resolve, reject) => {
    document.head.append(el('link', { rel: 'stylesheet', href: here('./inside.css'), onload: resolve, onerror: reject }));
  });
}

// Views by name. Rejects when something could not be fetched; then nothing has been added to the page but a style.
export async function createInside(visit, planUrl) {
  const [purchase, markup] = await Promise.all([visit.purchase(), loadMarkup(), loadStyle(), need('inside')]);
  const sections = [...markup];
  sections.forEach(fillTexts); // and nothing else: the rest of the page may say something else by now
  document.querySelector('main').append(...sections);
  const seats = new SeatsView(visit, purchase, planUrl);
  return { seats, payment: new PaymentView(purchase, () => seats.plan()), result: new ResultView(visit) };
}
