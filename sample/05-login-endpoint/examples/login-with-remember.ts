import type { LoginOptions } from 'nestjs-jwt-extended';

export const login: LoginOptions = {
  authenticate: (username, password) => password === 'wonderland' && username,
  fields: ['remember'],
  pairOptions: (_user, { request }) => ({ remember: request.body.remember === true }),
};
