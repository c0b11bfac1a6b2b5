import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { SecurityMetrics } from './security-metrics.js';

/** The route that Prometheus reads. Serve it where only Prometheus can reach it. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: SecurityMetrics) {}

  @Get()
  async show(@Res({ passthrough: true }) response: Response): Promise<string> {
    response.type(this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
