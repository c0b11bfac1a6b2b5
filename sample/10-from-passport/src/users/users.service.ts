import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';
import type { User } from './user.js';

@Injectable()
export class UsersService implements OnModuleInit {
  private readonly users = new Map<string, User>();
  /** The hash of a random password, for unknown usernames. */
  private unknownUserHash = '';

  async onModuleInit() {
    this.unknownUserHash = await hash(randomUUID());
    await this.create('alice', 'wonderland', ['admin']);
    await this.create('bob', 'pickwick', []);
  }

  findOne(username: string): User | undefined {
    return this.users.get(username);
  }

  /** Takes any input, and the same time for known and unknown usernames. */
  async authenticate(username: unknown, password: unknown): Promise<User | undefined> {
    const user = typeof username === 'string' ? this.users.get(username) : undefined;
    const given = typeof password === 'string' ? password : '';
    const matches = await verify(user?.passwordHash ?? this.unknownUserHash, given);
    return matches ? user : undefined;
  }

  private async create(username: string, password: string, roles: string[]) {
    this.users.set(username, { username, roles, passwordHash: await hash(password) });
  }
}
