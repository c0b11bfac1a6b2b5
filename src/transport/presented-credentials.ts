import type { HttpRequest } from '../contracts/http.js';
import { isObject } from '../common/checks.js';
import type { ResolvedLoginOptions } from '../options/resolved-options.js';
import { isJson } from './is-json.js';

/** What somebody says who they are, and what is to prove it. Neither is empty. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Reads a JSON body that is an object of two members, as Flask-JWT asks for it; `undefined` for anything else. JSON it
 * must be, so that no form on another site's page can log a visitor in as somebody else.
 *
 * @param body - the parsed body, as the application's pipes left it
 */
export function presentedCredentials(
  request: HttpRequest,
  body: unknown,
  { usernameKey, passwordKey }: ResolvedLoginOptions,
): Credentials | undefined {
  if (!isJson(request) || !isObject(body) || Object.keys(body).length !== 2) return undefined;
  const username = textOf(body, usernameKey);
  const password = textOf(body, passwordKey);
  return username && password ? { username, password } : undefined;
}

/** The same, in the words of JSON Schema. */
export function credentialsSchema({ usernameKey, passwordKey }: ResolvedLoginOptions): object {
  return {
    type: 'object',
    properties: {
      [usernameKey]: { type: 'string', minLength: 1 },
      [passwordKey]: { type: 'string', minLength: 1, format: 'password' },
    },
    required: [usernameKey, passwordKey],
    additionalProperties: false,
  };
}

function textOf(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
