import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import type { Credentials } from './credentials.js';

/** Refuses a body without a username and a password that are strings. */
@Injectable()
export class ParseCredentialsPipe implements PipeTransform<unknown, Credentials> {
  transform(body: unknown): Credentials {
    const { username, password } = (body ?? {}) as Record<string, unknown>;
    if (typeof username === 'string' && typeof password === 'string') return { username, password };
    throw new BadRequestException({ msg: 'Send username and password as strings in a JSON body' });
  }
}
