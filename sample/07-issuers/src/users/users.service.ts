import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';

/** Knows only Alice; see the quick start for more. */
@Injectable()
export class UsersService implements OnModuleInit {
  private passwordHash = '';

  async onModuleInit() {
    this.passwordHash = await hash('wonderland');
  }

  async authenticate(username: string, password: string): Promise<string | undefined> {
    const matches = await verify(this.passwordHash, password);
    return matches && username === 'alice' ? username : undefined;
  }
}
