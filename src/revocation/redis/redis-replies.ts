/** The text of a reply; a client that was told to gives bytes. */
export function readText(reply: unknown): string {
  if (typeof reply === 'string') return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  throw malformed();
}

export function readTexts(reply: unknown): readonly string[] {
  if (Array.isArray(reply)) return Array.from(reply, readText);
  throw malformed();
}

/** As many values as keys were asked for. */
export function readValues(reply: unknown, count: number): readonly (string | null)[] {
  if (!Array.isArray(reply) || reply.length !== count) throw malformed();
  const values: (string | null)[] = [];
  // Not by map, which would leave out what a reply with holes does not say.
  for (const each of reply as unknown[]) values.push(each === null ? null : readText(each));
  return values;
}

export function requireOk(reply: unknown): void {
  if (readText(reply) !== 'OK') throw malformed();
}

/** It says nothing of the reply, which may be anything. */
export function malformed(): TypeError {
  return new TypeError('The Redis client gave a reply that makes no sense');
}
