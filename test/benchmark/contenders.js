// What makes and verifies tokens in process: this library, what it is compared with, and the limit by node:crypto. All
// of them make tokens with the same claims, and check signature, algorithm, `exp` and `nbf`, except for the limit, which
// checks the signature only. This library also checks the other registered claims, and keeps what it has verified.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { createSigner, createVerifier } from 'fast-jwt';
import { jwtVerify, SignJWT } from 'jose';
import { JwtExtendedModule, TokenService } from 'nestjs-jwt-extended';
import {
  ALGORITHMS,
  claimsOf,
  forge,
  makeToken,
  mintRaw,
  newClaims,
  SECRET,
  verifyRaw,
} from './tokens.js';

const SUBJECT = 'user-1';

/** @returns by name, functions from a token to its claims */
export async function verifiersOf(algorithm) {
  const { publicKey } = ALGORITHMS[algorithm];
  const text = textOf(publicKey);
  const tokens = await tokenService(algorithm);
  const algorithms = [algorithm];
  const fast = createVerifier({ key: text, algorithms });
  const verifiers = {
    raw: (token) => verifyRaw(algorithm, token),
    decodeToken: (token) => tokens.decodeToken(token),
    ...ofJwtService(algorithm, (service) => (token) => service.verifyAsync(token)),
    jose: (token) => jwtVerify(token, publicKey, { algorithms }),
    'fast-jwt': fast,
    'fast-jwt with its cache': createVerifier({ key: text, algorithms, cache: 4_000 }),
  };
  for (const [name, verify] of Object.entries(verifiers))
    await checkVerifier(name, verify, algorithm);
  return verifiers;
}

/** @returns by name, functions that make an access token */
export async function mintersOf(algorithm) {
  const { privateKey } = ALGORITHMS[algorithm];
  const tokens = await tokenService(algorithm);
  const header = { alg: algorithm, typ: 'JWT' };
  const fast = createSigner({ key: textOf(privateKey), algorithm });
  const minters = {
    raw: () => mintRaw(algorithm, newClaims(SUBJECT)),
    createAccessToken: () => tokens.createAccessToken(SUBJECT),
    ...ofJwtService(algorithm, (service) => () => service.signAsync(newClaims(SUBJECT))),
    jose: () => new SignJWT(newClaims(SUBJECT)).setProtectedHeader(header).sign(privateKey),
    'fast-jwt': () => fast(newClaims(SUBJECT)),
  };
  for (const [name, mint] of Object.entries(minters)) checkMinted(name, await mint(), algorithm);
  return minters;
}

/** As the documentation of NestJS configures it, with text, and with a key that is read once. */
function ofJwtService(algorithm, method) {
  // The library under it lacks EdDSA.
  if (algorithm === 'EdDSA') return {};
  const { privateKey, publicKey } = ALGORITHMS[algorithm];
  const service = (privateKey, publicKey) =>
    new JwtService({
      ...(algorithm === 'HS256' ? { secret: privateKey } : { privateKey, publicKey }),
      signOptions: { algorithm },
      verifyOptions: { algorithms: [algorithm] },
    });
  return {
    'JwtService as documented': method(service(textOf(privateKey), textOf(publicKey))),
    'JwtService with a KeyObject': method(service(privateKey, publicKey)),
  };
}

function textOf(key) {
  if (key.type === 'secret') return SECRET;
  return key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' });
}

async function tokenService(algorithm) {
  const { privateKey, publicKey } = ALGORITHMS[algorithm];
  const keys = algorithm === 'HS256' ? { secret: SECRET } : { algorithm, privateKey, publicKey };
  class App {}
  Module({ imports: [JwtExtendedModule.forRoot(keys)] })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: ['error'] });
  return app.get(TokenService);
}

/** Lets a good token in, and refuses the same one with another signature, before and after it has seen the good one. */
async function checkVerifier(name, verify, algorithm) {
  const token = makeToken(algorithm);
  const isRefused = async () => {
    try {
      await verify(forge(token));
      return false;
    } catch {
      return true;
    }
  };
  const isRefusedFirst = await isRefused();
  await verify(token);
  if (!isRefusedFirst || !(await isRefused()))
    throw new Error(`${name} takes a forged token, ${algorithm}`);
}

function checkMinted(name, token, algorithm) {
  verifyRaw(algorithm, token);
  const [minted, wanted] = [claimsOf(token), newClaims(SUBJECT)].map((claims) =>
    Object.keys(claims).sort().join(),
  );
  if (minted !== wanted) throw new Error(`${name} makes a token of ${minted}, ${algorithm}`);
}
