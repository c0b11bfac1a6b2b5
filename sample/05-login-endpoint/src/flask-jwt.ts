import type { CallbackResponse, JwtExtendedResponses } from 'nestjs-jwt-extended';

/** Flask-JWT's error responses, all with the status 401. */
export const responses: JwtExtendedResponses = {
  unauthorized: (reason, { request }) => {
    if (reason === 'Bad username or password') return refusal('Bad Request', 'Invalid credentials');
    return request?.headers.authorization === undefined
      ? refusal('Authorization Required', 'Request does not contain an access token')
      : refusal('Invalid JWT header', 'Unsupported authorization type');
  },
  invalidToken: (reason, { request }) => {
    if (!reason.startsWith('Bad Authorization header')) return refusal('Invalid token', reason);
    const [, token] = String(request?.headers.authorization).split(' ');
    return refusal('Invalid JWT header', token ? 'Token contains spaces' : 'Token missing');
  },
  expiredToken: () => refusal('Invalid token', 'Signature has expired'),
  userLookupError: () => refusal('Invalid JWT', 'User does not exist'),
};

function refusal(error: string, description: string): CallbackResponse {
  return { status: 401, body: { status_code: 401, error, description } };
}
