// `node --expose-gc --single-threaded-gc test/benchmark/memory-store.js`: what a MemoryBlocklistStore of a million entries
// takes, and how long it ever holds the event loop. It counts processor time, and has all garbage collected in the thread
// that is measured, so that the figures are an upper bound whatever else the machine does. It prints one line of JSON.
import { MemoryBlocklistStore } from 'nestjs-jwt-extended';
import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';

const MILLION = 1_000_000;
const HOUR_MS = 3_600_000;

const clock = movableClock();
const ticks = caughtTimers();

/** As the library writes them. */
const newKey = () => `jti:${randomUUID()}`;

await warmUp();
const store = newStore();
const lookups = {};
const known = [];

await fillTo(1);
lookups['an empty store'] = await lookUp();
await fillTo(10_000);
lookups['10,000 entries'] = await lookUp();

const emptyHeap = heapUsed();
const sizeBefore = store.size;
const adding = await fillTo(MILLION);
const bytes = (heapUsed() - emptyHeap) / (store.size - sizeBefore);
lookups['1,000,000 entries'] = await lookUp();

const idle = await tick(store, 1_000);
clock.advance(2 * HOUR_MS);
const sweeping = await tick(store, Infinity);
const sessionBytes = sessionCosts();
const addingToMap = plainMap();

console.log(
  JSON.stringify({
    'Memory store: bytes': {
      'an entry, its key included': [bytes],
      'a session, one an identity': [sessionBytes],
    },
    'Memory store: µs of a look-up of 4 keys, two of them there': lookups,
    'Memory store: longest stretch, ms, garbage collection included': {
      'adding a million: one call': [adding],
      'a plain Map instead: one call': [addingToMap],
      'sweeping, nothing expired: one tick': [idle.longest],
      'sweeping a million expired: one tick': [sweeping.longest],
    },
  }),
);

function newStore() {
  return new MemoryBlocklistStore({ maxEntries: 2 * MILLION, clock: clock.now });
}

/** Has the engine compile what is to be measured. */
async function warmUp() {
  const store = newStore();
  for (let count = 0; count < 100_000; count += 1) {
    store.add(newKey(), '1', count % 2 ? null : clock.now());
    if (count % 100 === 0) await turn();
  }
  await tick(store, 100);
  clock.advance(2 * HOUR_MS);
  await tick(store, 100);
  ticks.length = 0;
}

/** @returns the longest call, in milliseconds */
async function fillTo(size) {
  let longest = 0;
  while (store.size < size) {
    const key = newKey();
    const expiresAt = new Date(clock.now().getTime() + HOUR_MS);
    longest = Math.max(
      longest,
      cpuMsOf(() => store.add(key, '1', expiresAt)),
    );
    if (store.size % 100 === 1) known.push(key);
    if (store.size % 100 === 0) await turn();
  }
  return longest;
}

async function lookUp() {
  const one = (index) => known[(index * 7919) % known.length];
  const questions = Array.from({ length: 2_000 }, (_, index) => [
    ...[one(index), newKey()],
    ...[one(index + 1), newKey()],
  ]);
  const micros = [];
  for (let round = 0; round < 60; round += 1) {
    const ms = cpuMsOf(() => {
      for (const question of questions) store.get(question);
    });
    if (round >= 10) micros.push((ms * 1_000) / questions.length);
    await turn();
  }
  return micros;
}

/** Lets the store's own timer tick, until nothing is left or as often as is said. */
async function tick(store, most) {
  let [longest, count] = [0, 0];
  for (; count < most && store.size > 0; count += 1) {
    longest = Math.max(
      longest,
      cpuMsOf(() => {
        for (const callback of ticks) callback();
      }),
    );
    await turn();
  }
  return { longest, count };
}

function sessionCosts() {
  const store = newStore();
  const before = heapUsed();
  for (let count = 0; count < MILLION / 10; count += 1) {
    store.sessions.put(`user-${count}`, flat(randomUUID()), 'a record', null);
  }
  return ((heapUsed() - before) * 10) / MILLION;
}

/** As text comes out of a token; a new UUID is still a tree of its parts. */
function flat(text) {
  return JSON.parse(JSON.stringify(text));
}

function plainMap() {
  const map = new Map();
  let longest = 0;
  while (map.size < MILLION) {
    const key = newKey();
    longest = Math.max(
      longest,
      cpuMsOf(() => map.set(key, '1')),
    );
  }
  return longest;
}

function heapUsed() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function cpuMsOf(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Hours pass at once. */
function movableClock() {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    advance: (milliseconds) => {
      offset += milliseconds;
    },
  };
}

/** What is to happen every second happens when it is called. */
function caughtTimers() {
  const callbacks = [];
  globalThis.setInterval = (callback) => {
    callbacks.push(callback);
    return { unref: () => ({}) };
  };
  return callbacks;
}
