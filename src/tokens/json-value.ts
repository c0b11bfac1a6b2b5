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

function objectFault(value: object, path: string, parents: readonly object[]): string | undefined {
  if (parents.includes(value)) return `${path} contains itself`;
  if ('toJSON' in value || value instanceof Map || value instanceof Set) {
    return `${path} is a ${value.constructor.name}`;
  }
  const within = [...parents, value];
  for (const [name, member] of Object.entries(value)) {
    const fault = jsonFault(member, `${path}.${name}`, within);
    if (fault) return fault;
  }
  return undefined;
}
