import { Controller, type Type } from '@nestjs/common';

/**
 * A controller of an endpoint, at a path. Each module has one of its own, since paths are written on classes.
 *
 * @param name - what logs, API documents and guards such as a throttler's know the controller by
 */
export function mountAt(path: string, endpoint: Type, name: string): Type {
  const { [name]: controller } = { [name]: class extends endpoint {} };
  Controller(path)(controller as Type);
  return controller as Type;
}
