const API = document.querySelector('meta[name=api]').content;

/** Sends a request to the API. With `credentials` the browser sends cookies and keeps those of the answer. */
export function send(path, { method = 'GET', json, headers, credentials = 'omit' } = {}) {
  const type = json && { 'Content-Type': 'application/json' };
  const body = json && JSON.stringify(json);
  return fetch(API + path, { method, body, headers: { ...type, ...headers }, credentials });
}

/** The CSRF value of the token in a cookie: `access` or `refresh`. */
export function csrfOf(type) {
  return new RegExp(`(?:^|; )csrf_${type}_token=([^;]+)`).exec(document.cookie)?.[1];
}

/** What sends a token in a cookie. */
export function cookieOf(type) {
  return { headers: { 'X-CSRF-TOKEN': csrfOf(type) ?? '' }, credentials: 'include' };
}

/** Tabs share the cookies, so they refresh one after the other. */
export function oneTabAtATime(refresh) {
  return navigator.locks.request('refresh', refresh);
}
