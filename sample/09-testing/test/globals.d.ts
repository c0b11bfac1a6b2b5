// Jest and Vitest make these global. A project has `jest` or `vitest/globals` in the `types` of its tsconfig.json instead.
type Jest = typeof import('@jest/globals');

declare const describe: Jest['describe'];
declare const it: Jest['it'];
declare const beforeAll: Jest['beforeAll'];
declare const beforeEach: Jest['beforeEach'];
declare const afterAll: Jest['afterAll'];
