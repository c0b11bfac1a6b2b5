import type { KeyOptions } from '../../options/key-ring-options.js';

/** An option of a key as messages call it. */
export type NameOption = (option: keyof KeyOptions) => string;

/** The options by their full path: in `keys.others[0]`, the secret is `keys.others[0].secret`. */
export function optionNamesIn(where: string): NameOption {
  return where === '' ? (option) => option : (option) => `${where}.${option}`;
}
