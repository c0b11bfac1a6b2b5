import type { TokenErrorCode } from '../errors/token.error.js';

interface Look {
  readonly statuses: readonly number[];
  readonly messages: readonly RegExp[];
}

const MISSING = [
  /^Missing .+ Header$/,
  /^Missing '.+' type in '.+' header\. Expected /,
  /^Missing cookie ".+"$/,
  /^Missing '.+' query paramater$/,
  /^Invalid content-type\. Must be application\/json\.$/,
  /^Missing ".+" key in json data\.$/,
  /^Missing token$/,
  /^Missing JWT in .+ or .+$/,
];

const INVALID = [
  /^Bad .+ header\. Expected /,
  /^Invalid value for query parameter '.+'\. Expected the value to start with /,
  /^Multiple values for (query parameter|cookie) .+$/,
  /^Invalid token type\. Token must be a <class 'bytes'>$/,
  /^Token is too long$/,
  /^Not enough segments$/,
  /^Invalid \w+ padding$/,
  /^Invalid \w+ string: /,
  /^Algorithm not specified$/,
  /^The specified alg value is not allowed$/,
  /^Key ID header parameter must be a string$/,
  /^Unsupported critical extension: .+$/,
  /^Invalid header: \w+$/,
  /^Signature verification failed$/,
  /^(Not Before|Issued At|Expiration Time) claim \(\w+\) must be an integer\.$/,
  /^The token is not yet valid \(\w+\)$/,
  /^Token is missing the ".+" claim$/,
  /^Payload Issuer \(iss\) must be a string$/,
  /^Invalid issuer$/,
  /^Audience doesn't match$/,
  /^(Subject|JWT ID) must be a string$/,
  /^Invalid claim format in token$/,
  /^Missing claim: .+$/,
  /^Missing or invalid claim: type$/,
];

/** How refusals look where the application has no answers of its own: by either status profile, in English. */
const LOOKS: Readonly<Record<TokenErrorCode, Look>> = {
  TOKEN_MISSING: look([401], ...MISSING),
  CSRF_FAILED: look([401], /^Missing CSRF token$/, /^CSRF double submit tokens do not match$/),
  CREDENTIALS_INVALID: look([401], /^Bad username or password$/),
  TOKEN_INVALID: look([422, 401], ...INVALID),
  TOKEN_WRONG_TYPE: look([422, 401], /^Only (non-)?refresh tokens are allowed$/),
  TOKEN_EXPIRED: look([401], /^Token has expired$/),
  TOKEN_NOT_FRESH: look([401], /^Fresh token required$/),
  TOKEN_REVOKED: look([401], /^Token has been revoked$/),
  TOKEN_REUSED: look([401], /^Token has been revoked$/),
  TOKEN_REJECTED: look([400, 401], /^User claims verification failed$/),
  USER_NOT_FOUND: look([401], /^Error loading the user /),
  CLAIMS_INSUFFICIENT: look([403], /^Missing required (claim|scope)\(s\)$/),
  CHECK_UNAVAILABLE: look([503], /^Token could not be checked$/),
};

const CODES = Object.keys(LOOKS) as readonly TokenErrorCode[];

/** The code that is among a body's texts. */
export function codeIn(texts: readonly string[]): TokenErrorCode | undefined {
  return CODES.find((code) => texts.includes(code));
}

/** The refusals that look like this; some look alike. */
export function codesThatLookLike(status: number, texts: readonly string[]): TokenErrorCode[] {
  return CODES.filter((code) => fits(LOOKS[code], status, texts));
}

function look(statuses: readonly number[], ...messages: readonly RegExp[]): Look {
  return { statuses, messages };
}

function fits({ statuses, messages }: Look, status: number, texts: readonly string[]): boolean {
  return (
    statuses.includes(status) &&
    messages.some((message) => texts.some((text) => message.test(text)))
  );
}
