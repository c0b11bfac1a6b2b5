import { Controller, Headers, type MessageEvent, Query, Sse } from '@nestjs/common';
import { concat, type Observable, of } from 'rxjs';
import { SecurityFeed } from './security-feed.js';

/**
 * Server-sent events. Open to all, because the page shows how a session ends and must not stop listening then, and because
 * this server can be reached from this machine only. In an application they are for operators: guard the route.
 */
@Controller('events')
export class EventsController {
  constructor(private readonly feed: SecurityFeed) {}

  /** A browser that connects again sends the id of the last event in the header, and a page that reopens in the query. */
  @Sse()
  listen(
    @Headers('last-event-id') lastId: string | undefined,
    @Query('after') after: string | undefined,
  ): Observable<MessageEvent> {
    const last = lastId ?? after ?? '';
    // In milliseconds: how soon the browser connects again after the connection broke.
    const first = { id: last, retry: 1_000, comment: 'listening' };
    return concat(of(first), this.feed.since(last));
  }
}
