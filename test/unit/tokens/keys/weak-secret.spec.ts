import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createSecretKey } from 'node:crypto';
import { refuseWeakSecret } from '../../../../src/keys/secret.js';
import { mistakeOf } from './mistake.js';

describe('A weak secret', () => {
  const text = 'c0rrect-h0rse';
  const refuse = () => refuseWeakSecret(createSecretKey(Buffer.from(text)), ['HS256'], 'secret');
  const environment = process.env.NODE_ENV;
  let warn: ReturnType<typeof jest.spyOn>;

  beforeEach(() => {
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });
  afterEach(() => {
    process.env.NODE_ENV = environment;
    jest.restoreAllMocks();
  });

  it('is refused in production, with the command that makes a good one (R15)', () => {
    process.env.NODE_ENV = 'production';

    const message = mistakeOf(refuse);
    expect(message).toContain('secret is too short: 13 bytes, and HS256 needs at least 32');
    expect(message).toContain("randomBytes(64).toString('base64url')");
    expect(message).not.toContain(text);
    expect(warn).not.toHaveBeenCalled();
  });

  it('is warned about elsewhere (R15)', () => {
    process.env.NODE_ENV = 'development';
    refuse();

    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0]?.[0])).toContain('randomBytes(64)');
    expect(String(warn.mock.calls[0]?.[0])).not.toContain(text);
  });
});
