import { describe, expect, it } from '@jest/globals';
import { JwtExtendedConfigError } from '../../../src/index.js';
import { requireParameters } from '../../../src/route/route-scan.js';

/** A handler of a controller with these paths. */
function requireOf(name: string, path: unknown, outside: readonly unknown[] = []): void {
  const handler = function show(): void {};
  class UsersController {}
  Reflect.defineMetadata('path', path, handler);
  Reflect.defineMetadata('path', 'users', UsersController);
  requireParameters([name], handler, UsersController, outside);
}

describe('The path of a route', () => {
  it.each<[string, unknown]>([
    ['id', ':id'],
    ['id', '/:id/'],
    ['id', ':name/:id'],
    ['id', ':name-:id'],
    ['id', ':id.json'],
    ['id', ':id(\\d+)'],
    ['id', '{/:id}'],
    ['id', '*id'],
    ['id', ['', ':id']],
    ['user id', ':"user id"'],
    ['a.b', ':"a.b"'],
    ['*', 'files/*'],
    ['$id', ':$id'],
    ['id', /^\/users\/(?<id>\d+)/],
    ['id', ['me', /./]],
  ])('may have the parameter %s in %p', (name, path) => {
    expect(() => requireOf(name, path)).not.toThrow();
  });

  it.each<[string, unknown]>([
    ['id', ''],
    ['id', '/'],
    ['id', 'id'],
    ['id', ':ids'],
    ['id', ':i'],
    ['id', ':_id'],
    ['id', ':id_'],
    ['id', ':ID'],
    ['id', ['me', 'id']],
    ['a.b', ':aXb'],
    ['a|b', ':a'],
    ['*', ':id'],
    ['__proto__', ':id'],
  ])('does not have the parameter %s in %p', (name, path) => {
    expect(() => requireOf(name, path)).toThrow(
      new JwtExtendedConfigError(
        `UsersController.show requires that a claim equals the route parameter '${name}', which its path does not have: ` +
          'give the name of a parameter in its path, without the colon',
      ),
    );
  });

  it.each([[['of/:id']], [[undefined, ':id']], [['', ['x', ':id']]]])(
    'begins with what stands before it: %p',
    (outside) => {
      expect(() => requireOf('id', 'me', outside)).not.toThrow();
    },
  );
});
