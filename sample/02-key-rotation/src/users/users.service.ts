import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';

/** Knows Alice and nobody else; the quick start has more of this. */
@Injectable()
export class UsersService implements OnModuleInit {
  private passwordHash = '';

  async onModuleInit() {
    this.passwordHash = await hash('wonderland');
  }

  /** The name of the user whose words these are. They come from a request, and may be anything. */
  async authenticate(username: unknown, password: unknown): Promise<string | undefined> {
    const given = typeof password === 'string' ? password : '';
    const matches = await verify(this.passwordHash, given);
    return matches && username === 'alice' ? username : undefined;
  }
}
