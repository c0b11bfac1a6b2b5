/**
 * What a Keyv gave for so many keys: texts, bare or as they are stored beside their expiry, and `null` for what is not
 * there.
 *
 * @throws Error - when it is anything else
 */
export function readAnswers(answers: unknown, count: number): (string | null)[] {
  if (!Array.isArray(answers) || answers.length !== count) {
    throw new Error('KeyvBlocklistStore: the store does not give one answer for each key');
  }
  return answers.map(textOf);
}

function textOf(answer: unknown): string | null {
  if (answer === undefined || answer === null) return null;
  if (typeof answer === 'string') return answer;
  const { value } = answer as { readonly value?: unknown };
  if (typeof value === 'string') return value;
  throw new Error('KeyvBlocklistStore: the store gives what nobody has written');
}
