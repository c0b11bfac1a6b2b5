import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport';

/** A strategy that accepts the key of a service. */
class ApiKey extends Strategy {
  override authenticate(request: Request) {
    const { API_KEY } = process.env;
    if (API_KEY && request.headers['x-api-key'] === API_KEY) this.success({ service: 'backup' });
    else this.fail(401);
  }
}

@Injectable()
export class ApiKeyStrategy extends PassportStrategy(ApiKey, 'api-key') {
  override validate() {}
}
