// Sends requests, and tells what went over the wire.
import { heedClock, shortened } from './tokens.js';

const SHOWN = ['cache-control', 'content-type', 'retry-after', 'www-authenticate'];

/**
 * Sends a request. `witness`, if it is given, is told of request and answer, with tokens shortened.
 *
 * @returns `{ status, body }`; the status is 0 if the server does not answer
 */
export async function send(method, path, { credentials, json, witness } = {}) {
  const { headers, cookies, cookie } = credentials;
  const sent = { ...headers, ...(json && { 'Content-Type': 'application/json' }) };
  const request = { method, path, lines: requestLines(method, path, sent, cookie, json) };
  let answer;
  try {
    const response = await fetch(path, {
      method,
      headers: sent,
      credentials: cookies,
      cache: 'no-store',
      body: json && JSON.stringify(json),
    });
    heedClock(response.headers.get('date'));
    answer = { status: response.status, body: await bodyOf(response), response };
  } catch {
    answer = { status: 0, body: undefined };
  }
  witness?.({ request, status: answer.status, lines: answerLines(answer, cookies) });
  return answer;
}

async function bodyOf(response) {
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

function requestLines(method, path, headers, cookie, json) {
  const lines = [`${method} ${path} HTTP/1.1`];
  for (const [name, value] of Object.entries(headers)) {
    const [scheme, token] = value.split(' ');
    lines.push(`${name}: ${token ? `${scheme} ${shortened(token)}` : value}`);
  }
  if (cookie) lines.push(`Cookie: ${cookie}=… (the browser adds it; this page cannot read it)`);
  if (json) lines.push('', JSON.stringify(withoutSecrets(json)));
  return lines;
}

function answerLines({ status, body, response }, cookies) {
  if (!response) return ['No answer'];
  const lines = [`HTTP/1.1 ${status} ${response.statusText}`.trim()];
  for (const name of SHOWN) {
    const value = response.headers.get(name);
    if (value) lines.push(`${name}: ${value}`);
  }
  if (cookies === 'same-origin' && /cookie|Logged out/.test(body?.msg ?? ''))
    lines.push('set-cookie: … (the browser takes it; this page cannot read it)');
  if (body !== undefined) lines.push('', JSON.stringify(withoutSecrets(body), null, 2));
  return lines;
}

function withoutSecrets(body) {
  return JSON.parse(JSON.stringify(body), (name, value) => {
    if (name === 'password') return '…';
    return name.endsWith('_token') ? shortened(value) : value;
  });
}
