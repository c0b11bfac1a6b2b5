export interface User {
  readonly username: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly passwordHash: string;
}
