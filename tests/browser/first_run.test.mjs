// What `./run` prints the first time is all that somebody needs to get into the console, once: from its words to the list of
// events. Only the build is left out: a clone of links whose cmake does nothing has the program under test as its build.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { binary, freePort, root, temporaryDirectory, until } from '../support/stanchion.mjs';
import { DESKTOP, launch, newPerson } from './browser.mjs';

const OWN_PASSWORD = 'four words of mine';
let child = null, browser = null;
after(async () => {
  await browser?.close();
  if (!child || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
});
process.on('exit', () => child?.kill('SIGTERM'));

function makeClone() {
  const clone = temporaryDirectory();
  for (const name of ['run', '.packages', 'cmake', 'docs']) fs.symlinkSync(path.join(root, name), path.join(clone, name));
  fs.mkdirSync(path.join(clone, 'build/bin'), { recursive: true });
  fs.symlinkSync(binary, path.join(clone, 'build/bin/stanchion'));
  fs.mkdirSync(path.join(clone, 'tools'));
  fs.writeFileSync(path.join(clone, 'tools/cmake'), '#!/bin/sh\n', { mode: 0o755 });
  return clone;
}

// Resolves to what it has printed when it has said everything.
async function startRun(clone) {
  const args = ['--data.dir', path.join(clone, 'data'), '--listen.port', String(await freePort()), '--gateways', '1'];
  let said = '', log = '';
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('STANCHION_')));
  child = spawn(path.join(clone, 'run'), args, { env: { ...env, PATH: `${path.join(clone, 'tools')}:${env.PATH}` } });
  child.stdout.on('data', (data) => { said += data; });
  child.stderr.on('data', (data) => { log += data; });
  await until(() => `it says where to look:\n${said}${log}`, () => {
    assert.equal(child.exitCode, null, `${said}${log}`);
    return said.includes('Ctrl-C stops it');
  });
  return said;
}

const statusOf = (page, method, address, body) => page.evaluate(async ([how, where, json]) => (await fetch(`/api/v1/organizer/${where}`, {
  method: how, body: json && JSON.stringify(json) })).status, [method, address, body]);

test('the printed name and password open the console, and nothing of it before another password is chosen', async () => {
  const said = await startRun(makeClone());
  const printed = (what) => new RegExp(`^  ${what} +(\\S+)`, 'm').exec(said)?.[1] ?? assert.fail(`no ${what} in: ${said}`);
  const [name, password] = [printed('name'), printed('password')];
  assert.ok(password.length >= 12, 'not one that is the same everywhere');
  browser = await launch();
  const { page } = await newPerson(browser, DESKTOP);
  const signIn = async () => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  await page.goto(printed("organizer's page"));
  await signIn();
  const asked = page.getByRole('heading', { name: 'Choose your own password' });
  await asked.waitFor();
  for (const [method, address, body] of [['GET', 'events'], ['GET', 'events/arena/orders'], ['POST', 'events/arena', { phase: 'closed' }]])
    assert.equal(await statusOf(page, method, address, body), 403, `${method} ${address}`);
  await page.goto(`${page.url().split('#')[0]}#/e/arena/live`);
  await page.reload();
  await asked.waitFor();
  const choose = async (own) => {
    await page.getByLabel('Password until now').fill(password);
    await page.getByLabel('New password', { exact: true }).fill(own);
    await page.getByLabel('New password, again').fill(own);
    await page.getByRole('button', { name: 'Use this password' }).click();
  };
  await choose(password);
  await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor();
  await choose(OWN_PASSWORD);
  await page.getByText('Arena Night').first().waitFor();
  assert.equal(await statusOf(page, 'GET', 'events'), 200);
  assert.equal(await statusOf(page, 'POST', 'session', { name, password }), 401, 'what was printed is good no more');
  assert.equal(await statusOf(page, 'POST', 'session', { name, password: OWN_PASSWORD }), 200);
});
