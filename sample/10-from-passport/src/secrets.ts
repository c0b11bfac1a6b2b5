import { randomBytes } from 'node:crypto';

/** Without the variables, random secrets: tokens are valid until the process ends. */
const random = () => randomBytes(64).toString('base64url');

export const { JWT_SECRET = random(), JWT_REFRESH_SECRET = random() } = process.env;
