// Puts what the page knows into its elements. Text is only ever written as text.
import { asClock, inOrder, meaningOf, secondsLeft, shortened, shortId } from './tokens.js';
import { clientName, eventWords } from './words.js';

export const $ = (id) => document.getElementById(id);

/** `element('p', { class: 'note' }, 'text', otherElement)` */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const NAMES = { access: ['Access token', 'h-access'], refresh: ['Refresh token', 'h-refresh'] };

/** A token with its countdown. `tick` keeps that up to date. */
export function showToken(place, type, token, { ended, transport }) {
  const [title, id] = NAMES[type];
  const heading = element('h3', { id }, title);
  if (!token) {
    const text = 'It has expired, and the page has not seen it before. Refresh to get another.';
    place.replaceChildren(heading, element('p', { class: 'note' }, text));
    return;
  }
  const { header, claims, encoded } = token;
  const badges = element('p', { class: 'badges' });
  if (type === 'access') badges.append(badge(claims.fresh ? 'fresh' : 'not fresh'));
  if (ended) badges.append(badge('refused', 'bad'));
  const left = element('p', { class: 'left', role: 'timer', 'aria-label': `${title}, time left` });
  const life = element('progress', {
    max: claims.exp - claims.iat,
    'aria-label': `${title}, life`,
  });
  const carrier =
    transport === 'headers'
      ? element('code', { class: 'encoded' }, shortened(encoded))
      : element('p', { class: 'note' }, 'In an HttpOnly cookie. The server tells what is in it.');
  const details = element('details', {}, element('summary', {}, 'Header and claims'));
  details.open = place.querySelector('details')?.open ?? matchMedia('(min-width: 62rem)').matches;
  details.append(members(header), members(claims));
  place.replaceChildren(
    element('div', { class: 'row' }, heading, badges),
    left,
    life,
    carrier,
    details,
  );
  tick(place, token);
}

/** Shows how long a token has left, and returns it in seconds. */
export function tick(place, token) {
  const left = token ? secondsLeft(token.claims) : 0;
  const timer = place.querySelector('.left');
  if (!timer) return left;
  const text = left > 0 ? asClock(left) : 'expired';
  if (timer.textContent !== text) timer.textContent = text;
  place.querySelector('progress').value = left;
  place.classList.toggle('is-over', left === 0);
  return left;
}

function members(object) {
  const list = element('dl', { class: 'members' });
  for (const [name, value] of inOrder(object)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const meaning = element('span', { class: 'meaning' }, meaningOf(name, value));
    const term = element('dt', {}, element('code', {}, name));
    list.append(
      element('div', {}, term, element('dd', {}, element('code', {}, text), ' ', meaning)),
    );
  }
  return list;
}

function badge(text, tone = 'plain') {
  return element('span', { class: `badge ${tone}` }, text);
}

/** The refresh tokens of the session, each spent one with a button to replay it if the page has it. */
export function showChain({ chain, ended }, replay) {
  const items = chain.map(({ jti, encoded }, at) => {
    const isNewest = at === chain.length - 1;
    const state = ended ? 'refused' : isNewest ? 'good for one use' : 'spent';
    const pill = element('span', { class: isNewest && !ended ? 'pill newest' : 'pill' });
    pill.append(element('code', {}, shortId(jti)), ' ', element('span', { class: 'note' }, state));
    if (!isNewest && encoded && !ended) {
      const button = element('button', { type: 'button', class: 'small' }, 'Replay');
      button.setAttribute('aria-label', `Replay the spent token ${shortId(jti)}`);
      button.addEventListener('click', () => replay(encoded, button));
      pill.append(' ', button);
    }
    return element('li', {}, pill);
  });
  $('chain').replaceChildren(...items);
}

export function showDevices(devices, end) {
  const items = devices.map(({ id, current, loggedInAt, refreshedAt, note }) => {
    const name = clientName(note.userAgent);
    const by = note.transport === 'cookies' ? 'cookies' : 'header';
    const times = `${by}, login ${clock(loggedInAt)}, last refresh ${clock(refreshedAt)}`;
    const title = element('strong', {}, name);
    const item = element(
      'li',
      {},
      element('div', {}, title, element('span', { class: 'note' }, times)),
    );
    if (current) title.after(' ', badge('this one', 'good'));
    const button = element('button', { type: 'button', class: 'small' }, 'End');
    button.setAttribute('aria-label', `End the session of ${name}, ${times}`);
    button.addEventListener('click', () => end(id, button));
    item.append(button);
    return item;
  });
  $('devices').replaceChildren(...items);
}

const clock = (date) => new Date(date).toLocaleTimeString();

/** How many requests and events stay in sight. */
const [EXCHANGES, EVENTS] = [8, 40];

/** A request and its answer, open at first and closed when the next one comes. */
export function showExchange({ request, status, lines }) {
  $('wire-empty').hidden = true;
  const tone = status >= 200 && status < 300 ? 'good' : 'bad';
  const summary = element(
    'summary',
    {},
    element('code', {}, `${request.method} ${request.path}`),
    ' ',
  );
  summary.append(badge(status === 0 ? 'no answer' : String(status), tone));
  const exchange = element('details', { class: 'exchange' }, summary);
  exchange.append(
    element('pre', { 'aria-label': 'Request' }, request.lines.join('\n')),
    element('pre', { 'aria-label': 'Answer', class: tone }, lines.join('\n')),
  );
  for (const earlier of $('wire').children) earlier.open = false;
  exchange.open = true;
  $('wire').prepend(exchange);
  while ($('wire').children.length > EXCHANGES) $('wire').lastElementChild.remove();
}

export function showEvent(event) {
  const [name, words] = eventWords(event);
  const tone = { refused: 'bad', reused: 'bad', 'store-down': 'bad' }[name];
  const item = element(
    'li',
    {},
    element('time', {}, clock(event.at)),
    badge(name, tone),
    ' ',
    words,
  );
  $('events').prepend(item);
  while ($('events').children.length > EVENTS) $('events').lastElementChild.remove();
}
