import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'open' | 'cut' | 'silent';

/** Data that is passed on later. */
interface Delivery {
  readonly act: () => void;
}

/** A line between a client and a server of loopback, which a test can delay and cut. */
export class TcpProxy {
  /** How often a client sent data first, or after the server had: the round trips of a client that waits for answers. */
  roundTrips = 0;
  #mode: Mode = 'open';
  #delayMs = 0;
  /** The data that is underway, in the order in which it was sent. */
  #underway: Delivery[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly targetPort: number) {
    // Half-open, so that the proxy passes on the end of one side, and does not answer it.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#join(socket),
    );
  }

  /** Listens on a port, and passes data on to another one. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The number of clients that are connected. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Delays all data from now on, in either direction. */
  delay(milliseconds: number): void {
    this.#delayMs = milliseconds;
  }

  /** Resets all connections. New ones are accepted. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets all connections, and each new one. */
  cut(): void {
    this.#mode = 'cut';
    this.reset();
  }

  /** Accepts data and new connections, and passes nothing on, as a network that loses all packets does. */
  blackhole(): void {
    this.#mode = 'silent';
  }

  /** Works again, and delivers what is underway. What `blackhole` took is lost, so its connections end. */
  restore(): void {
    if (this.#mode === 'silent') this.reset();
    this.#mode = 'open';
    this.#delayMs = 0;
    this.#deliver(this.#underway.at(-1));
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket): void {
    if (this.#mode === 'cut') {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const target = { port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true };
    const server = connect(target);
    let isClientsTurn = true;
    client.on('data', () => {
      if (isClientsTurn) this.roundTrips += 1;
      isClientsTurn = false;
    });
    server.on('data', () => (isClientsTurn = true));
    this.#handOn(client, server);
    this.#handOn(server, client);
  }

  #handOn(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from
      .on('data', (chunk) => this.#later(() => to.write(chunk)))
      .on('end', () => this.#later(() => to.end()))
      .on('error', () => to.resetAndDestroy())
      .on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
  }

  #later(act: () => void): void {
    if (this.#mode === 'silent') return;
    const delivery = { act };
    this.#underway.push(delivery);
    if (this.#delayMs === 0) this.#deliver(delivery);
    else setTimeout(() => this.#deliver(delivery), this.#delayMs);
  }

  /** Delivers data in the order in which it was sent, even if the delay has become shorter. */
  #deliver(delivery: Delivery | undefined): void {
    const last = this.#underway.findIndex((each) => each === delivery);
    for (const { act } of this.#underway.splice(0, last + 1)) {
      if (this.#mode !== 'silent') act();
    }
  }
}
