// The place on another device: a link whose fragment is the receipt. Browsers send a fragment to nobody, so it is in no
// log; the QR code is made here. Who opens such a link is asked first: from then on this browser is the same visitor.
import { ask } from './ask.js';
import { announce, el } from './dom.js';
import { qrImage } from './qr.js';
import { qrOf } from './qrcode.js';
import { need, t } from './text.js';

await need('more');

export async function showLink({ store }) {
  const link = `${location.origin}${location.pathname}#${store.get('receipt')}`;
  const code = qrOf(link);
  const more = el('div', { class: 'elsewhere' }, code && qrImage(code, t('more.qr')), el('p', { class: 'soft small' }, t('more.secret')),
    el('p', {}, el('a', { href: link }, t('more.link'))));
  if (!(await ask(t('more.text'), t('more.copy'), t('more.close'), { more }))) return;
  const isCopied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
  announce(t(isCopied ? 'more.copied' : 'more.notCopied'));
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
  } else visit.change({ notice: answer?.status === 403 ? 'sign_in' : answer ? 'receipt' : 'other', code: 'connection' });
}
