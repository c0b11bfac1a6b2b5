type Row = readonly [library: string, program: string, file: string];

/** The programs of the documentation of the three libraries, and the file with ours. */
export const DOCUMENTATION: readonly Row[] = [
  ['Flask-JWT-Extended', 'Basic Usage', 'sample/11-from-flask/src/basic-usage.ts'],
  ['Flask-JWT-Extended', 'Automatic User Loading', 'sample/11-from-flask/src/user-loading.ts'],
  [
    'Flask-JWT-Extended',
    'Storing Additional Data in JWTs',
    'sample/11-from-flask/src/custom-claims.ts',
  ],
  [
    'Flask-JWT-Extended',
    '… with `additional_claims_loader`',
    'sample/11-from-flask/src/custom-claims.ts',
  ],
  [
    'Flask-JWT-Extended',
    'Partially protecting routes',
    'sample/11-from-flask/src/optional-route.ts',
  ],
  ['Flask-JWT-Extended', 'JWT Locations', 'sample/11-from-flask/src/locations.ts'],
  [
    'Flask-JWT-Extended',
    '… Headers, Cookies, Query String, JSON Body, as a browser calls them',
    'sample/11-from-flask/src/locations.ts',
  ],
  [
    'Flask-JWT-Extended',
    'Implicit Refreshing With Cookies',
    'sample/11-from-flask/src/implicit-refresh.ts',
  ],
  [
    'Flask-JWT-Extended',
    'Explicit Refreshing With Refresh Tokens',
    'sample/11-from-flask/src/refresh-tokens.ts',
  ],
  ['Flask-JWT-Extended', 'Token Freshness Pattern', 'sample/11-from-flask/src/token-freshness.ts'],
  [
    'Flask-JWT-Extended',
    '… fresh for a given amount of time',
    'sample/11-from-flask/src/token-freshness.ts',
  ],
  [
    'Flask-JWT-Extended',
    'JWT Revoking / Blocklist: Redis',
    'sample/11-from-flask/src/blocklist-redis.ts',
  ],
  [
    'Flask-JWT-Extended',
    'JWT Revoking / Blocklist: Database',
    'sample/11-from-flask/src/blocklist-database.ts',
  ],
  [
    'Flask-JWT-Extended',
    'Revoking Refresh Tokens, with Redis',
    'sample/11-from-flask/src/blocklist-redis.ts',
  ],
  [
    'Flask-JWT-Extended',
    'Revoking Refresh Tokens, with a database',
    'sample/11-from-flask/src/blocklist-database.ts',
  ],
  ['Flask-JWT-Extended', 'Custom Decorators', 'sample/11-from-flask/src/custom-decorators.ts'],
  ['Flask-JWT-Extended', 'Changing callback functions', 'sample/11-from-flask/src/responses.ts'],
  [
    'Flask-JWT-Extended',
    'Dynamic token expires time',
    'sample/11-from-flask/src/token-lifetimes.ts',
  ],
  ['Flask-JWT-Extended', '… no expiration', 'sample/11-from-flask/src/token-lifetimes.ts'],
  ['Flask-JWT-Extended', '`examples/oidc.py`', 'test/e2e/keys/providers.spec.ts'],
  [
    'Flask-JWT-Extended',
    '4.0.0 Upgrade Guide: a callback with header and payload',
    'sample/11-from-flask/src/responses.ts',
  ],
  [
    'Flask-JWT-Extended 3',
    'Tokens from Complex Objects, Complex Objects from Tokens',
    'sample/11-from-flask/src/user-loading.ts',
  ],
  ['Flask-JWT-Extended 3', 'JWT in Cookies', 'sample/11-from-flask/src/csrf.ts'],
  ['Flask-JWT-Extended 3', '… CSRF values in the body', 'sample/11-from-flask/src/csrf.ts'],
  [
    'Flask-JWT-Extended 3',
    '`examples/database_blacklist`, which lists and revokes the tokens of a user',
    'sample/03-sessions/src/devices/devices.controller.ts',
  ],
  ['Flask-JWT', 'Quickstart', 'sample/05-login-endpoint/src/app.module.ts'],
  ['Flask-JWT', 'API: the handlers of `JWT`', 'sample/11-from-flask/src/flask-jwt-handlers.ts'],
  ['Flask_PyJWT', 'Creating JWTs', 'sample/11-from-flask/src/flask-pyjwt.ts'],
  ['Flask_PyJWT', 'Requiring JWTs', 'sample/11-from-flask/src/flask-pyjwt.ts'],
  ['Flask_PyJWT', 'Refreshing, in the README', 'sample/11-from-flask/src/flask-pyjwt.ts'],
  ['Flask_PyJWT', 'Route Variable Rules', 'sample/11-from-flask/src/flask-pyjwt.ts'],
  ['Flask_PyJWT', 'Arbitrary claims', 'sample/11-from-flask/src/flask-pyjwt.ts'],
  ['Flask_PyJWT', 'Requiring Authorization', 'sample/11-from-flask/src/flask-pyjwt.ts'],
  ['Flask_PyJWT', 'Using the Current Token', 'sample/11-from-flask/src/flask-pyjwt.ts'],
];
