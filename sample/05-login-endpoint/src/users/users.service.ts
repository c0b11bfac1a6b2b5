import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';
import type { User } from './user.js';

@Injectable()
export class UsersService implements OnModuleInit {
  private users: readonly User[] = [];
  /** The hash of a random password, which no user has. */
  private unknownUserHash = '';

  async onModuleInit() {
    this.unknownUserHash = await hash(randomUUID());
    this.users = [
      { id: 1, username: 'joe', passwordHash: await hash('pass') },
      { id: 2, username: 'user2', passwordHash: await hash('abcxyz') },
    ];
  }

  /** The identity of a token is the result of `userIdentity`, here a number. */
  findOne(id: unknown): User | undefined {
    return this.users.find((user) => user.id === id);
  }

  /** Checks a hash even if there is no such user, so that the response time does not show who is registered. */
  async authenticate(username: string, password: string): Promise<User | undefined> {
    const user = this.users.find((each) => each.username === username);
    const matches = await verify(user?.passwordHash ?? this.unknownUserHash, password);
    return matches ? user : undefined;
  }
}
