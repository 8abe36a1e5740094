// Accounts as a browser uses them: sign up, in and out over HTTP, with the cookie that comes back.

const path = '/api/v1/account';

// { status, body, cookie (name=value or null), headers }
export async function call(server, method, where, body, { cookie = null, origin = server.url, headers = {} } = {}) {
  const answer = await fetch(server.url + where, {
    method,
    headers: { ...(origin ? { Origin: origin } : {}), ...(cookie ? { Cookie: cookie } : {}), ...headers },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const set = answer.headers.get('set-cookie');
  return { status: answer.status, text, body: text ? JSON.parse(text) : null, set, cookie: set?.split(';')[0] ?? null, headers: answer.headers };
}

export const signUp = (server, email, password, options) => call(server, 'POST', path, { email, password }, options);
export const signIn = (server, email, password, options) => call(server, 'POST', `${path}/session`, { email, password }, options);
export const signOut = (server, cookie, options) => call(server, 'DELETE', `${path}/session`, undefined, { cookie, ...options });
export const whoAmI = (server, cookie) => call(server, 'GET', path, undefined, { cookie });

// A new account that is signed in; gives its cookie.
export async function newAccount(server, email, password = 'correct horse') {
  const up = await signUp(server, email, password);
  if (up.status !== 202) throw new Error(`sign up: ${up.status} ${up.text}`);
  const signed = await signIn(server, email, password);
  if (signed.status !== 200) throw new Error(`sign in: ${signed.status} ${signed.text}`);
  return signed.cookie;
}
