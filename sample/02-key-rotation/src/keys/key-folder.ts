import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyInput, KeyRingOptions } from 'nestjs-jwt-extended';

/**
 * A folder of ES256 keys, as `nestjs-jwt-extended keygen --format jwk` writes them, and a file `current` with the id of
 * the key that signs. The others verify: keys that will sign later, and former keys until they are removed.
 */
export class KeyFolder {
  constructor(readonly path: string) {}

  read(): KeyRingOptions & { current: KeyInput } {
    const current = this.file('current').trim();
    const others = this.ids().filter((kid) => kid !== current);
    return {
      current: { kid: current, algorithm: 'ES256', privateKey: this.jwk(current, 'private') },
      others: others.map((kid) => ({
        kid,
        algorithm: 'ES256',
        publicKey: this.jwk(kid, 'public'),
      })),
    };
  }

  private ids(): string[] {
    return readdirSync(this.path).flatMap(
      (name) => /^jwt-(.+)\.public\.jwk\.json$/.exec(name)?.[1] ?? [],
    );
  }

  /** As text, because the module reports a mistake in it without quoting it; a JSON parser would quote it. */
  private jwk(kid: string, type: 'private' | 'public'): string {
    return this.file(`jwt-${kid}.${type}.jwk.json`);
  }

  private file(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }
}
