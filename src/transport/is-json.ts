import type { HttpRequest } from '../contracts/http.js';
import { headerOf } from './header-of.js';

const JSON_TYPE = /^application\/(?:[\w.!#$&^+-]{1,100}\+)?json\s*(?:;|$)/i;

/** Whether the body of a request says that it is JSON: a form that another site's page sends cannot. */
export function isJson(request: HttpRequest): boolean {
  return JSON_TYPE.test(headerOf(request, 'content-type'));
}
