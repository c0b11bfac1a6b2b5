import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StaleIfErrorFetch } from '../../../../src/keys/remote-jwks.js';
import { JwksServer, published, SystemTime } from '../../../support/jwks-server.js';
import { ecPair, rsaPair } from '../../../support/keys.js';
import { rejectionOf } from '../../../support/tokens.js';

const rsa = published(rsaPair().publicKey, { kid: 'rsa' });
const ec = published(ecPair().publicKey, { kid: 'ec' });

let server: JwksServer;
let time: SystemTime;
let ask: () => Promise<unknown>;

beforeEach(async () => {
  server = await JwksServer.start(rsa);
  time = new SystemTime();
  const fetchJwks = new StaleIfErrorFetch().fetch;
  ask = async () => {
    const { signal } = new AbortController();
    const answer = await fetchJwks(server.uri, { signal });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    return answer.json();
  };
});
afterEach(async () => {
  time.restore();
  await server.stop();
});

describe('A key set', () => {
  it('is what the issuer answers at the time, of the kinds that are known', async () => {
    server.publish(rsa, { kty: 'NEW' });
    expect(await ask()).toEqual({ keys: [rsa] });

    server.publish(ec);
    expect(await ask()).toEqual({ keys: [ec] });
    expect(server.requests).toBe(2);
  });

  it.each([201, 204, 206, 301, 302, 307, 308, 304, 401, 404, 429, 500, 503])(
    'is not had with a status of %i (R26)',
    async (status) => {
      const location = server.uri;
      server.answer(status, status === 204 || status === 304 ? '' : '{"keys":[]}', { location });

      expect(await rejectionOf(ask())).toEqual(
        new TypeError(`The key set was answered with status ${status}`),
      );
      expect(server.requests).toBe(1);
    },
  );

  it('is not asked for again within a second of a failure', async () => {
    server.answer(500);
    const failure = await rejectionOf(ask());

    time.forward(0.5);
    expect(await rejectionOf(ask())).toBe(failure);
    expect(server.requests).toBe(1);

    time.forward(0.5);
    server.publish(ec);
    expect(await ask()).toEqual({ keys: [ec] });
  });

  it('is the last good one for an hour, whatever comes in its place (R26)', async () => {
    expect(await ask()).toEqual({ keys: [rsa] });
    server.answer(200, 'garbage');

    time.forward(1800);
    expect(await ask()).toEqual({ keys: [rsa] });
    await server.goAway();
    time.forward(1799);
    expect(await ask()).toEqual({ keys: [rsa] });

    time.forward(2);
    await rejectionOf(ask());
    await server.comeBack();
    server.publish(ec);
    time.forward(1);
    expect(await ask()).toEqual({ keys: [ec] });
  });

  it('is the last good one, and not one from before it', async () => {
    await ask();
    server.publish(ec);
    time.forward(3000);
    await ask();
    await server.goAway();

    time.forward(3000);

    expect(await ask()).toEqual({ keys: [ec] });
  });

  it('comes no later than it is waited for', async () => {
    server.hang();
    const controller = new AbortController();
    const asked = new StaleIfErrorFetch().fetch(server.uri, { signal: controller.signal });
    while (server.requests === 0) await new Promise((resolve) => setImmediate(resolve));

    controller.abort(new Error('late'));

    expect(await rejectionOf(asked)).toEqual(new Error('late'));
  });
});
