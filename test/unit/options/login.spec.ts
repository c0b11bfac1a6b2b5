import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

const authenticate = () => 'alice';

describe('login', () => {
  it('is none unless it is given', () => {
    expect(resolve({}).login).toBeUndefined();
    expect(resolve({ login: undefined }).login).toBeUndefined();
  });

  it('takes functions, and the names of the members it reads', () => {
    const given = { authenticate, usernameKey: 'email', passwordKey: 'secret', respond: () => 5 };

    expect(resolve({ login: given }).login).toEqual({
      authenticate: expect.any(Function),
      usernameKey: 'email',
      passwordKey: 'secret',
      respond: expect.any(Function),
    });
    expect(resolve({ login: { authenticate } }).login).toMatchObject({
      usernameKey: 'username',
      passwordKey: 'password',
      respond: undefined,
    });
  });

  it('calls functions on the object they came in', async () => {
    const login = Object.assign(Object.create({ name: 'alice' }) as object, {
      authenticate(this: { name: string }) {
        return this.name;
      },
    });

    expect(resolve({ login }).login?.authenticate('a', 'b')).toBe('alice');
  });

  it.each<[login: unknown, message: string]>([
    [null, 'login was given null; give an object of options'],
    [authenticate, 'login was given a function; give an object of options'],
    [{}, 'login.authenticate was given undefined; give a function'],
    [
      { authenticate: 'alice' },
      'login.authenticate was given a string of 5 characters; give a function',
    ],
    [{ authenticate, respond: true }, 'login.respond was given a boolean; give a function'],
    [{ authenticate, usernameKey: 1 }, 'login.usernameKey was given 1; give a string'],
    [
      { authenticate, usernameKey: '' },
      "login.usernameKey was given ''; give a name that is neither",
    ],
    [
      { authenticate, passwordKey: '__proto__' },
      "login.passwordKey was given '__proto__'; give a name",
    ],
    [
      { authenticate, passwordKey: 'username' },
      "login.passwordKey was given 'username', as was login.usernameKey; give each a member of its own",
    ],
    [
      { authenticate, responds: () => 5 },
      'login.responds is not an option; did you mean login.respond?',
    ],
  ])('is not %j', (login, message) => {
    expect(mistakeOf({ login })).toContain(message);
  });
});
