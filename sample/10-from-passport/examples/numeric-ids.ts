import { JwtExtendedModule } from 'nestjs-jwt-extended';

interface User {
  readonly userId: number;
  readonly username: string;
}

const users = new Map<number, User>([[1, { userId: 1, username: 'john' }]]);

export const jwt = JwtExtendedModule.forRoot({
  secret: process.env.JWT_SECRET,
  // Both until the last old access token has expired.
  acceptForeignTokens: true,
  verifySub: false,
  loaders: {
    userIdentity: (user: User) => String(user.userId),
    userLookup: (token) => users.get(Number(token.identity)),
  },
});
