import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import type { Credentials } from './credentials.js';

/** Refuses a body that is no pair of strings before anything is done with it. */
@Injectable()
export class ParseCredentialsPipe implements PipeTransform<unknown, Credentials> {
  transform(body: unknown): Credentials {
    const { username, password } = (body ?? {}) as Record<string, unknown>;
    if (typeof username === 'string' && typeof password === 'string') return { username, password };
    throw new BadRequestException({ msg: 'Send username and password as strings in a JSON body' });
  }
}
