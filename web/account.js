// The dialog of a visitor's account: sign in, sign up, and who is signed in. Fetched when it is first needed; made here,
// because the page itself does without it. Passwords are only ever in the form and in the request.
import { $, el, setText, show } from './dom.js';
import { need, t } from './text.js';

const API = '/api/v1/account';
const FULL_TRIES_MAX = 10; // when very many sign in at once we ask again by ourselves, not for ever

async function call(method, path, body) {
  const answer = await fetch(API + path, {
    method,
    cache: 'no-store',
    headers: body ? { 'Content-Type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  const fields = text ? JSON.parse(text) : {};
  if (!answer.ok) throw Object.assign(new Error(fields.error), { code: fields.error, fields });
  return fields;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function problemText({ code, fields }, isNew) {
  if (code === 'wrong_password') return t(isNew ? 'account.taken' : 'account.wrong');
  if (code === 'too_fast') return t('account.tooFast', { n: fields.retry_s });
  if (code === 'bad_message') return t(isNew ? 'account.notUsableNew' : 'account.notUsable');
  if (code === 'full' || code === 'busy' || code === 'ledger_down') return t('account.busy');
  return t('error.connection');
}

class Dialog {
  #isNew = false; #isWorking = false; #isShown = false; #outcome = null; #nodes = {};

  constructor() {
    const input = (id, type, text) => {
      const node = el('input', { id, type, required: true, maxlength: '256' });
      return [el('label', { for: id }, t(text)), node];
    };
    const [emailLabel, email] = input('account-email', 'email', 'account.email');
    const [passwordLabel, password] = input('account-password', 'password', 'account.password');
    email.autocomplete = 'username';
    email.dir = password.dir = 'ltr'; // in every language
    const n = this.#nodes;
    Object.assign(n, { email, password });
    n.title = el('h2', { id: 'account-title' });
    n.hint = el('p', { class: 'soft small' }, t('account.passwordHint'));
    n.problem = el('p', { class: 'problem', role: 'alert', hidden: true });
    n.submit = el('button', { class: 'primary big', type: 'submit' });
    n.other = el('button', { class: 'quiet', type: 'button', onclick: () => this.#switch(!this.#isNew) });
    n.form = el('form', { onsubmit: (event) => this.#submit(event) }, n.title,
      el('div', { class: 'field' }, emailLabel, email),
      el('div', { class: 'field' }, passwordLabel, password, n.hint), n.problem, n.submit,
      el('div', { class: 'buttons' }, n.other, this.#closer('account.cancel')));
    n.who = el('p', { class: 'lead' });
    n.out = el('button', { type: 'button', onclick: () => this.#signOut() }, t('account.signOut'));
    n.outProblem = el('p', { class: 'problem', role: 'alert', hidden: true });
    n.info = el('div', { class: 'narrow', hidden: true }, n.who, n.outProblem,
      el('div', { class: 'buttons' }, n.out, this.#closer('account.close')));
    n.dialog = el('dialog', { id: 'account', 'aria-labelledby': 'account-title' }, n.form, n.info);
    document.body.append(n.dialog);
  }

  #closer(text) {
    return el('button', { class: 'quiet', type: 'button', onclick: () => this.#nodes.dialog.close() }, t(text));
  }

  // Resolves when the dialog is closed: 'in' when somebody has signed in, 'out' when somebody has signed out, or null.
  // isSignedOut: nobody needs to be asked who it is. A second call before the first has its outcome changes nothing.
  async open(isSignedOut) {
    if (this.#isShown) return null;
    this.#isShown = true;
    try {
      return await this.#show(isSignedOut);
    } finally {
      this.#isShown = false;
    }
  }

  async #show(isSignedOut) {
    const n = this.#nodes;
    this.#outcome = null;
    const who = isSignedOut ? null : await call('GET', '').catch(() => null);
    show(n.form, !who);
    show(n.info, Boolean(who));
    if (who) setText(n.who, t('account.signedIn', { email: who.email }));
    n.dialog.ariaLabel = who ? t('account.title') : null;
    this.#switch(false);
    show(n.outProblem, false);
    n.password.value = '';
    n.dialog.showModal();
    (who ? n.out : n.email).focus();
    await new Promise((resolve) => n.dialog.addEventListener('close', resolve, { once: true }));
    n.password.value = '';
    return this.#outcome;
  }

  #switch(isNew) {
    const n = this.#nodes;
    this.#isNew = isNew;
    n.password.autocomplete = isNew ? 'new-password' : 'current-password';
    n.password.minLength = isNew ? 8 : 0;
    setText(n.title, t(isNew ? 'account.signUpTitle' : 'account.signInTitle'));
    setText(n.submit, t(isNew ? 'account.signUp' : 'account.signIn'));
    setText(n.other, t(isNew ? 'account.haveOne' : 'account.haveNone'));
    show(n.hint, isNew);
    this.#problem('');
  }

  #problem(text) {
    setText(this.#nodes.problem, text);
    show(this.#nodes.problem, text !== '');
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#isWorking) return;
    const n = this.#nodes;
    this.#isWorking = n.submit.disabled = true;
    this.#problem('');
    try {
      await this.#sign({ email: n.email.value, password: n.password.value });
      this.#outcome = 'in';
      n.dialog.close();
    } catch (error) {
      this.#problem(problemText(error, this.#isNew));
      n.password.select();
    } finally {
      this.#isWorking = n.submit.disabled = false;
    }
  }

  async #sign(body) {
    if (this.#isNew) await this.#patiently(() => call('POST', '', body));
    await this.#patiently(() => call('POST', '/session', body));
  }

  // In a crowd the server says when to come back; the visitor need not.
  async #patiently(ask) {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        if (error.code !== 'full' || tries === FULL_TRIES_MAX || !this.#nodes.dialog.open) throw error;
        this.#problem(t('account.full'));
        await sleep(error.fields.retry_s * 1000 * (1 + Math.random() * 0.3));
      }
    }
  }

  async #signOut() {
    const n = this.#nodes;
    n.out.disabled = true;
    try {
      await call('DELETE', '/session');
      this.#outcome = 'out';
      n.dialog.close();
    } catch (error) {
      setText(n.outProblem, error.code ? t('account.busy') : t('error.connection'));
      show(n.outProblem, true);
    } finally {
      n.out.disabled = false;
    }
  }
}

function loadStyle() {
  return new Promise((resolve, reject) => {
    const href = new URL('./account.css', import.meta.url);
    document.head.append(el('link', { rel: 'stylesheet', href, onload: resolve, onerror: reject }));
  });
}

let dialog = null;

// Shows the dialog: 'in' when somebody has signed in, 'out' when somebody has signed out, null when it was closed.
// isSignedOut: nobody needs to be asked who it is.
export async function openAccount(isSignedOut = false) {
  if (!dialog) {
    await Promise.all([loadStyle(), need('account')]);
    dialog ??= new Dialog();
  }
  return dialog.open(isSignedOut);
}
