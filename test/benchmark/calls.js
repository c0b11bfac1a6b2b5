// Calls of TokenService, beside what they are compared with.
import 'reflect-metadata';
import { JwtService } from '@nestjs/jwt';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtExtendedModule, TokenService } from 'nestjs-jwt-extended';
import { takeTurns } from './statistics.js';
import { ALGORITHMS, makeToken, SECRET, verifyRaw } from './tokens.js';

/** As the NestJS documentation configures it. */
const documented = new JwtService({ secret: SECRET, signOptions: { expiresIn: '15m' } });

/** How many calls a contender makes in a round, so that its turn takes some milliseconds. */
const CALLS = { HS256: 500, RS256: 100, PS256: 100, ES256: 40, EdDSA: 100, withStringSecret: 12 };

export async function verificationCosts(algorithm, rounds) {
  const tokens = await tokenService(algorithm);
  const calls = CALLS[algorithm];
  const contenders = {
    raw: overUnseenTokens(algorithm, calls, (token) => verifyRaw(algorithm, token)),
    decodeToken: overUnseenTokens(algorithm, calls, (token) => tokens.decodeToken(token)),
  };
  if (algorithm === 'HS256') {
    contenders.verifyAsync = overUnseenTokens(algorithm, CALLS.withStringSecret, (token) =>
      documented.verifyAsync(token),
    );
  }
  return takeTurns(contenders, rounds);
}

export async function mintingCosts(rounds) {
  const tokens = await tokenService('HS256');
  return takeTurns(
    {
      createAccessToken: repeated(CALLS.HS256, () => tokens.createAccessToken('user-1')),
      signAsync: repeated(CALLS.withStringSecret, () =>
        documented.signAsync({ sub: 'user-1', username: 'alice' }),
      ),
    },
    rounds,
  );
}

async function tokenService(algorithm) {
  class App {}
  Module({ imports: [JwtExtendedModule.forRoot(ALGORITHMS[algorithm].keys)] })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: ['error'] });
  return app.get(TokenService);
}

/** Every token is verified once in its life; it is made before the turn begins to count. */
function overUnseenTokens(algorithm, calls, verifyOne) {
  const make = () => Array.from({ length: calls }, () => makeToken(algorithm));
  let unseen = make();
  return {
    calls,
    prepare: () => {
      unseen = make();
    },
    run: async () => {
      for (const token of unseen) await verifyOne(token);
    },
  };
}

function repeated(calls, call) {
  return {
    calls,
    run: async () => {
      for (let count = 0; count < calls; count += 1) await call();
    },
  };
}
