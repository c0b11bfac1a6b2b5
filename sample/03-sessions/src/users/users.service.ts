import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';
import type { User } from './user.js';

/** Alice and Bob, as they are whenever the application starts: users are not what this sample keeps. */
@Injectable()
export class UsersService implements OnModuleInit {
  private readonly users = new Map<string, User>();
  /** The hash of a password that nobody has. */
  private nobodysHash = '';

  async onModuleInit() {
    this.nobodysHash = await hash(randomUUID());
    await this.setPassword('alice', 'wonderland');
    await this.setPassword('bob', 'pickwick');
  }

  findOne(username: string): User | undefined {
    return this.users.get(username);
  }

  /**
   * The user whose words these are. They come from a request, and may be anything. A hash is checked even where there is
   * no user: who is registered cannot be told from the time it takes.
   */
  async authenticate(username: unknown, password: unknown): Promise<User | undefined> {
    const user = typeof username === 'string' ? this.users.get(username) : undefined;
    const given = typeof password === 'string' ? password : '';
    const matches = await verify(user?.passwordHash ?? this.nobodysHash, given);
    return matches ? user : undefined;
  }

  async setPassword(username: string, password: string): Promise<User> {
    const user = { username, passwordHash: await hash(password) };
    this.users.set(username, user);
    return user;
  }
}
