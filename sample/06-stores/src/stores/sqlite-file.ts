import { join } from 'node:path';

export const { SQLITE_FILE = join(import.meta.dirname, '../../stores.db') } = process.env;
