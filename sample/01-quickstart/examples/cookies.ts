import { JwtExtendedModule } from 'nestjs-jwt-extended';

export const jwt = JwtExtendedModule.forRoot({
  secret: process.env.JWT_SECRET,
  locations: ['headers', 'cookies'],
  cookies: { refreshPath: '/auth' },
});
