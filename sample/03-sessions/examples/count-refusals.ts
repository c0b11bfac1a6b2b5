import { subscribe } from 'node:diagnostics_channel';
import { metrics } from '@opentelemetry/api';
import type { SecurityEvents } from 'nestjs-jwt-extended';

const refusals = metrics.getMeter('authentication').createCounter('jwt.refused');

subscribe('nestjs-jwt-extended:refused', (message) => {
  const { code } = message as SecurityEvents['refused'];
  refusals.add(1, { code });
});
