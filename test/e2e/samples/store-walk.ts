import type { Sample } from '../../support/sample.js';

const REVOKED = '401 {"msg":"Token has been revoked"}';
const ALICE = '200 {"username":"alice"}';

/** What the sample of stores answers in a walk, if its store keeps a revocation over a restart, or does not. */
export const answersOf = (isDurable: boolean) => ({
  withToken: ALICE,
  logout: '200 {"msg":"Successfully logged out"}',
  afterLogout: REVOKED,
  otherDevice: ALICE,
  afterRestart: isDurable ? REVOKED : ALICE,
  otherAfterRestart: ALICE,
});

/** Logs in on two devices and out on one of them, and starts the application again. */
export async function walk(start: () => Promise<Sample>): Promise<object> {
  const first = await start();
  const [phone, laptop] = [await logIn(first), await logIn(first)];
  const before = {
    withToken: await send(first, 'GET', '/me', phone),
    logout: await send(first, 'POST', '/auth/logout', phone),
    afterLogout: await send(first, 'GET', '/me', phone),
    otherDevice: await send(first, 'GET', '/me', laptop),
  };
  await end(first);
  const second = await start();
  const after = {
    afterRestart: await send(second, 'GET', '/me', phone),
    otherAfterRestart: await send(second, 'GET', '/me', laptop),
  };
  await end(second);
  return { ...before, ...after };
}

export async function logIn(sample: Sample): Promise<string> {
  const answer = await sample.post('/auth', '{"username":"alice","password":"wonderland"}');
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** The status and the body of an answer. */
export async function send(
  sample: Sample,
  method: string,
  path: string,
  token: string,
): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(sample.url + path, { method, headers });
  return `${answer.status} ${await answer.text()}`;
}

async function end(sample: Sample): Promise<void> {
  await sample.stop();
  if (/ERROR|WARN|[\w-]{60}/.test(sample.log())) throw new Error(sample.log());
}
