// Answers and events, in words.
import { shortId } from './tokens.js';

const REFUSALS = [
  [/Missing CSRF|CSRF/, 'The CSRF value is missing or wrong, so the cookie alone does not count.'],
  [/Missing (JWT|Authorization|cookie)/, 'There was no token in the request. Log in first.'],
  [/Token has expired/, 'The token has expired. Refresh, or log in again.'],
  [/Fresh token required/, 'The token is valid but not fresh. Enter the password again below.'],
  [/Missing required claim/, 'The token is valid, but it is not an admin’s.'],
  [/revoked/, 'The token has been revoked: its time is not over, but its session is.'],
  [/Bad username or password/, 'Username or password is wrong. Both are written above.'],
  [/could not be checked/, 'The store does not answer, so nobody is let in. Try again soon.'],
];

export const NO_ANSWER =
  'The server does not answer. Start it again with “npm start”: this page goes on by itself.';

/** What an answer means, and whether it is good news. */
export function explain({ status, body }, good) {
  if (status === 0) return { tone: 'bad', text: NO_ANSWER };
  if (status < 300) return { tone: 'good', text: good };
  const said = body?.msg ?? body?.message ?? '';
  const known = REFUSALS.find(([pattern]) => pattern.test(said));
  return { tone: 'bad', text: `Refused (${status}). ${known ? known[1] : said}`.trim() };
}

/** Why the form for a fresh token is refused. */
export const wrongAgain = (username, password) =>
  `Refused (401). That is not the password of ${username}: in this demo it is ${password}. You are still logged in.`;

/** What came of the attacker's form. */
export const FORGED =
  'A forged form came with your cookies, and was refused for want of the CSRF value. You are still logged in.';

/** Why a session is over. */
export const ENDED = {
  here: 'Logged out. The tokens have time left, but the server refuses them from now on: call a route and see.',
  everywhere:
    'Logged out on every device. All tokens issued until now are refused: call a route and see.',
  reused:
    'A spent refresh token came back, so two parties may hold it. The server ended the whole session, its access tokens included. Log in again.',
  elsewhere: 'This session was ended from somewhere else. Log in again.',
  expired: 'The refresh token has expired, and with it the session. Log in again.',
};

export const COOKIES_LOST =
  'The password was right, but your browser did not keep the cookies. It blocks them, or this page is neither from localhost nor over HTTPS. Allow them, or choose the Authorization header.';

/** What is different with each way for tokens to travel. */
export const NOTES = {
  headers: {
    transport:
      'The page keeps the tokens and sends them itself. A script that gets into the page could take them along.',
    chain:
      'The token spent last may come again within ten seconds, as from two tabs. An older one never.',
    forgery:
      'Another origin cannot add your header, so its forged form comes without a token. Try it with cookies, too: those the browser sends by itself.',
  },
  cookies: {
    transport:
      'The browser keeps the tokens where scripts cannot read them, and sends them by itself. So requests that change something must repeat a CSRF value.',
    chain:
      'Scripts never see these tokens, so nobody can take one from this page. To replay one, use the header.',
    forgery:
      'Another origin can make your browser send its cookies along, but it cannot read the CSRF value. Its form tries to log you out everywhere. See what the server says, here and under the events.',
  },
};

const CODES = {
  TOKEN_MISSING: 'no token',
  CSRF_FAILED: 'no valid CSRF value',
  TOKEN_EXPIRED: 'token expired',
  TOKEN_NOT_FRESH: 'token not fresh',
  TOKEN_REVOKED: 'token revoked',
  TOKEN_REUSED: 'refresh token reused',
  CLAIMS_INSUFFICIENT: 'missing claim',
};

const EVENTS = {
  minted: ({ type, identity, jti }) => `${identity} got the ${type} token ${shortId(jti)}`,
  refused: ({ code, identity }) => `${identity ?? 'a request'}: ${CODES[code] ?? code} (${code})`,
  rotated: ({ jti, successor }) => `refresh token ${shortId(jti)} became ${shortId(successor)}`,
  raced: ({ jti }) => `${shortId(jti)} came twice within the grace: the same successor again`,
  reused: ({ jti, sessionId }) =>
    `${shortId(jti)} came back: session ${shortId(sessionId)} is over`,
  revoked: ({ level, identity, sessionId, jti }) =>
    ({
      session: `session ${shortId(sessionId)}`,
      identity: `everything of ${identity}`,
      token: `token ${shortId(jti)}`,
      all: 'every token issued until now',
    })[level],
  'store-down': ({ reason }) => reason,
  'store-up': () => 'the store answers again',
};

/** A security event as `[name, sentence]`. */
export function eventWords({ name, ...event }) {
  const short = name.replace('jwt.', '');
  return [short, EVENTS[short]?.(event) ?? ''];
}

/** A browser or client by its user agent. */
export function clientName(userAgent) {
  const [, browser] = /(Edg|Firefox|OPR|Chrome|Safari)\//.exec(userAgent) ?? [];
  const [system] = /Android|iPhone|iPad|Windows|Mac OS X|Linux/.exec(userAgent) ?? [];
  const name = { Edg: 'Edge', OPR: 'Opera' }[browser] ?? browser ?? userAgent.split(' ')[0];
  return system ? `${name} on ${system.replace('Mac OS X', 'macOS')}` : name;
}
