// What a server under load says to the bench, whatever it is made with.

let requests = 0;

/** What the route answers. */
export function answer() {
  requests += 1;
  return { hello: 'world' };
}

/** Tells the bench where the server is, and from then on, when it asks, what it has done; ends with the bench. */
export function listening(url) {
  process.on('message', () => process.send({ requests, cpu: process.cpuUsage() }));
  process.on('disconnect', () => process.exit());
  process.send({ url });
}
