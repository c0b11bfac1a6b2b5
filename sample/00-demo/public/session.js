// What the page knows of its session. Each way for tokens to travel has a session of its own.
import { decode } from './tokens.js';

/** How many refresh tokens of a session are remembered. */
const SHOWN = 6;

/** A session whose tokens this page keeps and sends in the header `Authorization`. */
export class HeaderSession {
  transport = 'headers';
  access;
  refresh;
  /** The refresh tokens of the session, the newest last: `{ jti, encoded }`. A real page forgets those that are spent. */
  chain = [];
  /** Why the session is over; empty while it is not. */
  ended = '';

  /** Takes the session from the storage that the tabs share, and says whether it is another one now. */
  async load() {
    const before = this.refresh?.claims.jti;
    const stored = read();
    if (stored) this.#keep(stored.access, stored.chain);
    else if (!this.ended) this.#forget();
    return before !== this.refresh?.claims.jti;
  }

  /** Takes the tokens of an answer. */
  async take({ access_token, refresh_token }, { isLogin = false } = {}) {
    const chain = isLogin ? [] : this.chain;
    const jti = refresh_token && decode(refresh_token).claims.jti;
    const isNew = refresh_token && chain.at(-1)?.jti !== jti;
    this.#keep(access_token, isNew ? [...chain, { jti, encoded: refresh_token }] : chain);
    write({ access: access_token, chain: this.chain });
    return true;
  }

  /** Ends the session for this page. Its tokens stay in sight, to show that they are refused; they are stored no longer. */
  end(why) {
    this.ended = why;
    write(undefined);
  }

  /** The headers that a request is sent with, and what the browser does with cookies. */
  credentials(type) {
    // Another tab may have refreshed meanwhile.
    const stored = this.ended ? undefined : read();
    if (stored) this.#keep(stored.access, stored.chain);
    const encoded = type === 'refresh' ? this.refresh?.encoded : this.access?.encoded;
    return encoded ? bearer(encoded) : { headers: {}, cookies: 'omit' };
  }

  #keep(access, chain) {
    this.access = { encoded: access, ...decode(access) };
    this.chain = chain.slice(-SHOWN);
    this.refresh = { encoded: chain.at(-1).encoded, ...decode(chain.at(-1).encoded) };
    this.ended = '';
  }

  #forget() {
    this.access = this.refresh = undefined;
    this.chain = [];
  }
}

/** A session whose tokens the browser keeps in cookies that scripts cannot read. */
export class CookieSession {
  transport = 'cookies';
  access;
  refresh;
  /** Of these tokens the page knows nothing but the id. */
  chain = [];
  ended = '';

  /** @param ask - asks the server what is in a cookie: from a path to an answer whose body is `{ header, claims }` */
  constructor(ask) {
    this.ask = ask;
  }

  async load() {
    const before = this.refresh?.claims.jti;
    const [access, refresh] =
      csrfOf('refresh') === undefined
        ? [NOTHING, NOTHING]
        : await Promise.all(['/claims', '/refresh/claims'].map(this.ask));
    if (refresh.status === 200) this.#keep(access.body, refresh.body);
    // A server that does not answer, or has trouble itself, says nothing about the session.
    else if (refresh.status >= 400 && refresh.status < 500 && !this.ended) this.#forget();
    return before !== this.refresh?.claims.jti;
  }

  /** Says whether the browser has kept the cookies. */
  async take(_body, { isLogin = false } = {}) {
    if (csrfOf('access') === undefined) return false;
    if (isLogin) this.#begin();
    await this.load();
    return true;
  }

  end(why) {
    this.ended = why;
  }

  credentials(type, method) {
    const csrf = csrfOf(type);
    const headers = csrf && method !== 'GET' ? { 'X-CSRF-TOKEN': csrf } : {};
    return { headers, cookies: 'same-origin', cookie: csrf && `${type}_token_cookie` };
  }

  #begin() {
    this.chain = [];
    this.ended = '';
  }

  #forget() {
    this.access = this.refresh = undefined;
    this.chain = [];
  }

  #keep(access, refresh) {
    const { jti, sid } = refresh.claims;
    if (sid !== this.refresh?.claims.sid) this.#begin();
    if (this.chain.at(-1)?.jti !== jti) this.chain = [...this.chain, { jti }].slice(-SHOWN);
    this.access = access?.claims ? access : this.access;
    this.refresh = refresh;
  }
}

/** The answer about a cookie that is not there. */
const NOTHING = { status: 401 };

/** The credentials of a request with this token in the header. */
export function bearer(encoded) {
  return { headers: { Authorization: `Bearer ${encoded}` }, cookies: 'omit' };
}

/** The CSRF value that belongs to a token in a cookie. Another site cannot read it. */
function csrfOf(type) {
  return new RegExp(`(?:^|; )csrf_${type}_token=([^;]+)`).exec(document.cookie)?.[1];
}

const STORED = 'session';

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) ?? undefined;
  } catch {
    return undefined;
  }
}

/** A browser that blocks cookies blocks this storage too: then the session lasts as long as the page. */
function write(session) {
  try {
    if (session) localStorage.setItem(STORED, JSON.stringify(session));
    else localStorage.removeItem(STORED);
  } catch {
    return;
  }
}
