import 'reflect-metadata';
import { APPS, logOf } from './broken-apps.js';

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
