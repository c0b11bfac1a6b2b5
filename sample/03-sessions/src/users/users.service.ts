import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';
import type { User } from './user.js';

/** Alice and Bob. The sample does not store users: each start creates them anew. */
@Injectable()
export class UsersService implements OnModuleInit {
  private readonly users = new Map<string, User>();
  /** The hash of a random password that no user has. */
  private unusedHash = '';

  async onModuleInit() {
    this.unusedHash = await hash(randomUUID());
    await this.setPassword('alice', 'wonderland');
    await this.setPassword('bob', 'pickwick');
  }

  findOne(username: string): User | undefined {
    return this.users.get(username);
  }

  /**
   * The user with this name and password, which come from a request and may be of any type. Even if there is no such
   * user, a hash is checked, so that the response time does not tell which users exist.
   */
  async authenticate(username: unknown, password: unknown): Promise<User | undefined> {
    const user = typeof username === 'string' ? this.users.get(username) : undefined;
    const given = typeof password === 'string' ? password : '';
    const matches = await verify(user?.passwordHash ?? this.unusedHash, given);
    return matches ? user : undefined;
  }

  async setPassword(username: string, password: string): Promise<User> {
    const user = { username, passwordHash: await hash(password) };
    this.users.set(username, user);
    return user;
  }
}
