// A link with a secret behind its # is handed out: as a QR code, as a link, and into the clipboard. Browsers send what stands
// behind # to nobody, so it is in no log; the QR code is made here.
import { ask } from './ask.js';
import { el } from './dom.js';
import { qrImage } from './qr.js';
import { qrOf } from './qrcode.js';
import { need, t } from './text.js';

await need('more');

// words: text (what it is for), qr, secret (who may see it), name (of the link). `more` stands below. Resolves to whether it was
// copied, or null when nobody asked for that.
export async function handOut(link, { text, qr, secret, name }, ...more) {
  const code = qrOf(link);
  const shown = el('div', { class: 'elsewhere' }, code && qrImage(code, qr), el('p', { class: 'soft small' }, secret),
    el('p', {}, el('a', { href: link }, name)), ...more);
  if (!(await ask(text, t('more.copy'), t('more.close'), { more: shown }))) return null;
  return await navigator.clipboard?.writeText(link).then(() => true, () => false) ?? false;
}
