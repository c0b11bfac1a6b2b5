/** What the list of devices shows of a login: the start of the user agent, because a client may send a long one. */
export function noteOf(userAgent: string | undefined): string {
  return userAgent?.slice(0, 200) ?? 'unknown';
}
