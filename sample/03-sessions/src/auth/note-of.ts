/** What the list of devices shows of a login. A client may send as much as it likes, and a note is to be short. */
export function noteOf(userAgent: string | undefined): string {
  return userAgent?.slice(0, 200) ?? 'unknown';
}
