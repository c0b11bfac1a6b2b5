import { generateKeyPairSync } from 'node:crypto';
import { Injectable, NotFoundException } from '@nestjs/common';

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A key pair for each tenant, by its host name. A real application keeps them; these end with the process. */
@Injectable()
export class TenantsService {
  private readonly pairs = new Map([
    ['red.example.com', newPair()],
    ['blue.example.com', newPair()],
  ]);

  /** May be asynchronous. */
  keyPairOf(host: string) {
    const pair = this.pairs.get(host);
    if (!pair) throw new NotFoundException();
    return pair;
  }
}
