/** What a database says of a failure. */
export interface DatabaseError {
  readonly code: string;
  readonly message: string;
}

/** Reads an error without asking for its class: one that native code throws may be of another realm. */
export function databaseError(error: unknown): DatabaseError {
  const { code, message } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message : '',
  };
}
