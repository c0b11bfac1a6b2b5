/** A log line is no place for a novel; and what follows looks for tokens in text of a bounded length. */
const LONGEST = 500;
const TOKEN = /\bey[\w-]{8,}\.[\w-]*\.?[\w-]*/g;

/** What a log says of something that was thrown: an error's own words, without any token in them. */
export function safeMessage(fault: unknown): string {
  if (fault === null || fault === undefined) return `${fault} was thrown`;
  const message = messageOf(fault);
  return typeof message === 'string'
    ? message.slice(0, LONGEST).replace(TOKEN, '<token>')
    : `something of type ${typeof fault} was thrown`;
}

/** Anything can be thrown, and not even the message of an error need be readable. Several in one have none of their own. */
function messageOf(fault: unknown): unknown {
  try {
    if (fault instanceof AggregateError && fault.message === '') return messageOf(fault.errors[0]);
    return fault instanceof Error ? fault.message : undefined;
  } catch {
    return undefined;
  }
}
