import { Controller, Get, Module } from '@nestjs/common';
import { CurrentIdentity, JwtExtendedModule, Public } from 'nestjs-jwt-extended';

@Controller()
export class HomeController {
  @Public()
  @Get('health')
  health() {
    return { ok: true };
  }

  @Get('home')
  home(@CurrentIdentity() username: string) {
    return { welcome: username };
  }
}

@Module({
  imports: [JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET, globalGuard: true })],
  controllers: [HomeController],
})
export class ClosedModule {}
