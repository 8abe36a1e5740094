// The page that checks a draw: a file and what was published go in, a verdict comes out. What is published now and the
// receipt of this browser are filled in when the address names an event (?event=...); nothing else is fetched.
import { DrawProblem, checkDraw, hex, leafOf, parseDraw, readReceipt, rootByProof } from './drawcheck.js';
import { $, el, setText, show } from './dom.js';
import { openStore } from './store.js';
import { fillTexts, need, t } from './text.js';

await need('draw');

const event = new URLSearchParams(location.search).get('event');
const api = (rest) => fetch(`/api/v1/events/${encodeURIComponent(event)}/draw${rest}`);
let checked = null; // the draw that was found right

function say(node, isRight, text) {
  node.className = `verdict ${isRight ? 'is-right' : 'is-wrong'}`;
  setText(node, text);
  show(node, true);
}

// What was published and given here is compared with the file; nothing is said when nothing was given.
function comparePublished(draw) {
  const given = ['commitment', 'root'].filter((name) => $(name).value.trim());
  return given.length ? { published: given.every((name) => $(name).value.trim() === draw[name]) } : {};
}

function showSteps(steps) {
  $('steps').replaceChildren(...Object.entries(steps).map(([name, isRight]) => el('li', {},
    el('span', { class: 'grow' }, t(`draw.step_${name}`)),
    el('strong', { class: isRight ? '' : 'is-wrong' }, t(isRight ? 'draw.yes' : 'draw.no')))));
}

async function check() {
  const draw = parseDraw(await $('file').files[0].text());
  const steps = { ...comparePublished(draw), ...await checkDraw(draw, (done) => { $('progress').value = done; }) };
  const isRight = Object.values(steps).every(Boolean);
  checked = isRight ? draw : null;
  showSteps(steps);
  say($('verdict'), isRight, isRight ? t('draw.right', { n: draw.places }) : t('draw.wrong'));
}

$('check').onsubmit = async (submit) => {
  submit.preventDefault();
  checked = null;
  show($('verdict'), false);
  $('steps').replaceChildren();
  $('start').disabled = true;
  $('progress').value = 0;
  show($('progress'), true);
  try {
    await check();
  } catch (error) {
    if (!(error instanceof DrawProblem)) throw error;
    say($('verdict'), false, t(`draw.${error.what}`, { line: error.line }));
  } finally {
    $('start').disabled = false;
    show($('progress'), false);
  }
};

// In the file: by its sequence before or after the draw.
function placeInFile({ seq, visitor, drawn }) {
  const i = (drawn ? checked.nexts : checked.seqs).indexOf(seq);
  if (i < 0) return [false, t('draw.notListed')];
  if (checked.visitors[i] !== visitor) return [false, t('draw.otherVisitor')];
  return [true, t('draw.went', { seq: checked.seqs[i], next: checked.nexts[i] })];
}

async function placeByProof({ seq, visitor, drawn, event: name }) {
  const root = $('root').value.trim();
  const answer = event && root ? await api(`/proof/${drawn ? 'drawn/' : ''}${seq}`).catch(() => null) : null;
  if (!answer?.ok) return [false, t('draw.noProof')];
  const proof = await answer.json();
  const found = await rootByProof(await leafOf(name, proof.seq, visitor), proof);
  const isRight = found !== null && hex(found) === root;
  return [isRight, isRight ? t('draw.proven', { seq: proof.seq, next: proof.new_seq }) : t('draw.unproven')];
}

$('place').onsubmit = async (submit) => {
  submit.preventDefault();
  const receipt = readReceipt($('receipt').value);
  if (!receipt) say($('place-verdict'), false, t('draw.noReceipt'));
  else say($('place-verdict'), ...(checked ? placeInFile(receipt) : await placeByProof(receipt)));
};

async function prefill() {
  $('receipt').value = openStore(event).get('receipt') ?? '';
  const answer = await api('').catch(() => null);
  const published = answer?.ok ? await answer.json() : {};
  $('commitment').value ||= published.commitment ?? '';
  $('root').value ||= published.root ?? '';
}

fillTexts(document);
document.title = `${t('draw.title')} · ${t('site.name')}`;
show($('insecure'), !globalThis.crypto?.subtle);
if (event) {
  for (const link of document.querySelectorAll('.foot a')) link.search += `&event=${encodeURIComponent(event)}`;
  prefill();
}
