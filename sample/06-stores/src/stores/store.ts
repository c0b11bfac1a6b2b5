/** The injection token of the application's `BlocklistStore`. */
export const STORE = Symbol('STORE');
