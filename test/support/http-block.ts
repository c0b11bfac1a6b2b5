import type { Block } from './readme.js';

/** A request of an `http` block, and what it is answered. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly status: number;
  /** Those that the block shows. */
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answer: string;
}

/** The exchanges of a block: requests and answers as HTTP/1.1 writes them, in turns. */
export function exchangesIn({ text }: Block): readonly Exchange[] {
  const messages = text.split(/^(?=(?:GET|POST) |HTTP\/1\.1 )/m).map(readMessage);
  return messages.flatMap((request, index) => {
    const answer = messages[index + 1];
    if (request.start.startsWith('HTTP') || !answer) return [];
    const [method = '', path = ''] = request.start.split(' ');
    return {
      method,
      path,
      headers: request.headers,
      body: request.body || undefined,
      status: Number(answer.start.split(' ')[1]),
      answerHeaders: answer.headers,
      answer: answer.body,
    };
  });
}

function readMessage(text: string) {
  const [head = '', ...bodies] = text.trim().split('\n\n');
  const [start = '', ...lines] = head.split('\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(': ');
      return [name.toLowerCase(), value.join(': ')];
    }),
  );
  return { start, headers, body: bodies.join('\n\n') };
}
