import { randomUUID } from 'node:crypto';
import { Injectable, type MessageEvent } from '@nestjs/common';
import type { SecurityEventEmitter } from 'nestjs-jwt-extended';
import { concat, from, type Observable, Subject } from 'rxjs';

/** How many events are kept for pages that connect later. */
const KEPT = 50;

/** The security events of the library, as messages for the page. No event holds a token. */
@Injectable()
export class SecurityFeed implements SecurityEventEmitter {
  /** Tells the ids of this run from those of the last one. */
  private readonly run = randomUUID().slice(0, 8);
  private count = 0;
  private readonly recent: MessageEvent[] = [];
  private readonly live = new Subject<MessageEvent>();

  emit(name: string, payload: object): void {
    this.count += 1;
    const message = { id: `${this.run}-${this.count}`, data: { name, at: new Date(), ...payload } };
    this.recent.push(message);
    if (this.recent.length > KEPT) this.recent.shift();
    this.live.next(message);
  }

  /** What has happened since the event with this id, or lately, and everything from now on. */
  since(id: string): Observable<MessageEvent> {
    // -1 if it is none of these: then all of them are sent.
    const last = this.recent.findIndex((message) => message.id === id);
    return concat(from(this.recent.slice(last + 1)), this.live);
  }
}
