import type { Claims, TokenHeader } from '../contracts/token.js';
import { InvalidTokenError, WrongTokenTypeError } from '../errors/token-errors.js';
import type { RemoteKeys } from '../keys/remote-jwks.js';
import { logWarning } from '../keys/secret.js';
import {
  LOGOUT_TYPE,
  mediaType,
  REFRESH_TYPE,
  type ResolvedIssuer,
} from '../options/issuer-options.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';
import type { ClaimRules } from './registered-claims.js';

/** An entry of the option `issuers`: which of its tokens are accepted, and as what. */
export class ForeignIssuer {
  readonly rules: ClaimRules;
  /** The accepted `typ`s of headers. Those of refresh and logout tokens are refused later, by a reason of their own. */
  readonly headerTypes: ReadonlySet<string | null>;
  #isWarned = false;

  constructor(
    readonly keys: RemoteKeys,
    { leeway, verifySub }: ResolvedTokenOptions,
  ) {
    const { audience, identityClaim, tokenTypes } = this.options;
    this.headerTypes = new Set([...tokenTypes, REFRESH_TYPE, LOGOUT_TYPE]);
    this.rules = {
      ...{ leeway, verifySub, identityClaim },
      // The issuer is the one of the entry, or its keys would not have been chosen.
      decodeIssuer: undefined,
      decodeAudience: audience || undefined,
      requiredClaims: [],
      acceptForeignTokens: true,
    };
  }

  get options(): ResolvedIssuer {
    return this.keys.options;
  }

  /** Logs once that a refused token names almost this issuer: names are compared exactly (RFC 7519 section 4.1.1). */
  warnIfMisspelt(iss: string): void {
    const { issuer } = this.options;
    if (this.#isWarned || iss === issuer || comparable(iss) !== comparable(issuer)) return;
    this.#isWarned = true;
    const [given, named] = [issuer, iss].map((text) => JSON.stringify(text));
    logWarning(
      `issuers has ${given}, and a token that names ${named} was refused: only a final slash or letter case differs. If both ` +
        'are one issuer, write issuer exactly as its tokens do',
    );
  }

  /**
   * Refuses tokens of another kind than the option `tokens` says (RFC 9068 section 4, RFC 8725 section 3.11).
   *
   * @throws WrongTokenTypeError - for a refresh token
   * @throws InvalidTokenError - for a logout token, and for an ID token in place of an access token or the reverse
   */
  requireKind(header: TokenHeader, claims: Claims): void {
    const kinds = kindsOf(mediaType(header.typ), claims);
    const { tokens } = this.options;
    if (kinds.includes('refresh')) throw new WrongTokenTypeError('access');
    if (kinds.every((kind) => kind === tokens)) return;
    throw new InvalidTokenError(
      tokens === 'id'
        ? 'Invalid token type. Token must be an ID token'
        : 'Invalid token type. Token must be an access token',
    );
  }
}

function comparable(issuer: string): string {
  return issuer.replace(/\/$/, '').toLowerCase();
}

/** The member of `events` in a logout token (OpenID Connect Back-Channel Logout section 2.4). */
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Claims of ID tokens alone (OpenID Connect Core sections 2 and 3.3.2.11). */
const ID_CLAIMS = ['nonce', 'at_hash', 'c_hash'] as const;

/** The claim `typ` of Keycloak's refresh tokens that outlive the session. */
const OFFLINE_TYPE = 'offline';

type TokenKind = 'access' | 'id' | 'refresh' | 'logout';

/** What a token says it is: Keycloak's in the claim `typ`, Cognito's in `token_use`. Most say nothing. */
function kindsOf(headerType: string | undefined, claims: Claims): readonly TokenKind[] {
  const [type, typ, use] = [claims.type, claims.typ, claims.token_use].map(mediaType);
  const signs: readonly (readonly [TokenKind, boolean])[] = [
    ['refresh', [headerType, type, typ, use].includes(REFRESH_TYPE) || typ === OFFLINE_TYPE],
    ['logout', headerType === LOGOUT_TYPE || hasLogoutEvent(claims)],
    ['id', typ === 'id' || use === 'id' || ID_CLAIMS.some((name) => Object.hasOwn(claims, name))],
    ['access', [headerType, type, typ, use].some((each) => ACCESS_TYPES.includes(each))],
  ];
  return signs.filter(([, applies]) => applies).map(([kind]) => kind);
}

/** RFC 9068 section 2.1; the claim of this library, and that of Cognito; the claim of Keycloak. */
const ACCESS_TYPES: readonly (string | undefined)[] = ['at+jwt', 'access', 'bearer'];

function hasLogoutEvent({ events }: Claims): boolean {
  return typeof events === 'object' && events !== null && Object.hasOwn(events, LOGOUT_EVENT);
}
