// Floods a module with tokens in a process of its own: `node --expose-gc flood.mjs <secret>`. Prints what it measured.
import 'reflect-metadata';
import { Hmac, randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { JwtExtendedModule, TokenService } from 'nestjs-jwt-extended';

const [secret] = process.argv.slice(2);
const module = JwtExtendedModule.forRoot({ secret, maxTokenLength: 16_384 });
const app = await NestFactory.createApplicationContext(module, { logger: false });
const tokens = app.get(TokenService);

const good = await tokens.createAccessToken('alice');
const [header, payload] = good.split('.');
const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());

const segment = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const withKeyId = (kid) => `${segment({ alg: 'HS256', typ: 'JWT', kid })}.${payload}`;
const random = (length) => randomBytes(length).toString('base64url');
/** Another character at one place, so that the last 24 characters stay. */
const changed = (index) => {
  const at = index % (good.length - 24);
  const other = good[at] === 'A' ? 'B' : 'A';
  return good.slice(0, at) + other + good.slice(at + 1);
};
/** A part of a longer text, as the token of a cookie is a part of the header. */
const within = (token) => ` ${token}; ${'x'.repeat(15_000)}`.slice(1, 1 + token.length);

/** What is sent, by its name: how often, and the token. */
const FLOODS = {
  'random text': [100_000, () => random(40)],
  'three random segments': [
    30_000,
    (index) => `${header}.${random(60)}.${random(32 + (index % 3))}`,
  ],
  'a good token with one character changed': [20_000, changed],
  'random text of 15,000 characters': [3_000, () => `${header}.${random(11_000)}`],
  'JSON of 15,000 characters': [
    2_000,
    (index) =>
      `${header}.${segment({ ...claims, jti: index, pad: 'x'.repeat(11_000) })}.${random(32)}`,
  ],
  'a key id each': [10_000, (index) => `${withKeyId(`key-${index}`)}.${random(32)}`],
};

let digests = 0;
const { digest } = Hmac.prototype;
Hmac.prototype.digest = function counted(...args) {
  digests += 1;
  return digest.apply(this, args);
};

/** Whether the module accepts a token, and whether it computed a signature for that. */
async function present(token) {
  const before = digests;
  const isAccepted = await tokens.verifyToken(token);
  return { isAccepted, isVerified: digests > before };
}

/** The megabytes in use. What a collection frees may be reachable until the next turn, so there are two. */
async function heap() {
  globalThis.gc();
  await turn();
  globalThis.gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function send(count, make) {
  let accepted = 0;
  for (let index = 0; index < count; index += 1) {
    if ((await present(make(index))).isAccepted) accepted += 1;
    if (index % 100 === 0) await turn();
  }
  return accepted;
}

async function measure(name, [count, make]) {
  await present(good);
  await send(200, make);
  const before = await heap();
  const start = process.cpuUsage();
  const accepted = await send(count, make);
  const { user, system } = process.cpuUsage(start);
  const grown = (await heap()) - before;
  const again = await present(good);
  return { name, accepted, grown, milliseconds: (user + system) / 1000 / count, again };
}

const floods = [];
for (const [name, flood] of Object.entries(FLOODS)) floods.push(await measure(name, flood));

// So many good tokens that the cache moves them to its younger generation when they come again, within longer texts.
const many = await Promise.all(
  Array.from({ length: 3_900 }, (_, index) => tokens.createAccessToken(`user-${index}`)),
);
const before = await heap();
for (let pass = 0; pass < 3; pass += 1) await send(many.length, (index) => within(many[index]));
const within16KB = { grown: (await heap()) - before, again: await present(many[0]) };

await app.close();
process.stdout.write(JSON.stringify({ floods, within16KB }));
