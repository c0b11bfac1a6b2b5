import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccessGuard } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Clock } from '../../support/forge.js';
import { CERTIFICATE } from '../../support/keys.js';
import { claimsAtNow, forgeAs, keysOf } from '../../support/tokens.js';

const handler = jest.fn(() => 'in');
const attacker = keysOf('RS256', 'attacker');

@Controller()
class AccessController {
  @UseGuards(AccessGuard)
  @Get('access')
  access(): string {
    return handler();
  }
}

/** The header parameters that name or carry a key (RFC 7515 section 4.1). */
const CARRIERS: readonly [name: string, value: (url: string) => unknown][] = [
  ['jwk', () => ({ ...attackersJwk(), alg: 'RS256', use: 'sig' })],
  ['jku', (url) => `${url}/jwks.json`],
  ['x5u', (url) => `${url}/chain.pem`],
  ['x5c', () => [CERTIFICATE.split('\n').slice(1, -2).join('')]],
  ['x5t', () => 'dGh1bWJwcmludA'],
  ['x5t#S256', () => 'dGh1bWJwcmludA'],
  ['kid', (url) => `${url}/key.pem`],
];

describe.each(ADAPTERS)('A key that the token brings along, on %s (R5)', (adapter) => {
  const fetched: string[] = [];
  let listener: Server;
  let url: string;
  let app: RunningApp;

  beforeAll(async () => {
    listener = createServer(({ url: path = '' }, response) => {
      fetched.push(path);
      response.end(JSON.stringify({ keys: [attackersJwk()] }));
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const options = { ...keysOf('RS256').options, clock: new Clock().now };
    app = await createApp(adapter, { controllers: [AccessController], options });
  });
  afterAll(async () => {
    await app.close();
    await new Promise((resolve) => listener.close(resolve));
  });

  it.each(CARRIERS)('is not believed when it is given as %s', async (name, value) => {
    handler.mockClear();
    const header = { alg: 'RS256', typ: 'JWT', [name]: value(url) };
    const token = forgeAs('RS256', claimsAtNow(), { header, key: attacker.signing });

    const { status, body } = await app.send('GET', '/access', { token });

    expect({ status, body }).toEqual({
      status: 422,
      body: { msg: 'Signature verification failed' },
    });
    expect(handler).not.toHaveBeenCalled();
  });

  it.each(CARRIERS)(
    'is passed over when it is given as %s and ours has signed',
    async (name, value) => {
      const header = { alg: 'RS256', typ: 'JWT', [name]: value(url) };

      const { status, body } = await app.send('GET', '/access', {
        token: forgeAs('RS256', claimsAtNow(), { header }),
      });

      expect({ status, body }).toEqual({ status: 200, body: 'in' });
    },
  );

  it('is never fetched', async () => {
    await fetch(`${url}/alive`);

    expect(fetched).toEqual(['/alive']);
  });
});

function attackersJwk(): object {
  return attacker.verifying.export({ format: 'jwk' });
}
