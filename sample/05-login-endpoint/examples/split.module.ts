import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      cookies: { refreshPath: '/auth' },
      login: { authenticate: (username, password) => password === 'wonderland' && username },
      endpoints: {
        login: { deliver: { access: 'body', refresh: 'cookie' } },
        refresh: true,
        logout: true,
      },
    }),
  ],
})
export class SplitModule {}
