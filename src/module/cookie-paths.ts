import { Logger, type Type, VersioningType } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { configError } from '../common/describe.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { TokenType } from '../contracts/token.js';
import { type EndpointPlan, joined } from '../options/endpoint-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Route, RoutePolicies } from '../route/route.js';
import type { MountedRoute } from './mounted-routes.js';

export interface CookiePathParts {
  readonly options: ResolvedOptions;
  readonly plan: EndpointPlan;
  /** The controllers of this module's endpoints. */
  readonly endpoints: { readonly refresh?: Type | undefined; readonly logout?: Type | undefined };
  readonly application: ApplicationConfig;
  readonly policies: RoutePolicies;
}

/** Checks at start that browsers send the token cookies to the routes that read them. */
export class CookiePaths {
  readonly #logger = new Logger('JwtExtendedModule');

  constructor(private readonly parts: CookiePathParts) {}

  /** @throws JwtExtendedConfigError - for an endpoint that no browser would send its cookie to */
  checkEndpoints(routes: readonly MountedRoute[]): void {
    const { refresh, logout } = this.parts.endpoints;
    const pathsOf = (endpoint: Type | undefined) =>
      routes.find(({ controller }) => controller === endpoint)?.paths ?? [];
    this.#checkEndpoints(pathsOf(refresh), pathsOf(logout));
  }

  /** Warns of the routes of the application. */
  warnAboutOthers(routes: readonly MountedRoute[]): void {
    const { refresh, logout } = this.parts.endpoints;
    for (const route of routes)
      if (![refresh, logout].includes(route.controller)) this.#warnAbout(route);
  }

  #checkEndpoints(refreshPaths: readonly string[], logoutPaths: readonly string[]): void {
    const { plan, options } = this.parts;
    const { accessPath, refreshPath } = options.cookies;
    const isRead = (locations: EndpointPlan['refreshLocations']) => locations.includes('cookies');
    const atRefresh = isRead(plan.refreshLocations) && this.#isUsed('refresh') ? refreshPaths : [];
    const atLogout = isRead(plan.logoutLocations) ? logoutPaths : [];
    const right = quoted(commonPath([...atRefresh, ...atLogout]));
    if (!this.#isSent(['refresh'], atRefresh, 'refresh')) {
      const fix = `the refresh endpoint is at ${atRefresh.join(' and ')}: set it to ${right}, or browsers do not send the cookie there`;
      throw configError('cookies.refreshPath', quoted(refreshPath), fix);
    }
    const types = (['access', 'refresh'] as const).filter((type) => this.#isUsed(type));
    if (types.length === 0) return;
    if (this.#isSent(types, atLogout, 'logout')) {
      this.#warnOfAccessAlone('the logout endpoint', atLogout);
      return;
    }
    const given = { access: quoted(accessPath), refresh: quoted(refreshPath) };
    const named = types.map((type) => `cookies.${type}Path`).join(' and ');
    const fix = `the logout endpoint is at ${atLogout.join(' and ')}: set cookies.${types.at(-1)}Path to ${right}, or browsers send no token there`;
    throw configError(named, types.map((type) => given[type]).join(' and '), fix);
  }

  /** Whether tokens of this type may be in a cookie. */
  #isUsed(type: TokenType): boolean {
    const { delivered, isDeliveryChosen } = this.parts.plan;
    return !isDeliveryChosen || delivered[type] === 'cookie';
  }

  /** Whether browsers send one of the cookies to each path of an endpoint, as far as the application knows. */
  #isSent(types: readonly TokenType[], paths: readonly string[], endpoint: string): boolean {
    const uncovered = paths.filter((path) => !this.#isCovered(types, path));
    if (this.#unreached(types, paths).length > 0) return false;
    if (uncovered.length === 0) return true;
    const cookiePath = this.#cookiePaths(types).at(-1) ?? '';
    this.#logger.warn(
      `cookies.${types.at(-1)}Path is '${cookiePath}', and the ${endpoint} endpoint is at ${uncovered.join(' and ')}: ` +
        'that is right only if a proxy removes the rest of the path',
    );
    return true;
  }

  #warnAbout({ controller, handler, paths }: MountedRoute): void {
    const { options, policies } = this.parts;
    const route = `${controller.name}.${handler.name}`;
    for (const policy of policiesIn(policies.of(handler, controller))) {
      const { type, isLogout, cookieName, locations = options.locations } = policy;
      if (cookieName !== undefined || !locations.includes('cookies')) continue;
      const types = isLogout ? (['access', 'refresh'] as const) : ([type] as const);
      if (types[0] === 'access' && !isLogout) continue;
      const unreached = this.#unreached(types, paths);
      if (unreached.length === 0) {
        if (isLogout) this.#warnOfAccessAlone(route, paths);
        continue;
      }
      const given = types.map(
        (each) => `cookies.${each}Path is '${options.cookies[`${each}Path`]}'`,
      );
      this.#logger.warn(
        `${route} at ${unreached.join(' and ')} reads the ${types.join(' or ')} cookie, ` +
          `which browsers do not send there: ${given.join(', and ')}`,
      );
    }
  }

  /** A persistent access cookie is gone once its token has expired, and the session has not ended then. */
  #warnOfAccessAlone(route: string, paths: readonly string[]): void {
    const unreached = this.#isUsed('refresh') ? this.#unreached(['refresh'], paths) : [];
    if (unreached.length === 0) return;
    const { refreshPath } = this.parts.options.cookies;
    this.#logger.warn(
      `${route} at ${unreached.join(' and ')} gets the access cookie alone, and no token once that cookie has expired: ` +
        `cookies.refreshPath is '${refreshPath}'; set it to ${quoted(commonPath([refreshPath, ...unreached]))}`,
    );
  }

  /** The paths to which browsers send none of the cookies, whatever a proxy does. */
  #unreached(types: readonly TokenType[], paths: readonly string[]): readonly string[] {
    return paths.filter(
      (path) => !this.#isCovered(types, path) && !this.#isBehindProxy(types, path),
    );
  }

  #cookiePaths(types: readonly TokenType[]): readonly string[] {
    return types.map((type) => this.parts.options.cookies[`${type}Path`]);
  }

  #isCovered(types: readonly TokenType[], path: string): boolean {
    return this.#cookiePaths(types).some((cookiePath) => mayCover(cookiePath, path));
  }

  /** Whether a part of the cookie's path that the application does not know stands before the right path. */
  #isBehindProxy(types: readonly TokenType[], path: string): boolean {
    return this.#cookiePaths(types).some((cookiePath) => {
      const steps = cookiePath.split('/').slice(1);
      return steps.some((_step, index) => {
        const [outside, rest] = [steps.slice(0, index), `/${steps.slice(index).join('/')}`];
        const isUnknown =
          outside.length > 0 && !outside.some((step) => this.#isOfApplication(step));
        return isUnknown && rest !== '/' && mayCover(rest, path);
      });
    });
  }

  /** Whether a step of a path looks like the application's own prefix or version. */
  #isOfApplication(step: string): boolean {
    const { application } = this.parts;
    const isVersion =
      application.getVersioning()?.type === VersioningType.URI && /^v?\d/.test(step);
    return isVersion || application.getGlobalPrefix().split('/').includes(step);
  }
}

/** The policies of its token guards, in an `anyOf`, too. */
function policiesIn({ policy, declared }: Route): ReadonlySet<RoutePolicy> {
  const ofMembers = declared.flatMap(({ policies }) => [...(policies?.values() ?? [])]);
  return new Set([policy, ...ofMembers].filter((each) => each !== undefined));
}

/** Cookie paths and paths of routes are no secrets, so messages show them whole. */
function quoted(path: string): string {
  return `'${path}'`;
}

/** The longest path that all of these are below, or are. */
function commonPath(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => fixedPart(path).split('/'));
  const end = first.findIndex((step, index) => others.some((steps) => steps[index] !== step));
  return joined(...first.slice(0, end === -1 ? first.length : end));
}

/** What stands before the first step with a parameter or a wildcard. */
function fixedPart(path: string): string {
  return path.replace(/[^/]*[:*(){}?+[\]\\].*$/s, '');
}

/** RFC 6265 section 5.1.4. A step with a parameter or a wildcard may be any. */
function mayCover(cookiePath: string, path: string): boolean {
  const fixed = fixedPart(path);
  const isBelow =
    fixed === cookiePath ||
    (fixed.startsWith(cookiePath) &&
      (cookiePath.endsWith('/') || fixed[cookiePath.length] === '/'));
  return isBelow || (fixed !== path && cookiePath.startsWith(fixed));
}
