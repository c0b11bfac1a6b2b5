import { JwtExtendedConfigError } from '../errors/config.error.js';

/** Nest's own key for the path of a controller or a handler; what has none is no route. */
export const PATH_METADATA = 'path';

/**
 * A requirement about a parameter that no path of the route has would refuse everybody.
 *
 * @param outside - the paths that stand before the controller's own
 * @throws JwtExtendedConfigError
 */
export function requireParameters(
  parameters: readonly string[],
  handler: object & { readonly name: string },
  controller: object & { readonly name: string },
  outside: readonly unknown[],
): void {
  const own = [controller, handler].map(
    (part) => Reflect.getMetadata(PATH_METADATA, part) as unknown,
  );
  const paths = [...outside, ...own].flat().filter((path) => path !== undefined);
  const missing = parameters.find((name) => !paths.some((path) => mayHave(path, name)));
  if (missing === undefined) return;
  throw new JwtExtendedConfigError(
    `${controller.name}.${handler.name} requires a claim to be the route parameter '${missing}', which its path ` +
      'does not have: give the name of one that it has, without the colon',
  );
}

/** A path that is no text may have any parameter; in text its name follows a colon, or the star of a wildcard. */
function mayHave(path: unknown, name: string): boolean {
  if (typeof path !== 'string') return true;
  if (name === '*') return path.includes('*');
  const escaped = name.replace(/[^\w]/g, '\\$&');
  return new RegExp(`[:*]"?${escaped}(?![\\w$])`).test(path);
}
