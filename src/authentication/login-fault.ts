import { faultMessage } from '../common/fault-message.js';

/** What the application is asked at a login. */
export type LoginQuestion = 'authenticate' | 'respond';

/** What kept the application from logging somebody in. Its message is a whole line of the log, since no token is about. */
export class LoginFault extends Error {
  override readonly name = 'LoginFault';

  constructor(asked: LoginQuestion, fault: unknown) {
    super(`login.${asked} failed: ${faultMessage(fault)}`, { cause: fault });
  }
}
