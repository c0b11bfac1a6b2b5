import { describe, expect, it } from '@jest/globals';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { of } from 'rxjs';
import { SlidingSessionInterceptor } from '../../../src/index.js';

describe('SlidingSessionInterceptor', () => {
  it.each(['rpc', 'ws', 'graphql'])('has nothing to do with %s, which has no cookies', (type) => {
    const answer = of('in');
    const context = { getType: () => type } as ExecutionContext;
    const next: CallHandler = { handle: () => answer };

    expect(new SlidingSessionInterceptor().intercept(context, next)).toBe(answer);
  });
});
