/** Keeps log lines short, and bounds the time of the search for tokens. */
const LONGEST = 500;
const TOKEN = /\bey[\w-]{8,}\.[\w-]*\.?[\w-]*/g;

/** What a log says of a thrown value: an error's message, with any token in it removed. */
export function safeMessage(fault: unknown): string {
  if (fault === null || fault === undefined) return `${fault} was thrown`;
  const message = messageOf(fault);
  if (typeof message !== 'string') return `something of type ${typeof fault} was thrown`;
  return message.slice(0, LONGEST).replace(TOKEN, '<token>');
}

/** Any value can be thrown, and a getter `message` may throw too. An `AggregateError` often has no message of its own. */
function messageOf(fault: unknown): unknown {
  try {
    if (fault instanceof AggregateError && fault.message === '') return messageOf(fault.errors[0]);
    return fault instanceof Error ? fault.message : undefined;
  } catch {
    return undefined;
  }
}
