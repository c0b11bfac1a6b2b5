/** The body of a login request. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}
