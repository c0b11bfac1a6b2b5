export interface User {
  readonly username: string;
  readonly passwordHash: string;
}
