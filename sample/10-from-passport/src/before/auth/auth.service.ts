import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { JWT_REFRESH_SECRET } from '../../secrets.js';
import type { User } from '../../users/user.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

@Injectable()
export class AuthService {
  /** The hash of each user's last refresh token; in a real application a column of the table of users. */
  private readonly refreshTokenHashes = new Map<string, string>();

  constructor(private readonly jwt: JwtService) {}

  async createTokens({ username, roles }: User) {
    const accessToken = await this.jwt.signAsync({ sub: username, roles });
    const refreshToken = await this.jwt.signAsync(
      { sub: username },
      { secret: JWT_REFRESH_SECRET, expiresIn: '7d', jwtid: randomUUID() },
    );
    this.refreshTokenHashes.set(username, sha256(refreshToken));
    return { accessToken, refreshToken };
  }

  isLastRefreshToken(username: string, refreshToken: string): boolean {
    return this.refreshTokenHashes.get(username) === sha256(refreshToken);
  }

  forgetRefreshToken(username: string) {
    this.refreshTokenHashes.delete(username);
  }
}
