import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from 'argon2';

export interface User {
  readonly username: string;
  readonly roles: readonly string[];
  /** The scopes that the user may have in a token. */
  readonly scopes: readonly string[];
  readonly passwordHash: string;
}

/** Alice writes, Bob edits, Carol reads and administers. */
@Injectable()
export class UsersService implements OnModuleInit {
  private readonly users = new Map<string, User>();
  /** The hash of a random password, for unknown usernames. */
  private nobodysHash = '';

  async onModuleInit() {
    this.nobodysHash = await hash(randomUUID());
    await this.create('alice', 'wonderland', ['author'], ['read:articles', 'write:articles']);
    await this.create('bob', 'pickwick', ['editor'], ['read:articles', 'write:articles']);
    await this.create('carol', 'christmas', ['admin'], ['read:articles']);
  }

  findOne(username: string): User | undefined {
    return this.users.get(username);
  }

  /** Takes any input, and the same time for known and unknown usernames. */
  async authenticate(username: unknown, password: unknown): Promise<User | undefined> {
    const user = typeof username === 'string' ? this.users.get(username) : undefined;
    const given = typeof password === 'string' ? password : '';
    const matches = await verify(user?.passwordHash ?? this.nobodysHash, given);
    return matches ? user : undefined;
  }

  private async create(username: string, password: string, roles: string[], scopes: string[]) {
    this.users.set(username, { username, roles, scopes, passwordHash: await hash(password) });
  }
}
