import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { BlocklistService, TokenCheckUnavailableError } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import {
  failureOf,
  FaultyStore,
  hanging,
  Output,
  ProbeController,
  rejecting,
  throwing,
  UNAVAILABLE,
} from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

const PASSING = 'tokens pass unchecked';

describe.each(ADAPTERS)("over %s, with blocklist.onStoreError: 'allow'", (adapter) => {
  const store = new FaultyStore();
  const isTokenRevoked = jest.fn<() => boolean>();
  let app: RunningApp;
  let output: Output;
  let atStart: readonly string[];
  /** Beside the real clock, so that minutes need not pass. */
  let skipped = 0;
  const realNow = performance.now.bind(performance);

  beforeAll(async () => {
    output = new Output();
    jest.spyOn(performance, 'now').mockImplementation(() => realNow() + skipped);
    app = await createApp(adapter, {
      controllers: [ProbeController],
      options: {
        blocklist: { store, timeout: '20ms', onStoreError: 'allow' },
        loaders: { isTokenRevoked },
      },
    });
    atStart = [...output.lines];
  });
  beforeEach(() => {
    skipped += 60_000;
    store.recover();
    isTokenRevoked.mockReset().mockReturnValue(false);
  });
  afterAll(async () => {
    await app.close();
    output.restore();
    jest.restoreAllMocks();
  });

  async function show(token = forgeToken(accessClaims())) {
    const { status, body } = await app.send('GET', '/access', { token });
    return { status, body };
  }

  function warnings(): number {
    return output.lines.filter((line) => line.includes(PASSING)).length;
  }

  const letIn = { status: 200, body: { identity: 'alice' } };

  it('a warning says at start what that means', () => {
    expect(atStart.join('\n')).toContain(
      "blocklist.onStoreError is 'allow': revoked tokens are let in while the store does not answer",
    );
  });

  it.each([
    ['throws', throwing(new Error('away'))],
    ['rejects', rejecting(new Error('away'))],
    ['throws nothing', throwing(undefined)],
    ['hangs', hanging],
    ['answers nonsense', () => undefined],
  ])('a store that %s lets everybody in, with a warning', async (_, behaviour) => {
    store.get.mockImplementation(behaviour as () => never);
    const before = warnings();
    expect(await show()).toEqual(letIn);
    expect(warnings()).toBe(before + 1);
  });

  it('one warning stands for all of ten seconds', async () => {
    store.get.mockImplementation(rejecting(new Error('connection lost')));
    const before = warnings();
    for (let count = 0; count < 5; count += 1) expect(await show()).toEqual(letIn);
    expect(warnings()).toBe(before + 1);
    skipped += 10_001;
    for (let count = 0; count < 5; count += 1) expect(await show()).toEqual(letIn);
    expect(warnings()).toBe(before + 2);
    expect(output.lines.at(-1)).toContain('connection lost');
  });

  it('a warning is a warning, and signed by the module', async () => {
    store.get.mockImplementation(throwing('no error at all'));
    await show();
    const warn = jest.mocked(Logger.prototype.warn).mock;
    expect(warn.lastCall?.[0]).toContain(PASSING);
    expect(warn.contexts.at(-1)).toMatchObject({ context: 'JwtExtendedModule' });
  });

  it('a store that answers is believed', async () => {
    const token = forgeToken(accessClaims());
    await app.get(BlocklistService).revoke(token);
    expect(await show(token)).toEqual({ status: 401, body: { msg: 'Token has been revoked' } });
    store.get.mockImplementation(rejecting(new Error('away')));
    expect(await show(token)).toEqual(letIn);
    store.recover();
    expect(await show(token)).toEqual({ status: 401, body: { msg: 'Token has been revoked' } });
  });

  it('a revocation that was not acknowledged rejects all the same (R57)', async () => {
    store.add.mockImplementation(rejecting(new Error('away')));
    const error = await failureOf(app.get(BlocklistService).revoke(forgeToken(accessClaims())));
    expect(error).toBeInstanceOf(TokenCheckUnavailableError);
    const { status } = await app.send('POST', '/logout', { token: forgeToken(accessClaims()) });
    expect(status).toBe(503);
  });

  it('isRevoked does not pretend to know', async () => {
    store.get.mockImplementation(rejecting(new Error('away')));
    const error = await failureOf(app.get(BlocklistService).isRevoked(forgeToken(accessClaims())));
    expect(error).toBeInstanceOf(TokenCheckUnavailableError);
  });

  it('the isTokenRevoked loader is asked all the same, and must answer', async () => {
    store.get.mockImplementation(rejecting(new Error('away')));
    isTokenRevoked.mockReturnValue(true);
    expect(await show()).toEqual({ status: 401, body: { msg: 'Token has been revoked' } });
    isTokenRevoked.mockImplementation(throwing(new Error('away too')));
    expect(await show()).toEqual(UNAVAILABLE);
  });
});
