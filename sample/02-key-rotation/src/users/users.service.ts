import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';

/** Knows only Alice; see the quick start for more. */
@Injectable()
export class UsersService implements OnModuleInit {
  private passwordHash = '';

  async onModuleInit() {
    this.passwordHash = await hash('wonderland');
  }

  /** The name of the user with this name and password. Both come from a request, and may have any type. */
  async authenticate(username: unknown, password: unknown): Promise<string | undefined> {
    const given = typeof password === 'string' ? password : '';
    const matches = await verify(this.passwordHash, given);
    return matches && username === 'alice' ? username : undefined;
  }
}
