import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { forgedPage } from './forged-page.js';

/** A host name or address, and a port. */
const HOST = /^([\w.-]+|\[[\da-f:]+\]):\d+$/i;

/**
 * Serves the page of an attacker, on a port of its own. That makes it another origin, but not another site: the browser
 * sends `SameSite` cookies along with its form.
 */
@Injectable()
export class OtherOrigin implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly server = createServer((request, response) => this.answer(request, response));

  async onApplicationBootstrap() {
    this.server.listen(0, process.env.LISTEN_ON ?? 'localhost');
    await once(this.server, 'listening');
  }

  onApplicationShutdown() {
    this.server.close();
    this.server.closeAllConnections();
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private answer({ headers, url = '' }: IncomingMessage, response: ServerResponse) {
    const [, hostname] = HOST.exec(headers.host ?? '') ?? [];
    const port = Number(new URLSearchParams(url.split('?')[1]).get('port'));
    if (hostname === undefined || !port) return response.writeHead(400).end();
    const target = `http://${hostname}:${port}`;
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.setHeader(
      'Content-Security-Policy',
      `default-src 'none'; form-action ${target}; base-uri 'none'; frame-ancestors 'none'`,
    );
    return response.end(forgedPage(`${target}/logout/everywhere`));
  }
}
