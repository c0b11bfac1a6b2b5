import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** How many ports each worker of Jest has for itself. */
const PORTS_OF_A_WORKER = 4_000;
const WORKERS = 5;
/** The first of them. All are below those that the system gives away by itself, to clients too. */
const FIRST_PORT = 10_000;

/**
 * A port of loopback for a server that is started later, or stopped and started again. No other worker chooses it, and
 * no client is given it in between.
 */
export async function freePort(): Promise<number> {
  const worker = Number(process.env.JEST_WORKER_ID ?? 1) % WORKERS;
  const first = FIRST_PORT + worker * PORTS_OF_A_WORKER;
  const port = randomInt(first, first + PORTS_OF_A_WORKER);
  return portOf(port, '127.0.0.1').catch(() => freePort());
}

/** Rejects if a server listens on the port of every address. */
export async function requireFreePort(port: number): Promise<void> {
  await portOf(port).catch((cause: unknown) => {
    throw new Error(`The test needs port ${port}, and something is listening there`, { cause });
  });
}

/** The port that could be listened on, free again. */
async function portOf(wanted: number, host?: string): Promise<number> {
  const server = createServer().listen(wanted, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
