// The session of a page that keeps the access token in memory. The refresh token is in a cookie.
import { cookieOf, oneTabAtATime, send } from './api.js';

let accessToken;

export async function login(username, password) {
  const json = { username, password };
  const answer = await send('/auth', { method: 'POST', json, credentials: 'include' });
  if (answer.ok) accessToken = (await answer.json()).access_token;
  return answer;
}

/** Sends a request. Without an access token, or if it is refused, it is refreshed first. */
export async function call(path, options) {
  const answer = accessToken && (await send(path, { ...options, ...bearer() }));
  if (answer && answer.status !== 401) return answer;
  const refreshed = await refresh();
  return refreshed.ok ? send(path, { ...options, ...bearer() }) : refreshed;
}

function refresh() {
  return oneTabAtATime(async () => {
    const answer = await send('/auth/refresh', { method: 'POST', ...cookieOf('refresh') });
    accessToken = answer.ok ? (await answer.json()).access_token : undefined;
    return answer;
  });
}

export function logout() {
  accessToken = undefined;
  return send('/auth/logout', { method: 'POST', ...cookieOf('refresh') });
}

function bearer() {
  return { headers: { Authorization: `Bearer ${accessToken}` } };
}
