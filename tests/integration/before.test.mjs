// What the registrar tells a Redis that comes back empty: who was inside and who had used up their place, and the order
// of a draw that was done, or was being made.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { askRedis, endRecovery, loseRedis } from '../support/redis.mjs';
import { startStanchion, until } from '../support/stanchion.mjs';
import { visit } from '../support/visitor.mjs';

const RECOVERY_MS = 120_000; // nobody may come too late on a busy machine; a test that is done with the window ends it

async function start(...settings) {
  const server = await startStanchion({ flags: ['--gateways', '1'], event: 'arena', open: false });
  server.info = async () => (await fetch(`${server.url}/api/v1/events/arena`)).json();
  server.phase = (phase) => until(`it is ${phase}`, async () => (await server.info()).phase === phase);
  await server.set('tick_ms=100', `recovery_ms=${RECOVERY_MS}`, 'admit_per_tick=0', ...settings);
  return server;
}

async function join(server, count) {
  const people = [];
  for (let i = 0; i < count; i++) {
    const person = await visit(server);
    Object.assign(person, await person.ask({ type: 'join' }));
    people.push(person);
  }
  return people;
}

// Shows the receipt again over a new connection, until there is an answer.
async function comeBack(server, person) {
  const back = await until('a gateway', () => visit(server, { cookie: person.cookie }).catch(() => null));
  return until('an answer', async () => {
    const answer = await back.ask({ type: 'resume', receipt: person.receipt });
    return answer.code !== 'busy' && { ...answer, close: back.close };
  }, { stepMs: 200 });
}

async function lose(server, people) {
  await Promise.all(people.map((person) => person.close()));
  await loseRedis(server, { keptBytes: 0 });
  await until('it recovers', async () => (await server.info().catch(() => ({}))).recovers_at_ms);
}

describe('receipts after the loss of everything', () => {
  let server;
  before(async () => { server = await start('phase=open', 'claim_ms=5000'); });
  after(async () => server?.stop());

  test('are judged by the history', async () => {
    await server.phase('open');
    const [inside, leaver, missed, next, waiting, gone] = await join(server, 6);
    await server.set('active_cap=3', 'admit_per_tick=3');
    for (const person of [inside, leaver, missed]) Object.assign(person, await person.push('admitted'), { receipt: person.receipt });
    for (const person of [inside, leaver]) assert.equal((await person.ask({ type: 'enter', pass: person.pass })).type, 'entered');
    await server.set('admit_per_tick=0');
    assert.equal((await leaver.ask({ type: 'leave' })).type, 'left');
    for (const person of [next, gone]) assert.equal((await person.ask({ type: 'leave' })).type, 'left');
    assert.equal((await missed.push('expired')).reason, 'no_show');
    await until('the registrar has it', async () => (await server.cli(['line', 'export', 'arena', '-'])).stdout.includes('no_show'));
    await lose(server, [inside, leaver, missed, next, waiting, gone]); // the head has passed over `next`
    const answers = {};
    for (const [name, person] of Object.entries({ inside, leaver, missed, next, waiting, gone })) {
      const answer = await comeBack(server, person);
      answers[name] = answer.code ? `${answer.code} ${answer.reason}` : `${answer.type} ${answer.seq}`;
    }
    assert.deepEqual(answers, {
      inside: 'place 1', leaver: 'receipt_gone missed', missed: 'receipt_gone missed', next: 'receipt_gone left',
      waiting: 'place 5', gone: 'receipt_gone left',
    });
    assert.equal(await askRedis(server, 'HGET', 'ev:arena:before', 'ready'), '1');
    await until('it is noted', async () => / epoch \d+ [^]* epoch \d+ [^]* back 1:/.test((await server.cli(['line', 'export', 'arena', '-'])).stdout));
  });
});

describe('a draw and the loss of everything', () => {
  let server;
  before(async () => { server = await start('draw=1', 'draw_beacon_wait=1'); });
  after(async () => server?.stop());
  const draw = async (state) => until(`the draw is ${state}`, async () => {
    const answer = await fetch(`${server.url}/api/v1/events/arena/draw`).catch(() => null);
    const body = answer?.ok ? await answer.json() : {};
    return body.state === state && body;
  });

  test('while it is pending: it goes on with the same root, and to the places it gives', async () => {
    await draw('committed');
    await server.set('phase=prequeue');
    await server.phase('prequeue');
    const people = await join(server, 12);
    await server.set('phase=open');
    const { root } = await draw('pending');
    await lose(server, people);
    const back = await Promise.all(people.map((person) => comeBack(server, person)));
    back.forEach((answer, i) => assert.equal(answer.seq, i + 1, JSON.stringify(answer)));
    await endRecovery(server); // until then the draw rests
    assert.equal((await draw('pending')).root, root);
    await server.set('draw_beacon=heads');
    assert.equal((await draw('done')).root, root);
    await server.phase('open');

    // Now that it is done: everything is lost once more. Old receipts lead to the new places.
    const proof = async (seq) => (await fetch(`${server.url}/api/v1/events/arena/draw/proof/${seq}`)).json();
    const next = [];
    for (let i = 0; i < people.length; i++) next.push((await proof(i + 1)).new_seq);
    assert.deepEqual([...next].sort((a, b) => a - b), people.map((_, i) => i + 1));
    const again = await Promise.all(people.map((person) => comeBack(server, person)));
    again.forEach((answer, i) => assert.equal(answer.seq, next[i]));
    await Promise.all(back.map((one) => one.close()));
    await lose(server, again); // nobody is connected: only the receipts know
    const half = await Promise.all(people.map((person, i) => comeBack(server, i % 2 ? person : { ...person, receipt: again[i].receipt })));
    half.forEach((answer, i) => assert.equal(answer.seq, next[i], `${i % 2 ? 'a receipt from before' : 'one from after'} the draw: ${JSON.stringify(answer)}`));
    assert.equal((await draw('done')).root, root);
    await endRecovery(server);
    await server.phase('open');
  });
});

describe('a draw and a Redis that is killed and keeps its data', () => {
  let server;
  before(async () => { server = await start('draw=1', 'draw_beacon_wait=1'); });
  after(async () => server?.stop());
  const published = async () => {
    const answer = await fetch(`${server.url}/api/v1/events/arena/draw`).catch(() => null);
    return answer?.ok ? answer.json() : {};
  };

  test('it waits until the line has recovered, and then is made of those who were there', async () => {
    await until('it is committed to', async () => (await published()).state === 'committed');
    await server.set('phase=prequeue');
    await server.phase('prequeue');
    const people = await join(server, 15);
    await server.set('phase=open');
    const { root } = await until('it is pending', async () => { const draw = await published(); return draw.state === 'pending' && draw; });
    await loseRedis(server, {});
    await until('the server is back', async () => (await fetch(`${server.url}/healthz`)).ok);
    await server.set('draw_beacon=tails');
    const done = await until('it is done', async () => { const draw = await published(); return draw.state === 'done' && draw; });
    assert.equal(done.root, root);
    assert.equal(done.places, 15);
    const answers = await Promise.all(people.map((person) => comeBack(server, person)));
    for (const [i, { seq }] of answers.entries()) {
      const { new_seq: next } = await (await fetch(`${server.url}/api/v1/events/arena/draw/proof/${i + 1}`)).json();
      assert.equal(seq, next, `visitor ${i}`);
    }
    await server.set('admit_per_tick=5');
    await Promise.all(people.map((person) => person.push('admitted')));
    const turns = (text) => [...text.matchAll(/ tick [^\n]* in \d+ \d+ ((?:\S{12} \d+ )*)out/g)].reduce((sum, [, all]) => sum + (all.split(' ').length >> 1), 0);
    await until('all of it is noted', async () => turns((await server.cli(['line', 'export', 'arena', '-'])).stdout) === 15);
    const file = `${server.dir}/../kept.line`;
    assert.equal((await server.cli(['line', 'export', 'arena', file])).code, 0);
    const { code, stdout, stderr } = await server.cli(['line', 'verify', file]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /15 joined, 15 admitted[^]*nobody was overtaken/);
  });
});
