import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'open' | 'cut' | 'silent';

/** Something that is handed on later. */
interface Delivery {
  readonly act: () => void;
}

/** A line between a client and a server of loopback, as good or as bad as it is told to be. */
export class TcpProxy {
  /** How often a client spoke up after the server had spoken, or first: the round trips of one who waits for answers. */
  roundTrips = 0;
  #mode: Mode = 'open';
  #delayMs = 0;
  /** What is underway, in the order in which it was sent. */
  #underway: Delivery[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly targetPort: number) {
    // Half-open, so that one side's goodbye is handed on and not answered by the proxy itself.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#join(socket),
    );
  }

  /** Listens on a port of its own for what is meant for another one. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Everything takes so much longer from now on, in either direction. */
  delay(milliseconds: number): void {
    this.#delayMs = milliseconds;
  }

  /** Resets the connections that there are; new ones are welcome. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets the connections that there are, and every new one. */
  cut(): void {
    this.#mode = 'cut';
    this.reset();
  }

  /** Takes whatever is said, in new connections too, and hands nothing on: a peer that is gone without a word. */
  blackhole(): void {
    this.#mode = 'silent';
  }

  /** Works again, and delivers what is underway. What went into the black hole stays there, so its connections end. */
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

  /** Nothing overtakes: what was sent before is delivered before, however long it would have taken. */
  #deliver(delivery: Delivery | undefined): void {
    const last = this.#underway.findIndex((each) => each === delivery);
    for (const { act } of this.#underway.splice(0, last + 1)) {
      if (this.#mode !== 'silent') act();
    }
  }
}
