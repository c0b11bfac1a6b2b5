import { afterEach } from '@jest/globals';
import type { JwtExtendedOptions } from '../../src/index.js';
import { Clock } from './forge.js';
import { startTokens, type TokenTools } from './tokens.js';

/** A list for what the tests of a file start; all of it is closed after each test. */
export function closedAfterEach(): { close(): Promise<unknown> }[] {
  const running: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.close()));
  });
  return running;
}

/** Starts the services with a clock that tests move. */
export async function startAt(
  running: { close(): Promise<unknown> }[],
  options: JwtExtendedOptions = {},
): Promise<TokenTools & { readonly clock: Clock }> {
  const clock = new Clock();
  const tools = await startTokens({ clock: clock.now, ...options });
  running.push(tools.module);
  return { ...tools, clock };
}
