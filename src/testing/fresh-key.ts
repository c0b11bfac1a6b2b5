import { randomUUID } from 'node:crypto';

/** A key that nobody has used, so that one database may serve every case and every run. */
export function freshKey(): string {
  return `contract:${randomUUID()}`;
}

/** As many as are asked for, in no order that a store could come upon by itself. */
export function freshKeys(count: number): string[] {
  return Array.from({ length: count }, freshKey);
}
