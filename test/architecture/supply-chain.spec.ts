import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tooling/sources.js';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
const lock = JSON.parse(lockText);

/** Every installed copy of a package, by the lock file and by what lies in node_modules. */
function installedVersions(name: string): string[] {
  const places = Object.keys(lock.packages).filter(
    (place) => place.endsWith(`node_modules/${name}`) && existsSync(join(root, place)),
  );
  return places.map(
    (place) => JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8')).version,
  );
}

function isAtLeast(version: string, least: string): boolean {
  return version.localeCompare(least, 'en', { numeric: true }) >= 0;
}

describe('The supply chain', () => {
  it.each([
    ['jsonwebtoken', '9.0.3'],
    ['jws', '4.0.1'],
    ['passport', '0.6.0'],
    ['cookie', '0.7.0'],
  ])('has no %s older than %s', (name, least) => {
    const versions = installedVersions(name);

    expect(versions.length).toBeGreaterThan(0);
    expect(versions.filter((version) => !isAtLeast(version, least))).toEqual([]);
  });

  it('runs nothing when the package is installed', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];

    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
  });

  it('does not say where the locked packages were fetched', () => {
    const places = Object.values<{ resolved?: string }>(lock.packages).map(
      ({ resolved }) => resolved,
    );

    expect(places.filter((resolved) => resolved !== undefined)).toEqual([]);
    expect(lockText).not.toContain('//registry.');
  });
});
