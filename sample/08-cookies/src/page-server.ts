import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { API_ORIGIN, PAGE_ORIGIN, TOKENS } from './settings.js';

const FOLDER = join(import.meta.dirname, '../public');
const fileOf = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

const TYPES = { html: 'text/html', js: 'text/javascript' };
const FILES: Readonly<Record<string, [type: keyof typeof TYPES, text: string]>> = {
  '/': ['html', fileOf('index.html').replace('API_ORIGIN', API_ORIGIN)],
  '/app.js': ['js', fileOf('app.js')],
  '/api.js': ['js', fileOf('api.js')],
  '/session.js': ['js', fileOf(`${TOKENS === 'memory' ? 'memory' : 'cookie'}-session.js`)],
};

/** Serves the files of the page, which any web server could do. */
export async function servePage(): Promise<void> {
  const server = createServer((request, response) => {
    const [type, text] = FILES[request.url ?? ''] ?? ['html', undefined];
    response.setHeader('Content-Type', `${TYPES[type]}; charset=utf-8`);
    const policy = `default-src 'none'; script-src 'self'; connect-src ${API_ORIGIN}`;
    response.setHeader('Content-Security-Policy', policy);
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  server.listen(new URL(PAGE_ORIGIN).port);
  await once(server, 'listening');
}
