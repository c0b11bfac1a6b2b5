import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';
import type { User } from './user.js';

@Injectable()
export class UsersService implements OnModuleInit {
  private readonly users = new Map<string, User>();
  /** The hash of a random password, which no user has. */
  private unknownUserHash = '';

  async onModuleInit() {
    this.unknownUserHash = await hash(randomUUID());
    await this.create('alice', 'Alice Liddell', ['admin'], 'wonderland');
    await this.create('bob', 'Bob Sawyer', [], 'pickwick');
  }

  findOne(username: string): User | undefined {
    return this.users.get(username);
  }

  /** Checks a hash even if there is no such user, so that the response time does not show who is registered. */
  async authenticate(username: string, password: string): Promise<User | undefined> {
    const user = this.users.get(username);
    const matches = await verify(user?.passwordHash ?? this.unknownUserHash, password);
    return matches ? user : undefined;
  }

  private async create(username: string, name: string, roles: string[], password: string) {
    this.users.set(username, { username, name, roles, passwordHash: await hash(password) });
  }
}
