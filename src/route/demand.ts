import { JwtExtendedConfigError } from '../errors/config.error.js';
import { optional } from '../common/checks.js';
import { parameterNames, requiredClaims, requiredScope } from './check-requirements.js';
import { type Demand, DEMANDS } from './policy-metadata.js';

/** What `@JwtRequired` requires, if it does. */
export function demandOf(
  decorator: string,
  given: Readonly<Partial<Record<'claims' | 'scope' | 'params' | 'override', unknown>>>,
): Demand | undefined {
  const claims = optional(given.claims, `${decorator}.claims`, requiredClaims);
  const scope = optional(given.scope, `${decorator}.scope`, requiredScope);
  const params = optional(given.params, `${decorator}.params`, parameterNames);
  const override = optional(given.override, `${decorator}.override`, requiredClaims);
  if (claims || scope || params) return { decorator, claims, scope, params, override };
  if (!override) return undefined;
  throw new JwtExtendedConfigError(
    `${decorator}.override has nothing to excuse a token from: give claims, scope or params too`,
  );
}

/** Adds to what stands there already: the second decorator of a kind must not take the place of the first. */
export function demanding(demand: Demand): ClassDecorator & MethodDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const holder = descriptor ? (descriptor.value as object) : target;
    const demands = (Reflect.getOwnMetadata(DEMANDS, holder) ?? []) as readonly Demand[];
    Reflect.defineMetadata(DEMANDS, [...demands, Object.freeze(demand)], holder);
  };
}

/**
 * What decorators on a handler or a class demand, the nearest first: a class comes before the one that it extends,
 * whose demands it inherits with its guards.
 */
export function demandsOn(target: object): readonly (readonly Demand[])[] {
  const groups: (readonly Demand[])[] = [];
  for (let holder: unknown = target; typeof holder === 'function';) {
    const own = Reflect.getOwnMetadata(DEMANDS, holder) as readonly Demand[] | undefined;
    if (own) groups.push(own);
    holder = Object.getPrototypeOf(holder);
  }
  return groups;
}
