import { Injectable } from '@nestjs/common';

export interface User {
  readonly username: string;
  readonly name: string;
}

@Injectable()
export class UsersService {
  private readonly users: readonly User[] = [
    { username: 'alice', name: 'Alice Liddell' },
    { username: 'bob', name: 'Bob Sawyer' },
  ];

  findOne(username: string): User | undefined {
    return this.users.find((user) => user.username === username);
  }
}
