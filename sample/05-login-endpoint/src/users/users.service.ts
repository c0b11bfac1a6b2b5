import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';
import type { User } from './user.js';

@Injectable()
export class UsersService implements OnModuleInit {
  private users: readonly User[] = [];
  /** The hash of a password that nobody has. */
  private nobodysHash = '';

  async onModuleInit() {
    this.nobodysHash = await hash(randomUUID());
    this.users = [
      { id: 1, username: 'joe', passwordHash: await hash('pass') },
      { id: 2, username: 'user2', passwordHash: await hash('abcxyz') },
    ];
  }

  /** The identity of a token is whatever `userIdentity` gave: a number, here. */
  findOne(id: unknown): User | undefined {
    return this.users.find((user) => user.id === id);
  }

  /** The hash is checked even where there is no user: who is registered cannot be told from the time it takes. */
  async authenticate(username: string, password: string): Promise<User | undefined> {
    const user = this.users.find((each) => each.username === username);
    const matches = await verify(user?.passwordHash ?? this.nobodysHash, password);
    return matches ? user : undefined;
  }
}
