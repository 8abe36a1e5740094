// The organizer's console: who is signed in, which view the address names, and nothing of the views themselves. Each view
// is a module of its own, fetched when it is first opened; it gives {title, node, close} and is closed when another follows.
import { $, el, show } from '../dom.js';
import { openStore } from '../store.js';
import { fillTexts, need, t } from '../text.js';
import { call, get, onSessionEnd } from './api.js';
import { askPassword, signIn } from './entry.js';
import { problemBox } from './parts.js';

await Promise.all([need('list'), need('office')]);

const menu = [['#/', 'event.read', 'office.events'], ['#/log', 'log.read', 'office.log'], ['#/accounts', 'account.edit', 'office.accounts']];

// Address (after the #), the right it needs, and its module's view.
const routes = [
  [/^\/?$/, 'event.read', () => import('./home.js')],
  [/^\/accounts$/, 'account.edit', () => import('./people.js')],
  [/^\/log$/, 'log.read', () => import('./log.js')],
  [/^\/new$/, 'event.edit', () => import('./create.js')],
  [/^\/e\/([^/]+)\/live$/, 'event.live', () => import('./board.js')],
  [/^\/e\/([^/]+)\/seats$/, 'event.steer', () => import('./allotments.js')],
  [/^\/e\/([^/]+)\/orders$/, 'order.read', () => import('./orders.js')],
  [/^\/e\/([^/]+)\/orders\/([^/]+)$/, 'order.read', () => import('./order.js')],
  [/^\/e\/([^/]+)\/doors$/, 'door.check', () => import('./doors.js')],
  [/^\/e\/([^/]+)\/setup\/(\w+)$/, 'event.steer', () => import('./setup.js')],
];

const store = openStore('organizer'); // remembers only that somebody signed in; the session itself is a cookie
let session = null;
let view = null;
let turn = 0; // of the navigation under way: an answer that comes after the next click is not shown

const can = (right) => session.rights.includes(right);

function mount(next) {
  view?.close?.();
  view = next;
  document.title = `${next.title} · ${t('site.name')}`;
  $('view').replaceChildren(next.node);
  scrollTo(0, 0);
  const heading = next.node.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  (next.node.querySelector('[data-focus]') ?? heading)?.focus();
}

function drawMenu() {
  const link = ([href, right, key]) => (can(right) ? el('a', { href }, t(key)) : null);
  const leave = async () => {
    await call('DELETE', '/session').catch(() => {});
    enter();
  };
  $('menu').replaceChildren(...menu.map(link).filter(Boolean), el('a', { href: '#/password', class: 'me' }, session.name),
    el('button', { class: 'quiet', type: 'button', onclick: leave }, t('office.signOut')));
  show($('menu'), true);
}

function markMenu(path) {
  for (const link of $('menu').querySelectorAll('a')) {
    const target = link.getAttribute('href').slice(1);
    const isHere = target === '/' ? path === '/' || path === '' || path === '/new' || path.startsWith('/e/') : path === target;
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

// isFinal: trying again would not help.
function failed(error, isFinal = false) {
  const problem = problemBox();
  problem.say(error);
  const again = isFinal ? null : el('button', { type: 'button', class: 'primary', onclick: open }, t('office.again'));
  return { title: t('office.failed'), node: el('section', { class: 'narrow' }, el('h1', {}, t('office.failed')), problem.node,
    el('div', { class: 'buttons' }, again, el('a', { class: isFinal ? 'button primary' : 'button', href: '#/' }, t('office.events')))) };
}

async function load(path) {
  if (path === '/password') return askPassword({ name: session.name, isForced: false, onDone: (next) => { changed(next, '/'); } });
  for (const [pattern, right, module] of routes) {
    const found = pattern.exec(path);
    if (!found) continue;
    if (!can(right)) return failed(t('problem.not_allowed'), true);
    const { view: make } = await module();
    return make({ session, can, go, reload: open }, ...found.slice(1).map(decodeURIComponent));
  }
  return failed(t('problem.no_page'), true);
}

async function open() {
  if (!session) return;
  const path = location.hash.slice(1) || '/';
  const mine = ++turn;
  markMenu(path);
  for (const link of document.querySelectorAll('footer a')) link.hash = location.hash; // another language, the same view
  show($('done'), false);
  const next = await load(path).catch((error) => failed(error));
  if (mine === turn) mount(next);
  else next.close?.();
}

function go(path) {
  if (location.hash === `#${path}`) open();
  else location.hash = path;
}

// A session begins, or goes on with another password: then there is a page to go to.
function changed(next, path = null) {
  session = next;
  store.set({ isSignedIn: true });
  if (session.must_change) return mount(askPassword({ name: session.name, isForced: true, onDone: changed }));
  drawMenu();
  return path === null ? open() : go(path);
}

function enter() {
  turn++;
  session = null;
  store.clear();
  show($('menu'), false);
  show($('done'), false);
  mount(signIn({ onDone: changed }));
}

onSessionEnd((code) => {
  if (!session) return;
  if (code === 'sign_in') enter();
  else changed({ ...session, must_change: true });
});
addEventListener('hashchange', open);
fillTexts(document);
if (!store.get('isSignedIn')) enter();
else {
  get('/session').then((known) => changed(known), (error) => {
    if (error.code === 'sign_in') enter();
    else mount(failed(error));
  });
}
