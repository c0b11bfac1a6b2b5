// What is in a token. Anybody who holds one can read it: it is signed, not encrypted.

/** Header and claims, without any check: only the server, which has the secret, can say whether a token is valid. */
export function decode(encoded) {
  const [header, claims] = encoded.split('.').slice(0, 2).map(parse);
  return { header, claims };
}

function parse(part) {
  const bytes = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  return JSON.parse(text);
}

/** Enough of a token to tell it from others. */
export function shortened(encoded) {
  return encoded.length > 40 ? `${encoded.slice(0, 16)}…${encoded.slice(-8)}` : encoded;
}

/** Enough of an id to tell it from others. */
export const shortId = (id) => id?.slice(-6) ?? '';

let skew = 0;

/** Goes by the server's clock if this one is wrong by more than a header with whole seconds can be. */
export function heedClock(date) {
  const difference = Date.parse(date) - Date.now();
  if (Number.isFinite(difference)) skew = Math.abs(difference) > 3_000 ? difference : 0;
}

/** The seconds until a token expires, at least 0. */
export function secondsLeft({ exp }) {
  return Math.max(0, exp - (Date.now() + skew) / 1_000);
}

/** `1:05` for 64.2 seconds: a second counts until it is over. */
export function asClock(seconds) {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

const time = (seconds) => new Date(seconds * 1_000).toLocaleTimeString();

const MEANINGS = {
  alg: () => 'how it is signed',
  kid: () => 'the key that signed it',
  sub: () => 'whom it is about',
  type: (type) => (type === 'refresh' ? 'gets new tokens' : 'opens routes'),
  fresh: (fresh) => (fresh ? 'from a password' : 'not from a password'),
  iat: (seconds) => `issued ${time(seconds)}`,
  nbf: (seconds) => `valid from ${time(seconds)}`,
  exp: (seconds) => `expires ${time(seconds)}`,
  auth_time: (seconds) => `login ${time(seconds)}`,
  jti: () => 'id of the token',
  sid: () => 'id of the session',
  csrf: () => 'goes with the cookie',
  name: () => 'custom',
  roles: () => 'custom',
  grant: ({ family }) => (family ? 'its place in the rotation' : 'what the login decided'),
};

/** Who and what come first, then times, then ids. */
const ORDER = Object.keys(MEANINGS);

/** Header or claims as `[name, value]`, in the order of reading. */
export function inOrder(members) {
  const rank = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return Object.entries(members).sort(([one], [other]) => rank(one) - rank(other));
}

/** What a claim or a header parameter means. */
export const meaningOf = (name, value) => MEANINGS[name]?.(value) ?? '';
