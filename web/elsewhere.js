// The place on another device: a link whose fragment is the receipt. Who opens such a link is asked first: from then on
// this browser is the same visitor.
import { ask } from './ask.js';
import { announce } from './dom.js';
import { handOut } from './linkout.js';
import { need, t } from './text.js';

await need('more');

export async function showLink({ store }) {
  const link = `${location.origin}${location.pathname}#${store.get('receipt')}`;
  const isCopied = await handOut(link, { text: t('more.text'), qr: t('more.qr'), secret: t('more.secret'), name: t('more.link') });
  if (isCopied !== null) announce(t(isCopied ? 'more.copied' : 'more.notCopied'));
}

// Called before anything else has begun. `api` is the event's address.
export async function takeOver(visit, api) {
  const receipt = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  if (receipt === visit.store.get('receipt') || !(await ask(t('more.take'), t('more.takeYes'), t('more.takeNo')))) return;
  const answer = await fetch(`${api}/continue`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ receipt }) })
    .catch(() => null);
  if (answer?.ok) {
    visit.store.clear();
    visit.store.set({ receipt });
  } else visit.change({ notice: answer?.status === 403 ? 'sale.signIn' : answer ? 'sale.receipt' : 'error.other', code: 'connection' });
}
