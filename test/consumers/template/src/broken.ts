import 'reflect-metadata';
import { APPS, logOf } from './broken-apps.js';

// In production, the memory store of each would be warned about.
process.env.NODE_ENV = 'development';

async function logs(): Promise<object[]> {
  const all: object[] = [];
  for (const { title, module, says = '' } of APPS)
    all.push({ title, says, log: await logOf(module()) });
  return all;
}

logs()
  .then((all) => console.log(JSON.stringify(all)))
  .catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
