/** Whether two types are the same, `any` and `readonly` included. */
export type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** Compiles when both types are the same, and not otherwise; it is never run. */
export declare function exactly<One, Other>(same: Same<One, Other>): void;

/** The same of a value's type: `exactValue<string>()(await tokens.getJti(encoded), true)`. */
export declare function exactValue<Expected>(): <T>(value: T, same: Same<T, Expected>) => void;
