// The requests that servers are under load of, and those that a guard must refuse.
import { claimsOf, forge, makeToken } from './tokens.js';

/** With a token in the header: always the same one, or a thousand in turn. */
export const oneToken = withTokens(1, bearer);
export const thousandTokens = withTokens(1_000, bearer);

/** With a token in a cookie; a POST also has its CSRF value in the header. */
export const cookieGet = withTokens(1, inCookie);
export const cookiePost = withTokens(1, inCookieWithCsrf, [inCookieWithoutCsrf]);

/** `refused` have a forged token, or are made by one of `bad`. */
function withTokens(count, request, bad = []) {
  const tokens = Array.from({ length: count }, () => makeToken('HS256'));
  return {
    requests: tokens.map((token) => request(token)),
    refused: [request(forge(tokens[0])), ...bad.map((make) => make(tokens[0]))],
  };
}

function bearer(token) {
  return { method: 'GET', path: '/profile', headers: { authorization: `Bearer ${token}` } };
}

function inCookie(token) {
  return { method: 'GET', path: '/profile', headers: { cookie: `access_token_cookie=${token}` } };
}

function inCookieWithoutCsrf(token) {
  return { ...inCookie(token), method: 'POST' };
}

function inCookieWithCsrf(token) {
  const { headers, ...request } = inCookieWithoutCsrf(token);
  return { ...request, headers: { ...headers, 'x-csrf-token': claimsOf(token).csrf } };
}
