import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { NestProject } from './nest-project.js';
import { packLibrary } from './scratch-app.js';

let tarball: string;
beforeAll(async () => {
  tarball = await packLibrary();
});
afterAll(() => {
  if (tarball) rmSync(dirname(tarball), { recursive: true });
});

describe.each([
  { nest: 11, config: 4, extension: '' },
  { nest: 12, config: 12, extension: '.js' },
])('nest add, in a project that the Nest CLI $nest made', ({ nest, config, extension }) => {
  let project: NestProject;
  beforeAll(async () => {
    project = new NestProject(nest);
    await project.create(tarball);
  });
  afterAll(() => project?.remove());

  it.each([
    ['--dry-run', 'No files written to disk.'],
    ['--module=src/root.module.ts', 'There is no file src/root.module.ts; '],
    ['--project=api', 'nest-cli.json has no project api. Nothing was changed.'],
    ['--exmaple', 'Schematic input does not validate against the Schema'],
  ])('changes nothing with %s', async (option, problem) => {
    const before = project.files();
    const { code, output } = await project.add(option);

    expect(output).toContain(problem);
    // Version 11 of the CLI forgets that a schematic failed.
    expect(code).toBe(option === '--dry-run' || nest === 11 ? 0 : 1);
    expect(project.files()).toEqual(before);
  });

  it('fails and changes nothing if there is no root module', async () => {
    const before = project.files();
    const { code, output } = await project.schematic('--source-root=lib');

    expect(output).toContain('lib has no app.module.ts; name the file of your root module');
    expect(code).toBe(1);
    expect(project.files()).toEqual(before);
  });

  it('adds the module, the secret, the example and the packages', async () => {
    const before = project.files();
    const { code, output } = await project.schematic('--example');
    const after = project.files();
    const changed = Object.keys(after).filter((path) => after[path] !== before[path]);

    expect(output).toContain('Added JwtExtendedModule to src/app.module.ts');
    expect(code).toBe(0);
    expect(changed.sort()).toEqual([
      ...['.env', '.gitignore', 'package-lock.json', 'package.json'],
      ...['src/account/account.controller.ts', 'src/app.module.ts'],
    ]);
    expect(after['.env']).toMatch(/^JWT_SECRET=[\w-]{43}\n$/);
    expect(output).not.toContain(after['.env']!.slice('JWT_SECRET='.length).trim());
    expect(after['.gitignore']).toBe('/node_modules\n.env\n');
    expect(after['src/app.module.ts']).toContain(`'./account/account.controller${extension}'`);
    expect(JSON.parse(after['package.json']!).dependencies).toMatchObject({
      '@nestjs/jwt': expect.stringMatching(`^\\^${nest}\\.`),
      '@nestjs/config': expect.stringMatching(`^\\^${config}\\.`),
    });
  });

  it('says that the module is there, the second time', async () => {
    const before = project.files();
    const outcome = await project.add('--example');

    expect(outcome).toEqual({
      code: 0,
      output: expect.stringContaining('JwtExtendedModule is already in src/app.module.ts.'),
    });
    expect(project.files()).toEqual(before);
  });

  it.each(['run build', 'run lint', 'test', 'run test:e2e', 'exec -- prettier --check src'])(
    'leaves a project that passes npm %s',
    async (words) => {
      const before = project.files();

      expect(await project.npm(...words.split(' '))).toEqual({
        code: 0,
        output: expect.anything(),
      });
      expect(project.files()).toEqual(before);
    },
  );

  it.each(['start', 'start:dev', 'start:prod'])(
    'leaves an application that logs users in with npm run %s',
    async (script) => {
      const { url, stop } = await project.serve(script);
      try {
        const send = async (method: string, path: string, token = '', body?: object) => {
          const headers = {
            ...(token && { authorization: `Bearer ${token}` }),
            ...(body && { 'content-type': 'application/json' }),
          };
          const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
          return { status: response.status, body: (await response.json()) as any };
        };
        const login = (password: string) =>
          send('POST', '/login', '', { username: 'alice', password });
        const { accessToken, refreshToken } = (await login('wonderland')).body;

        expect(await login('guess')).toMatchObject({ status: 401 });
        expect(await send('GET', '/me')).toMatchObject({ status: 401 });
        expect(await send('GET', '/me', accessToken)).toEqual({
          status: 200,
          body: { username: 'alice' },
        });
        const refreshed = await send('POST', '/refresh', refreshToken);
        expect((await send('GET', '/me', refreshed.body.accessToken)).status).toBe(200);
        expect((await send('POST', '/logout', refreshed.body.accessToken)).status).toBe(201);
        expect(await send('GET', '/me', accessToken)).toMatchObject({
          status: 401,
          body: { msg: 'Token has been revoked' },
        });
      } finally {
        await stop();
      }
    },
  );
});
