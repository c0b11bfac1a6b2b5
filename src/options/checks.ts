import { describe, kindOf } from './describe.js';
import { mistake } from './mistake.js';

/** A check gives the value back, narrowed, or throws a mistake that names the option. */
export type Check<T> = (value: unknown, name: string) => T;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

export function checkBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  const hint =
    typeof value === 'string'
      ? " (an environment variable is a string: compare it, value === 'true')"
      : '';
  throw mistake(name, describe(value), `give true or false${hint}`);
}

export function checkString(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw mistake(name, describe(value), 'give a string');
}

export function checkNonEmptyString(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw mistake(name, describe(value), 'give a string that is not empty');
}

export function checkOneOf<T extends string>(
  value: unknown,
  name: string,
  choices: readonly T[],
): T {
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw mistake(
    name,
    describe(value),
    `give one of ${choices.map((each) => `'${each}'`).join(', ')}`,
  );
}

export function checkInteger(value: unknown, name: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
    return value;
  throw mistake(name, describe(value), `give a whole number from ${least} to ${most}`);
}

export function checkFunction(
  value: unknown,
  name: string,
): (...args: readonly unknown[]) => unknown {
  if (typeof value === 'function') return value as (...args: readonly unknown[]) => unknown;
  throw mistake(name, kindOf(value), 'give a function');
}

/** An array, each element of it checked; holes are elements too. */
export function checkArray<T>(value: unknown, name: string, check: Check<T>): readonly T[] {
  if (Array.isArray(value))
    return Array.from(value, (element: unknown, index) => check(element, `${name}[${index}]`));
  const hint = typeof value === 'string' && value !== '' ? ` with it: [${describe(value)}]` : '';
  throw mistake(name, describe(value), `give an array${hint}`);
}

export function checkUnique(values: readonly unknown[], name: string): void {
  const repeated = values.find((value, index) => values.indexOf(value) !== index);
  if (repeated !== undefined)
    throw mistake(name, `${describe(repeated)} twice`, 'name each only once');
}

/** Leaves an option that was not given as it is. */
export function optional<T>(value: unknown, name: string, check: Check<T>): T | undefined {
  return value === undefined ? undefined : check(value, name);
}
