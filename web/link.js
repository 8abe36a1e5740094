// The page of a link to the tickets of one order. The secret of the link stands behind #, which browsers send to nobody: this
// page sends it in a body, and leaves it where it is, so that a phone that has dropped the page finds the tickets again.
import { setAccent } from './accent.js';
import { $, setText, show } from './dom.js';
import { dateHere, dateIn } from './format.js';
import { fillTexts, need, t } from './text.js';
import { good, order as orderNode } from './tickets.js';

await Promise.all([need('inside'), need('tickets'), need('list')]);

const CAN_PASS = new Set(['busy', 'ledger_down', 'too_fast', 'connection']); // worth another try

async function ask(link) {
  const answer = await fetch('/api/v1/tickets', { method: 'POST', cache: 'no-store', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ link }) })
    .catch(() => null);
  const body = await answer?.json().catch(() => null);
  if (answer?.ok && body) return body;
  return { error: body?.error ?? 'connection' };
}

function refuse(code) {
  setText($('title'), t('tickets.title'));
  setText($('state'), t(`refusal.${code}`) || t('refusal.other', { code }));
  show($('retry'), CAN_PASS.has(code));
}

function draw({ event, order, buyer, ends_ms: endsMs }) {
  const hasGood = good([order]).length > 0;
  setAccent(event.accent);
  document.title = `${event.name} · ${t('tickets.title')}`;
  setText($('title'), event.name);
  $('title').dir = 'auto';
  setText($('when'), event.starts_at_ms > 0 ? dateIn(event.starts_at_ms, event.time_zone) : '');
  setText($('state'), hasGood ? '' : t('tickets.allBack'));
  setText($('buyer'), buyer ? t('tickets.buyer', { buyer }) : t('tickets.anonymous'));
  setText($('until'), t('tickets.until', { date: dateHere(endsMs) }));
  for (const name of ['kind', 'buyer', 'until']) show($(name), true);
  show($('when'), event.starts_at_ms > 0);
  show($('print'), hasGood);
  $('orders').replaceChildren(orderNode(order, event));
}

function clear() {
  for (const name of ['kind', 'when', 'buyer', 'until', 'print', 'retry']) show($(name), false);
  $('orders').replaceChildren();
  setText($('state'), t('done.loading'));
}

async function open() {
  const link = location.hash.slice(1);
  for (const other of document.querySelectorAll('.foot a')) other.hash = location.hash;
  clear();
  if (!link) return refuse('no_link');
  const answer = await ask(link);
  if (link !== location.hash.slice(1)) return undefined; // another one was opened meanwhile
  return answer.error ? refuse(answer.error) : draw(answer);
}

fillTexts(document);
document.title = `${t('tickets.title')} · ${t('site.name')}`;
$('retry').onclick = open;
$('print').onclick = () => print();
addEventListener('hashchange', open);
open();
