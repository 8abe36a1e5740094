// Every word a visitor or an organizer reads: here those before a turn, in text-news.js those of rarer moments, in
// text-inside.js those of seats, payment and tickets, in text-office.js the organizer's. Another language is another catalogue of the same keys.
// {name} is filled in; a plural is an object with the forms of Intl.PluralRules, chosen by `n`.

export const language = 'en-GB';

const catalogue = {
  'site.name': 'Stanchion',
  'site.home': 'All events',
  'site.loading': 'One moment',
  'site.skip': 'Skip to content',
  'phase.open': 'On sale',
  'phase.paused': 'Paused',
  'time.seconds': { one: '{n} second', other: '{n} seconds' },
  'time.minutes': { one: 'about {n} minute', other: 'about {n} minutes' },
  'time.hours': { one: 'about {n} hour', other: 'about {n} hours' },
  'time.underMinute': 'less than a minute',
  'time.range': '{from} to {to} minutes',
  'time.rangeHours': '{from} to {to} hours',
  'time.upToHours': 'up to {n} hours',
  'time.days': { one: '{n} day', other: '{n} days' },
  'link.waiting': 'Connection lost. Trying again in {time}. Your place is kept.',
  'link.again': 'Connecting again. Your place is kept.',
  'link.fullGateway': 'Very many people are here. Trying again in {time}. A place you have is kept.',
  'link.full': 'The line is full right now. We ask again for you in {time}; leave this page open.',
  'link.busy': 'The system is catching up. Asking again in {time}. Nothing you have is lost.',
  'site.message': 'From the organizer',
  'sale.opensAt': 'Opens {date}',
  'sale.openedAt': 'On sale since {date}',
  'sale.yourTime': 'In your time zone: {date}',
  'sale.prices': 'Prices',
  'sale.left': { one: '{n} left', other: '{n} left' },
  'sale.noneLeft': 'None left',
  'sale.join': 'Get in line',
  'sale.account': 'Account',
  'sale.tickets': 'My tickets',
  'sale.opens': 'The sale opens in',
  'sale.prequeueOpens': 'You can get in line in',
  'sale.prequeue': 'The line is open. Admission starts in',
  'sale.waiting': { one: '{n} person in line', other: '{n} people in line' },
  'sale.limit': { one: 'At most {n} ticket each.', other: 'At most {n} tickets each.' },
  'sale.notFound': 'There is no such event',
  'sale.notFoundHint': 'Perhaps the address was mistyped, or the event is not published yet.',
  'sale.loadError': 'The event could not be loaded.',
  'line.title': 'You are in line',
  'line.getting': 'Getting your place',
  'line.ahead': { one: '{n} person ahead of you', other: '{n} people ahead of you' },
  'line.until': 'until the draw',
  'line.next': 'You are next',
  'line.estimate': 'Estimated wait',
  'line.noEstimate': 'No estimate yet',
  'line.asOf': 'As of {time}',
  'line.left': 'What is left',
  'line.progress': 'Progress towards your turn',
  'line.keep': 'You may close this page or lock your phone: your place is kept. Come back to this address in the same browser.',
  'line.leave': 'Leave the line',
  'line.leaveAsk': 'Leave the line? Your place goes to the next person.',
  'line.stay': 'Stay in line',
  'line.tab': '{n} ahead',
  'error.connection': 'The connection was interrupted. Nothing is lost; please try again in a moment.',
};

const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(language);

// All texts known so far, by key.
export const allTexts = () => ({ ...catalogue });

export function addTexts(more) {
  Object.assign(catalogue, more);
}

export function t(key, values = {}) {
  let text = catalogue[key];
  if (text === undefined) return ''; // its catalogue is still on the way
  if (typeof text === 'object') text = text[plural.select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    typeof values[name] === 'number' ? number.format(values[name]) : values[name] ?? whole);
}

// Fills in what the page itself leaves to the catalogue: data-text and data-label (aria-label).
export function fillTexts(root) {
  for (const node of root.querySelectorAll('[data-text]')) node.textContent = t(node.dataset.text);
  for (const node of root.querySelectorAll('[data-label]')) node.setAttribute('aria-label', t(node.dataset.label));
}
