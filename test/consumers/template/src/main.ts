import { createApp } from './create-app.js';

createApp(process.argv[2] ?? 'express')
  .then((app) => app.getUrl())
  .then((url) => console.log(`listening on ${url}`))
  .catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
