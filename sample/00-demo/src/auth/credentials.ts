import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** The body of a login request. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Whether the tokens go into cookies. Only JSON can say so: the fields of a form, which another site could post, are text. */
  readonly cookies: boolean;
}

/** Refuses a body without a username and a password that are strings. */
@Injectable()
export class ParseCredentialsPipe implements PipeTransform<unknown, Credentials> {
  transform(body: unknown): Credentials {
    const { username, password, cookies } = (body ?? {}) as Record<string, unknown>;
    if (typeof username === 'string' && typeof password === 'string')
      return { username, password, cookies: cookies === true };
    throw new BadRequestException({ msg: 'Send username and password as strings in a JSON body' });
  }
}
