import {
  type ForwardReference,
  Inject,
  Injectable,
  Logger,
  type OnModuleInit,
  Scope,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { isObject } from '../common/checks.js';
import { NAME_HINT, plainNameOf } from '../common/describe.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { CONFIGURED, FACTORY_METHOD, ModuleSettings } from './module-settings.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
type Token = Parameters<NestModule['providers']['get']>[0];
type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

/**
 * Checks how an application imports the module, before Nest waits for the options: it would wait for ever for options
 * that wait for a service of this module, and complain about the filter if they depend on a request.
 */
@Injectable()
export class ModuleCheck implements OnModuleInit {
  readonly #modules: readonly NestModule[];

  /** @throws JwtExtendedConfigError */
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    this.#modules = [...modules.values()].filter(({ providers }) => providers.has(ModuleCheck));
    for (const { providers } of this.#modules) requireOptionsAtStart(providers.get(CONFIGURED));
    if (this.#modules.filter(({ isGlobal }) => isGlobal).length > 1)
      throw new JwtExtendedConfigError(
        'two JwtExtendedModules have isGlobal: true, so that a guard could get either, and a token that one of them has ' +
          'revoked would open the routes of the other: import JwtExtendedModule.forRoot once, in the root module, or ' +
          'give isGlobal: false to each module that is for one feature only',
      );
  }

  onModuleInit(): void {
    const instances = this.#modules.map(({ providers }) => providers.get(ModuleCheck)?.instance);
    if (instances[0] !== this) return;
    const settings = this.#modules.map(
      ({ providers }) => providers.get(ModuleSettings)?.instance as ModuleSettings,
    );
    const isTwin = (one: ModuleSettings, at: number) =>
      settings.slice(at + 1).some((other) => one.accepts(other));
    if (settings.some(isTwin))
      new Logger('JwtExtendedModule').warn(
        'two JwtExtendedModules have the same key, so each accepts the tokens of the other, also those that the other has ' +
          'revoked: give each a key of its own, or an encodeAudience and a decodeAudience of its own',
      );
  }
}

/**
 * Asks for the settings only after the check: Nest resolves the properties of a class when it has the arguments of its
 * constructor. Otherwise Nest would find a circle first, and advise `forwardRef`, which does not help.
 */
@Injectable()
export class CheckedSettings {
  @Inject(CONFIGURED)
  readonly settings!: ModuleSettings;

  constructor(@Inject(ModuleCheck) readonly check: ModuleCheck) {}
}

/** @throws JwtExtendedConfigError - if there are no options, or none before the first request */
function requireOptionsAtStart(settings: Wrapper | undefined): void {
  if (!settings)
    throw new JwtExtendedConfigError(
      'JwtExtendedModule is imported without options: import JwtExtendedModule.forRoot({ secret }) or ' +
        'JwtExtendedModule.forRootAsync({ useFactory }), once, in the root module; other modules need not import it. ' +
        'With isGlobal: false they do: share one const jwt = JwtExtendedModule.forRoot(…) in the imports of both, or export ' +
        'JwtExtendedModule from a module of your own',
    );
  const scoped = pathTo(({ scope }) => scope === Scope.REQUEST, settings);
  if (scoped)
    throw new JwtExtendedConfigError(
      `forRootAsync injects ${namesOn(scoped)}, which is request-scoped, but options are read once, at start: inject ` +
        'other providers, and read the request in loaders, whose last argument is { request }',
    );
  const circle = pathTo((wrapper) => wrapper === settings, settings);
  if (circle) {
    const service = circle.find(({ metatype }) => !isOptionsFactory(metatype)) ?? settings;
    throw new JwtExtendedConfigError(
      `forRootAsync injects ${namesOn(ofApplication(circle))}, which needs these options: a circle that forwardRef does ` +
        `not break. Inject ModuleRef instead, and ask it in the loader: moduleRef.get(${namesOn([service])}, ` +
        '{ strict: false })',
    );
  }
}

function isOptionsFactory(type: unknown): boolean {
  return typeof type === 'function' && isObject(type.prototype) && FACTORY_METHOD in type.prototype;
}

/** The way from a provider to one that it needs: what is injected on it, as Nest will find it. */
function pathTo(
  isGoal: (wrapper: Wrapper) => boolean,
  from: Wrapper,
  seen: Set<Wrapper> = new Set(),
): readonly Wrapper[] | undefined {
  for (const token of dependenciesOf(from)) {
    const next = from.host && providerOf(token, from.host);
    if (!next || seen.has(next)) continue;
    if (isGoal(next)) return [next];
    const rest = pathTo(isGoal, next, seen.add(next));
    if (rest) return [next, ...rest];
  }
  return undefined;
}

/** The metadata of Nest's decorators. The constants that name it are in different places in its versions 11 and 12. */
function dependenciesOf({ inject, metatype }: Wrapper): readonly unknown[] {
  if (inject) return inject.map(tokenOf);
  if (typeof metatype !== 'function') return [];
  const metadata = (key: string) =>
    (Reflect.getMetadata(key, metatype) ?? []) as readonly unknown[];
  const parameters = [...metadata('design:paramtypes')];
  for (const injected of metadata('self:paramtypes')) {
    const { index, param } = injected as { index: number; param: unknown };
    parameters[index] = param;
  }
  const properties = metadata('self:properties_metadata') as readonly { type: unknown }[];
  return [...parameters, ...properties.map(({ type }) => type)].map(tokenOf);
}

/** What stands behind `forwardRef`, and behind an optional dependency of a factory. */
function tokenOf(dependency: unknown): unknown {
  if (!isObject(dependency)) return dependency;
  const { forwardRef } = dependency as Partial<ForwardReference<() => unknown>>;
  if (forwardRef) return forwardRef();
  return dependency.token === undefined ? dependency : tokenOf(dependency.token);
}

/** A provider of the module itself, or one that an import exports, its own or one of an import that it re-exports. */
function providerOf(token: unknown, module: NestModule): Wrapper | undefined {
  const key = token as Token;
  return module.providers.get(key) ?? exportedBy([...module.imports], key, new Set());
}

function exportedBy(
  imports: readonly NestModule[],
  token: Token,
  seen: Set<NestModule>,
): Wrapper | undefined {
  for (const imported of imports) {
    if (seen.has(imported)) continue;
    seen.add(imported);
    const { providers, exports } = imported;
    const found = exports.has(token) ? providers.get(token) : undefined;
    const reexported = [...imported.imports].filter(({ metatype }) => exports.has(metatype));
    const provider = found ?? exportedBy(reexported, token, seen);
    if (provider) return provider;
  }
  return undefined;
}

/** The part of a circle that the application knows: up to the first class that this module exports. */
function ofApplication(circle: readonly Wrapper[]): readonly Wrapper[] {
  const isOurs = ({ name }: Wrapper) => String(name).endsWith(NAME_HINT);
  return circle.slice(0, circle.findIndex(isOurs) + 1 || circle.length);
}

function namesOn(path: readonly Wrapper[]): string {
  const nameOf = ({ name }: Wrapper) => plainNameOf({ name: String(name) });
  return path.map(nameOf).join(', which needs ');
}
