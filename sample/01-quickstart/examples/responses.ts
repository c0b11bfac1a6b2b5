import { JwtExtendedModule } from 'nestjs-jwt-extended';

export const jwt = JwtExtendedModule.forRoot({
  secret: process.env.JWT_SECRET,
  responses: {
    expiredToken: () => ({
      status: 401,
      body: { sub_status: 101, msg: 'The token has expired' },
    }),
    unauthorized: (reason) => ({
      status: 302,
      headers: { Location: `/login?reason=${encodeURIComponent(reason)}` },
    }),
  },
});
