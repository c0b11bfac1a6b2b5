import { tagOf } from '../common/describe.js';

/** Deeper than this nobody means to go, and `JSON.stringify` cannot go much deeper. */
const DEEPEST = 100;

/**
 * What keeps a value from surviving JSON unchanged, told as a path and a reason; `undefined` where nothing does.
 * `JSON.stringify` would throw for some of these, and silently change the others: NaN becomes `null`, a Map `{}`.
 */
export function jsonFault(
  value: unknown,
  path: string,
  parents: readonly object[] = [],
): string | undefined {
  switch (typeof value) {
    case 'bigint':
    case 'function':
    case 'symbol':
      return `${path} is a ${typeof value}`;
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}`;
    case 'object':
      return value === null ? undefined : objectFault(value, path, parents);
    default:
      return undefined;
  }
}

/** Whether it is an object that JSON writes as one: no list, no `Map`, no promise. */
export function isJsonObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && tagOf(value) === 'Object';
}

function objectFault(value: object, path: string, parents: readonly object[]): string | undefined {
  if (parents.includes(value)) return `${path} contains itself`;
  if (parents.length > DEEPEST) return 'what lies in it is nested too deep';
  const isList = Array.isArray(value);
  if ('toJSON' in value || !(isList || isJsonObject(value))) return `${path} is a ${kindOf(value)}`;
  const within = [...parents, value];
  for (const [name, member] of isList ? (value as unknown[]).entries() : Object.entries(value)) {
    const isHole = isList && member === undefined;
    const fault = isHole
      ? `${path}.${name} is undefined`
      : jsonFault(member, `${path}.${name}`, within);
    if (fault) return fault;
  }
  return undefined;
}

function kindOf(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' ? constructor.name : tagOf(value);
}
