import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentIdentity, JwtExtendedModule } from 'nestjs-jwt-extended';

@UseGuards(AccessGuard)
@Controller()
class OrdersController {
  @Get('orders')
  orders(@CurrentIdentity() username: string) {
    return { ordered_by: username };
  }
}

/** Another service, which verifies tokens and cannot make any. */
@Module({
  imports: [
    JwtExtendedModule.forRoot({
      algorithm: 'ES256',
      publicKey: process.env.JWT_PUBLIC_KEY,
      decodeIssuer: 'https://login.example.com',
      decodeAudience: 'https://orders.example.com',
    }),
  ],
  controllers: [OrdersController],
})
export class VerifierModule {}
