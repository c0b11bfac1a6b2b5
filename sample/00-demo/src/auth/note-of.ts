/** What the list of devices shows of a login. A client may send a long name, so only its start is kept. */
export interface LoginNote {
  readonly userAgent: string;
  readonly transport: 'cookies' | 'headers';
}

export function noteOf(userAgent: string | undefined, cookies: boolean): LoginNote {
  return {
    userAgent: userAgent?.slice(0, 200) ?? 'unknown',
    transport: cookies ? 'cookies' : 'headers',
  };
}
