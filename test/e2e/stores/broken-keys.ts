import { type Fault, fault, keyFault } from './broken-store.js';

/** Stores that do not take a key as it is. */
export const BROKEN_KEYS: readonly Fault[] = [
  keyFault('takes any text for a key, and mixes none up', 'trims keys', (key) => key.trim()),
  keyFault('takes any text for a key, and mixes none up', 'ends lines its own way', (key) =>
    key.replaceAll('\r\n', '\n'),
  ),
  keyFault('tells keys apart by a blank in front of them', 'trims at the front', (key) =>
    key.trimStart(),
  ),
  keyFault('tells keys apart that look alike', 'compares in lower case', (key) =>
    key.toLowerCase(),
  ),
  keyFault('tells keys apart that look alike', 'composes accents', (key) => key.normalize('NFC')),
  keyFault('tells keys apart that look alike', 'drops accents', (key) =>
    key.normalize('NFD').replaceAll(/\p{M}/gu, ''),
  ),
  keyFault('tells keys apart that look alike', 'pads keys with blanks', (key) =>
    key.replace(/ +$/, ''),
  ),
  keyFault('tells keys apart that look alike', 'writes URLs', (key) =>
    decodeURIComponent(key.replaceAll(/%(?![0-9a-f]{2})/gi, '%25')),
  ),
  keyFault('tells keys apart that look alike', 'makes files of keys', (key) =>
    key.replaceAll(/[^/]+\/\.\.\/|\/\.(?=\/)|(?<=\/)\//g, ''),
  ),
  keyFault(
    'takes a key of 512 characters, and tells it from one that differs in the last',
    'keeps 255 characters of a key',
    (key) => key.slice(0, 255),
  ),
  fault('deletes the very key, whatever is in it', 'deletes by pattern', (plain) => ({
    delete: (key) => {
      const escaped = key.replaceAll(/[.+^$()|[\]{}\\?]/g, String.raw`\$&`);
      const pattern = new RegExp(`^${escaped.replaceAll('*', '.*')}$`, 's');
      for (const name of plain.entries.keys()) if (pattern.test(name)) plain.entries.delete(name);
    },
  })),
  fault('raises the very key, whatever is in it', 'raises what is before a blank', (plain) => ({
    raise: (key, value, expiresAt) => plain.raise(key.split(/\s/)[0] ?? '', value, expiresAt),
  })),
  fault(
    'takes the names that every object answers to for keys like any other',
    'keeps entries in an object',
    () => {
      const entries: Record<string, string> = {};
      return {
        add: (key, value) => !entries[key] && (entries[key] = value) !== '',
        get: (keys) => keys.map((key) => entries[key] ?? null),
        delete: (key) => void delete entries[key],
      };
    },
  ),
];
