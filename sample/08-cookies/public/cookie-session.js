// The session of a page whose tokens are all in cookies.
import { cookieOf, csrfOf, oneTabAtATime, send } from './api.js';

export function login(username, password) {
  const json = { username, password };
  return send('/session', { method: 'POST', json, credentials: 'include' });
}

/** Sends a request. If the access token is refused, it is refreshed, and the request sent once more. */
export async function call(path, options) {
  const csrf = csrfOf('access');
  const answer = await send(path, { ...options, ...cookieOf('access') });
  if (answer.status !== 401 || !(await refresh(csrf))) return answer;
  return send(path, { ...options, ...cookieOf('access') });
}

function refresh(refused) {
  return oneTabAtATime(async () => {
    // Another tab has refreshed meanwhile.
    if (csrfOf('access') && csrfOf('access') !== refused) return true;
    const answer = await send('/session/refresh', { method: 'POST', ...cookieOf('refresh') });
    return answer.ok;
  });
}

export async function logout() {
  const end = (type) => send('/session/end', { method: 'POST', ...cookieOf(type) });
  return end(csrfOf('access') ? 'access' : 'refresh');
}
