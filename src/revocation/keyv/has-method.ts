import { isObject } from '../../common/checks.js';
import type { KeyvClient } from './keyv-client.js';

/** Whether something has a method that a Keyv may have, and takes it for the same. */
export function hasMethod<M extends keyof KeyvClient>(
  value: unknown,
  name: M,
): value is Required<Pick<KeyvClient, M>> {
  return isObject(value) && typeof value[name] === 'function';
}
