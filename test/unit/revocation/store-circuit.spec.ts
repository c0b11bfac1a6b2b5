import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Outages } from '../../../src/events/outages.js';
import { EventPublisher } from '../../../src/events/security-event-publisher.js';
import { StoreCircuit } from '../../../src/revocation/store-circuit.js';
import { failureOf, hanging, Output, postponed } from '../../support/faults.js';

const TIMEOUT_MS = 10;

const asItIs = (answer: unknown) => answer;

describe('StoreCircuit', () => {
  let circuit: StoreCircuit;
  let output: Output;
  let events: string[];
  const onDown = () => events.push('down');
  const onUp = () => events.push('up');

  beforeEach(() => {
    jest.useFakeTimers();
    circuit = new StoreCircuit(TIMEOUT_MS, new EventPublisher(undefined), new Outages());
    output = new Output();
    events = [];
    subscribe('nestjs-jwt-extended:store-down', onDown);
    subscribe('nestjs-jwt-extended:store-up', onUp);
  });
  afterEach(() => {
    unsubscribe('nestjs-jwt-extended:store-down', onDown);
    unsubscribe('nestjs-jwt-extended:store-up', onUp);
    output.restore();
    jest.useRealTimers();
  });

  async function attempt(answer: () => unknown): Promise<unknown> {
    return circuit.call('reading', 'get', answer, asItIs);
  }

  /** Makes calls, waits until they are overdue, and tells how many of them went to the store. */
  async function call(count: number, answer: () => Promise<unknown> = hanging): Promise<number> {
    const store = jest.fn(answer);
    const outcomes = Promise.allSettled(Array.from({ length: count }, () => attempt(store)));
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    await outcomes;
    return store.mock.calls.length;
  }

  it('opens after 64 overdue calls, and then lets one call a second through', async () => {
    expect(circuit.state).toBe('closed');
    expect(await call(64)).toBe(64);
    expect(circuit.state).toBe('half-open');
    expect(await call(1_000)).toBe(1);
    expect(circuit.state).toBe('open');
    await jest.advanceTimersByTimeAsync(999 - TIMEOUT_MS);
    expect(await call(1_000)).toBe(0);
    expect(circuit.state).toBe('half-open');
    expect(await call(1_000)).toBe(1);
  });

  it('says which call did not go to the store, and why', async () => {
    await call(64);
    await call(1);

    expect(await failureOf(attempt(hanging))).toMatchObject({
      code: 'CHECK_UNAVAILABLE',
      cause: { message: 'The blocklist store (get) was not called: other calls are overdue' },
    });
  });

  it.each<[what: string, settle: (late: ReturnType<typeof postponed<void>>) => void]>([
    ['is answered', (late) => late.resolve()],
    ['fails', (late) => late.reject(new Error('the store is away'))],
  ])('has room for one more call when an overdue call %s', async (_, settle) => {
    const [one, other] = [postponed<void>(), postponed<void>()];
    await call(1, () => one.promise);
    await call(1, () => other.promise);
    await call(62);
    expect(await call(1_000)).toBe(1);
    expect(circuit.state).toBe('open');

    settle(one);
    settle(other);
    await jest.advanceTimersByTimeAsync(0);

    expect(circuit.state).toBe('closed');
    await call(1);
    expect(circuit.state).toBe('open');
  });

  it('no longer counts an overdue call after half a minute, and never takes it off twice', async () => {
    const late = postponed<void>();
    await call(1, () => late.promise);
    await jest.advanceTimersByTimeAsync(30_000);
    await call(64);

    late.resolve();
    await jest.advanceTimersByTimeAsync(0);

    expect(circuit.state).toBe('half-open');
    await jest.advanceTimersByTimeAsync(30_000);
    expect(circuit.state).toBe('closed');
  });

  it('closes as soon as the store answers a call', async () => {
    await call(64);
    expect(await call(1, () => Promise.resolve())).toBe(1);

    expect(circuit.state).toBe('closed');
    expect(await call(10_000, () => Promise.resolve())).toBe(10_000);
  });

  it('opens after 1,024 overdue calls while the store answers other calls', async () => {
    const store = jest.fn(hanging);
    for (let round = 0; round < 40; round += 1) {
      const calls = Array.from({ length: 64 }, () => attempt(store));
      await jest.advanceTimersByTimeAsync(TIMEOUT_MS / 2);
      // Answered in time, and after the calls above are overdue.
      calls.push(attempt(() => new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS - 4))));
      const outcomes = Promise.allSettled(calls);
      await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
      await outcomes;
    }

    expect(store).toHaveBeenCalledTimes(1_025);
  });

  it('reports an outage once, and its end once', async () => {
    const away = () => Promise.reject(new Error('the store is away'));
    await call(3, away);
    await call(3, () => Promise.resolve());
    await jest.advanceTimersByTimeAsync(1_000);
    await call(1, away);

    expect(events).toEqual(['down', 'up', 'down']);
    expect(output.lines).toEqual([
      'The blocklist store failed: the store is away',
      'The blocklist store works again: it failed 3 times in 0.0 s',
      'The blocklist store failed: the store is away',
    ]);
  });

  it('counts an answer of the wrong shape as none', () => {
    const refuse = () => {
      throw new TypeError('get must give a list');
    };
    expect(() => circuit.call('reading', 'get', () => 1, refuse)).toThrow('could not be checked');
    expect(events).toEqual(['down']);
  });

  it.each([
    ['reading', 'writing', 'up'],
    ['writing', 'reading', 'down'],
    ['writing', 'writing', 'up'],
  ] as const)(
    'after %s failed and %s succeeded, reports the store as %s',
    (failed, used, state) => {
      const full = () => {
        throw new Error('the store is full');
      };
      expect(() => circuit.call(failed, 'method', full, asItIs)).toThrow(
        'Token could not be checked',
      );

      void circuit.call(used, 'method', () => 1, asItIs);

      expect(events.at(-1)).toBe(state);
    },
  );
});
