// Requests to the organizer's API (docs/organizer.md). A refusal is a Refusal: its message is a sentence that says what to
// do, in the reader's language.
import { t } from '../text.js';
import { refusalText } from './said.js';

const BASE = '/api/v1/organizer';

export class Refusal extends Error {
  constructor(status, fields) {
    super(refusalText(fields) || t('problem.unknown', { status: String(status) }));
    this.status = status;
    this.code = fields.error ?? '';
    this.fields = fields;
  }
}

let onEnded = () => {};

// callback(code): the session has ended (`sign_in`), or a new password must be chosen first (`change_password`).
export function onSessionEnd(callback) {
  onEnded = callback;
}

async function fieldsOf(answer) {
  const text = await answer.text();
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return {};
  }
}

export async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(BASE + path, {
      method,
      cache: 'no-store',
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Refusal(0, { error: 'no_connection' });
  }
  const fields = await fieldsOf(answer);
  if (answer.ok) return fields;
  const refusal = new Refusal(answer.status, fields);
  if (refusal.code === 'sign_in' || refusal.code === 'change_password') onEnded(refusal.code);
  throw refusal;
}

export const get = (path) => call('GET', path);
export const post = (path, body = {}) => call('POST', path, body);

// The address of something to download or to connect to.
export const address = (path) => BASE + path;
export const eventPath = (id, rest = '') => `/events/${encodeURIComponent(id)}${rest}`;
