// Jest in native ESM mode: the only one in which Nest 12, an ESM framework, loads on Node 20.
import { resolve } from 'node:path';

const rootDir = resolve(import.meta.dirname, '..');

/** Compiled as the build compiles it: no decorator metadata, the library injects by explicit tokens. */
const source = swc({ decoratorMetadata: false });
/** Applications in tests are written as users write them, and they rely on metadata. */
const tests = swc({ decoratorMetadata: true });

const common = {
  rootDir,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^nestjs-jwt-extended$': '<rootDir>/src/index.ts',
    '^nestjs-jwt-extended/passport$': '<rootDir>/src/passport/index.ts',
    '^nestjs-jwt-extended/testing$': '<rootDir>/src/testing/index.ts',
  },
  transform: { '<rootDir>/src/.+\\.ts$': source, '\\.ts$': tests },
  // Only the working copy's own package.json: packages of the same name are built and installed in tests.
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/test/consumers/.+/'],
};

export default {
  rootDir,
  projects: [
    {
      ...common,
      displayName: 'library',
      testMatch: ['<rootDir>/test/**/*.spec.ts', '<rootDir>/sample/*/test/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/consumers/'],
    },
    {
      ...common,
      displayName: 'package',
      testMatch: ['<rootDir>/test/consumers/*.spec.ts'],
    },
  ],
  maxWorkers: 2,
  // The modules of a test file stay in the memory of its worker, and Jest kills a worker that takes half a second to end:
  // with gigabytes to give back it takes longer, though nothing is open any more.
  workerIdleMemoryLimit: '700MB',
  // Milliseconds, for each test and hook. It only ends what hangs: a slow machine takes long for everything.
  testTimeout: 300_000,
  coverageProvider: 'babel',
  collectCoverageFrom: ['<rootDir>/src/**/*.ts'],
  coverageDirectory: '<rootDir>/coverage',
  coverageReporters: [['text', { skipFull: true }], 'lcovonly'],
  coverageThreshold: { global: { lines: 98, branches: 98 } },
};

function swc({ decoratorMetadata }) {
  return [
    '@swc/jest',
    {
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata, useDefineForClassFields: true },
        keepClassNames: true,
      },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    },
  ];
}
