export interface User {
  readonly username: string;
  readonly roles: readonly string[];
  readonly passwordHash: string;
}
