import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstValueFrom, isObservable } from 'rxjs';
import { MissingTokenError } from '../../../src/errors/token-errors.js';
import { JwtExtendedModule } from '../../../src/jwt-extended.module.js';
import { JwtExceptionFilter } from '../../../src/route/jwt-exception.filter.js';
import { SECRET } from '../../support/forge.js';

describe('JwtExceptionFilter', () => {
  let testing: TestingModule;
  beforeAll(async () => {
    testing = await Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
    }).compile();
  });
  afterAll(() => testing.close());

  const caughtOver = (type: string) => {
    const refusal = new MissingTokenError('Missing token');
    const host = new ExecutionContextHost([{ id: 1 }, 'data']);
    host.setType(type);
    return { refusal, answer: testing.get(JwtExceptionFilter).catch(refusal, host) };
  };

  it.each(['ws', 'graphql', 'pigeon'])('hands a refusal on to %s (R51)', (type) => {
    const { refusal, answer } = caughtOver(type);
    expect(answer).toBe(refusal);
  });

  it('hands a refusal on to a microservice as an error of its stream (R51)', async () => {
    const { refusal, answer } = caughtOver('rpc');
    if (!isObservable(answer)) throw new Error('It gave no stream');
    await expect(firstValueFrom(answer)).rejects.toBe(refusal);
  });
});
