import { type DynamicModule, Module } from '@nestjs/common';
import {
  type BlocklistStore,
  type Duration,
  type JwtExtendedOptions,
  JwtExtendedModule,
  MemoryBlocklistStore,
  type TokenErrorCode,
} from 'nestjs-jwt-extended';
import {
  blocklistStoreContract,
  expectRefusal,
  JwtExtendedTestingModule,
  type OpenedStore,
  TestClock,
} from 'nestjs-jwt-extended/testing';
import { exactly } from './exactly.js';

// What both entries speak of is the same type in both.

exactly<Parameters<typeof expectRefusal>[1], TokenErrorCode>(true);
exactly<Parameters<TestClock['advance']>[0], Duration>(true);
exactly<OpenedStore['store'], BlocklistStore>(true);

const { now } = new TestClock();
const testing: DynamicModule = JwtExtendedTestingModule.register({ clock: now });
export const options: JwtExtendedOptions = { secret: 'text', clock: now };
export const cases = blocklistStoreContract(() => ({ store: new MemoryBlocklistStore() }));

@Module({ imports: [JwtExtendedModule.forRoot(options), testing] })
export class App {}
