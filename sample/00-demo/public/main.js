// What the buttons do. The files beside this one keep the session, send requests, and show what came of it.
import { listen } from './events.js';
import { bearer, CookieSession, HeaderSession } from './session.js';
import { $, showChain, showDevices, showEvent, showExchange, showToken, tick } from './views.js';
import { send } from './wire.js';
import { COOKIES_LOST, ENDED, explain, FORGED, NO_ANSWER, NOTES, wrongAgain } from './words.js';

const sessions = {
  headers: new HeaderSession(),
  cookies: new CookieSession((path) =>
    send('GET', path, { credentials: { cookies: 'same-origin' } }),
  ),
};
let session = sessions.headers;
/** Tells the other tabs that the session has changed. */
const tabs = new BroadcastChannel('session');

function say({ tone, text }) {
  $('status').className = `status ${tone}`;
  $('status').textContent = text;
}

/** Sends a request of this session, and shows it. */
function call(method, path, { json, type = 'access', credentials } = {}) {
  const how = credentials ?? session.credentials(type, method);
  return send(method, path, { credentials: how, json, witness: showExchange });
}

/** The actions that have not ended yet. */
const pending = new Set();

/** Runs an action, once at a time for each button. A busy button keeps the focus. */
async function busy(button, action) {
  if (button.ariaDisabled === 'true') return;
  button.ariaDisabled = 'true';
  // A live region tells a sentence again only if another was there in between.
  say({ tone: 'plain', text: button.dataset.busy ?? 'Sending…' });
  $('login-error').textContent = '';
  const running = action();
  pending.add(running);
  await running.finally(() => {
    pending.delete(running);
    button.ariaDisabled = null;
  });
}

function whenPressed(id, action) {
  $(id).addEventListener('click', ({ currentTarget }) => void busy(currentTarget, action));
}

/* Log in and out */

async function login() {
  const { username, password } = Object.fromEntries(new FormData($('login')));
  const cookies = session.transport === 'cookies';
  const answer = await call('POST', '/login', {
    json: { username, password, ...(cookies && { cookies }) },
    credentials: { headers: {}, cookies: cookies ? 'same-origin' : 'omit' },
  });
  if (answer.status !== 200) return refuseLogin(explain(answer).text);
  const isKept = await session.take(answer.body, { isLogin: true });
  if (!isKept) return refuseLogin(COOKIES_LOST);
  $('login').reset();
  changed();
  say(explain(answer, 'Logged in. Call a route, then wait a minute, or refresh.'));
}

function refuseLogin(text) {
  say({ tone: 'bad', text });
  $('login-error').textContent = text;
  $('password').select();
}

async function logout() {
  const answer = await call('POST', '/logout');
  if (answer.status === 200) end('here');
  else failed(answer);
}

async function everywhere() {
  const answer = await call('POST', '/logout/everywhere');
  if (answer.status === 200) end('everywhere');
  else failed(answer);
}

/** The session is over: what is on the page stays in sight, marked as refused. */
function end(why) {
  if (session.ended || !session.refresh) return;
  session.end(why);
  changed();
  say({ tone: why === 'here' || why === 'everywhere' ? 'good' : 'bad', text: ENDED[why] });
}

function failed(answer) {
  say(explain(answer));
  if (/revoked/.test(answer.body?.msg ?? '')) end('elsewhere');
}

/* Call, refresh, replay */

async function callRoute(path) {
  const answer = await call('GET', path);
  const who = answer.body?.logged_in_as;
  if (answer.status === 200) return say(explain(answer, `Let in as ${who}.`));
  failed(answer);
  if (/Fresh token/.test(answer.body?.msg ?? '')) $('again-password').focus();
}

async function refresh() {
  const answer = await call('POST', '/refresh', { type: 'refresh' });
  if (answer.status !== 200) return failed(answer);
  await session.take(answer.body);
  changed();
  say(explain(answer, 'New tokens. The old one is spent, and the access token is not fresh.'));
}

async function replay(encoded) {
  const answer = await call('POST', '/refresh', { type: 'refresh', credentials: bearer(encoded) });
  if (/revoked/.test(answer.body?.msg ?? '')) return end('reused');
  if (answer.status !== 200) return failed(answer);
  await session.take(answer.body);
  changed();
  say(
    explain(answer, 'Forgiven: within ten seconds, the token spent last gets the same pair again.'),
  );
}

async function enterPasswordAgain() {
  const field = $('again-password');
  const { sub: username } = session.refresh.claims;
  // The refresh token names the session, for the access token may have expired.
  const answer = await call('POST', '/fresh-login', {
    json: { username, password: field.value },
    type: 'refresh',
  });
  if (answer.status !== 200) {
    failed(answer);
    if (/Bad username or password/.test(answer.body?.msg)) {
      const { password } = document.querySelector(`[data-username="${username}"]`).dataset;
      say({ tone: 'bad', text: wrongAgain(username, password) });
    }
    return field.select();
  }
  field.value = '';
  await session.take(answer.body);
  changed();
  say(explain(answer, 'A fresh access token, of the same session.'));
}

/* Devices */

async function loadDevices() {
  if (!isOpen() || !session.access || tick($('access'), session.access) === 0) return;
  const credentials = session.credentials('access', 'GET');
  const { status, body } = await send('GET', '/devices', { credentials });
  if (status !== 200) return;
  const end = (id, button) => void busy(button, () => endDevice(id));
  keepFocus(() => showDevices(body, end));
}

async function endDevice(id) {
  const answer = await call('DELETE', `/devices/${id}`);
  if (answer.status !== 204) return failed(answer);
  if (id === session.refresh.claims.sid) return end('here');
  say(explain(answer, 'Ended. That device is refused at its next request.'));
  await loadDevices();
}

/* Show */

const isOpen = () => Boolean(session.refresh) && !session.ended;

/** The session has changed by what this page did. */
function changed() {
  tabs.postMessage(session.transport);
  keepFocus(show);
}

/** If an update takes away what has the focus, the heading of its section gets it. */
function keepFocus(update) {
  const held = document.activeElement;
  const heading = held?.closest('section')?.querySelector('h2');
  update();
  if (!heading || (held.isConnected && !held.closest('[hidden]'))) return;
  (heading.closest('[hidden]') ? $('h-login') : heading).focus({ preventScroll: true });
}

function show() {
  const { transport, access, refresh: token, ended } = session;
  for (const part of document.querySelectorAll('[data-needs]'))
    part.hidden = part.dataset.needs === 'session' ? !isOpen() : !token;
  $('login').hidden = isOpen();
  $('account').hidden = !isOpen();
  $('refresh').hidden = !isOpen();
  for (const radio of document.getElementsByName('transport'))
    radio.checked = radio.value === transport;
  $('transport-note').textContent = NOTES[transport].transport;
  $('chain-note').textContent = NOTES[transport].chain;
  $('forgery-note').textContent = NOTES[transport].forgery;
  $('h-login').textContent = isOpen() ? `Logged in as ${token.claims.name}` : 'Log in';
  if (!token) return;
  $('again-username').value = token.claims.sub;
  showToken($('access'), 'access', access, { ended, transport });
  showToken($('refresh-token'), 'refresh', token, { ended, transport });
  showChain(session, (encoded, button) => void busy(button, () => replay(encoded)));
  void loadDevices();
}

/** Which access token the page has already called expired. */
let told;

setInterval(() => {
  if (!session.refresh) return;
  const left = tick($('access'), session.access);
  const jti = session.access?.claims.jti;
  if (isOpen() && left === 0 && jti && told !== jti) {
    told = jti;
    say({ tone: 'plain', text: 'The access token has expired. Call a route, then refresh.' });
  }
  if (tick($('refresh-token'), session.refresh) === 0) end('expired');
}, 200);

/* What comes from the server and from other tabs */

/** Why an event ends this session, if it does. */
function endingOf({ name, level, sessionId, identity, issuedBefore }) {
  const { sid, sub, iat } = session.refresh?.claims ?? {};
  if (name === 'jwt.reused' && sessionId === sid) return 'reused';
  if (name !== 'jwt.revoked') return undefined;
  const isThis = level === 'session' && sessionId === sid;
  const isOfUser =
    level === 'identity' && identity === sub && Date.parse(issuedBefore) >= iat * 1_000;
  return isThis || isOfUser ? 'elsewhere' : undefined;
}

/** This page always sends the CSRF value. Events from before it was opened are told again. */
function isForged({ code, at }) {
  const isNew = Date.parse(at) > performance.timeOrigin;
  return code === 'CSRF_FAILED' && isNew && isOpen() && session.transport === 'cookies';
}

const CHANGE_DEVICES = ['jwt.minted', 'jwt.rotated', 'jwt.revoked'];
let reloading;

async function hear(event) {
  showEvent(event);
  if (CHANGE_DEVICES.includes(event.name)) {
    clearTimeout(reloading);
    reloading = setTimeout(() => void loadDevices(), 150);
  }
  if (isForged(event)) say({ tone: 'good', text: FORGED });
  const why = endingOf(event);
  if (!why) return;
  // If this page has done it itself, the answer says it better.
  await Promise.allSettled(pending);
  if (endingOf(event)) end(why);
}

function connected(isUp) {
  $('connection').textContent = isUp ? 'Server answers' : 'Server does not answer';
  $('connection').classList.toggle('bad', !isUp);
  if (!isUp) return say({ tone: 'bad', text: NO_ANSWER });
  if ($('status').textContent === NO_ANSWER)
    say({ tone: 'good', text: 'The server is back. Go on.' });
  void loadDevices();
}

tabs.addEventListener('message', async ({ data }) => {
  if (data !== session.transport) return;
  if (await session.load()) say({ tone: 'plain', text: 'Another tab has changed the session.' });
  keepFocus(show);
});

async function use(transport) {
  // Each action ends with the session that it began with.
  await Promise.allSettled(pending);
  session = sessions[transport];
  await session.load();
  show();
}

for (const radio of document.getElementsByName('transport'))
  radio.addEventListener('change', () => {
    say({ tone: '', text: '' });
    $('login-error').textContent = '';
    void use(radio.value);
  });
for (const person of document.querySelectorAll('[data-username]'))
  person.addEventListener('click', () => {
    $('username').value = person.dataset.username;
    $('password').value = person.dataset.password;
    $('password').focus();
  });
for (const route of document.querySelectorAll('[data-path]'))
  route.addEventListener('click', () => void busy(route, () => callRoute(route.dataset.path)));
for (const [id, action] of [
  ['login', login],
  ['again', enterPasswordAgain],
])
  $(id).addEventListener('submit', (event) => {
    event.preventDefault();
    void busy(event.submitter, action);
  });
for (const heading of document.querySelectorAll('h2')) heading.tabIndex = -1;
whenPressed('logout', logout);
whenPressed('everywhere', everywhere);
whenPressed('refresh', refresh);

$('app').hidden = false;
await sessions.cookies.load();
await use(sessions.cookies.refresh ? 'cookies' : 'headers');
listen(hear, connected);
