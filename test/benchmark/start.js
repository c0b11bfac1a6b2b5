// How long an application without HTTP takes to start in a fresh process once everything is imported: with this library's
// module, with what it replaces, and with neither.
import { costsInFreshProcess } from './fresh-process.js';
import { atMost } from './report.js';
import { summarize } from './statistics.js';
import { SECRET } from './tokens.js';

const BEFORE = `
  import 'reflect-metadata';
  import { Injectable, Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { JwtModule } from '@nestjs/jwt';
  import { PassportModule, PassportStrategy } from '@nestjs/passport';
  import { JwtExtendedModule } from 'nestjs-jwt-extended';
  import { ExtractJwt, Strategy } from 'passport-jwt';
  class App {}
  const secret = '${SECRET}';`;

/** As the documentation of NestJS has it. */
const PASSPORT = `
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: secret });
    }
    validate({ sub }) {
      return { sub };
    }
  }
  Injectable()(JwtStrategy);`;

export async function start(rounds) {
  const { empty, ...others } = await costsInFreshProcess(
    {
      empty: script('{}'),
      library: script('{ imports: [JwtExtendedModule.forRoot({ secret })] }'),
      passport: script(
        '{ imports: [PassportModule, JwtModule.register({ secret })], providers: [JwtStrategy] }',
        PASSPORT,
      ),
    },
    rounds,
  );
  const beyondEmpty = (costs) => summarize(costs.map((cost, round) => (cost - empty[round]) * 1e3));
  const library = beyondEmpty(others.library);
  return {
    tables: {
      'Start, cold: ms of CPU time beyond an empty module': {
        JwtExtendedModule: library,
        'JwtModule and PassportModule with a strategy': beyondEmpty(others.passport),
      },
    },
    targets: [atMost(12, library, 'ms that a module with ours takes beyond an empty one')],
  };
}

function script(metadata, more = '') {
  const work = `
    Module(${metadata})(App);
    await NestFactory.createApplicationContext(App, { logger: false });`;
  return { type: 'module', before: BEFORE + more, work };
}
