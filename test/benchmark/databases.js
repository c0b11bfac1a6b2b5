// The servers that stores are measured with: real ones, on ports of loopback, each with a folder of its own. They end
// with the bench, however that ends.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Where Debian keeps PostgreSQL, a folder for each version. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/** @returns the address, and how to put the server away again */
export async function startRedis() {
  const [folder, port] = [mkdtempSync(join(tmpdir(), 'bench-redis-')), somePort()];
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const stop = await launch('KILL', 'redis-server', settings, folder);
  return { url: `redis://127.0.0.1:${port}`, stop };
}

/** Nothing that is written need outlive the bench, which only reads. */
export async function startPostgres() {
  const [folder, port, account] = [
    mkdtempSync(join(tmpdir(), 'bench-postgres-')),
    somePort(),
    ofServer(),
  ];
  const [version] = readdirSync(POSTGRES_VERSIONS).sort((one, other) => other - one);
  const program = (name) => join(POSTGRES_VERSIONS, version, 'bin', name);
  const data = join(folder, 'data');
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid);
  const cluster = ['--no-sync', '--auth=trust', '--username=postgres', `--pgdata=${data}`];
  await promisify(execFile)(program('initdb'), cluster, { ...account, cwd: folder });

  const address = [`port=${port}`, 'listen_addresses=127.0.0.1', 'max_connections=50'];
  const settings = [...address, `unix_socket_directories=${folder}`, 'fsync=off'];
  const words = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const stop = await launch('INT', program('postgres'), words, folder, account);
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
}

/** Resolves when the server says, wherever it does, that it is ready. The signal is what it ends by, with us too. */
async function launch(signal, program, words, folder, account = {}) {
  const child = spawn('setpriv', ['--pdeathsig', signal, program, ...words], {
    ...account,
    cwd: folder,
  });
  await new Promise((resolve, reject) => {
    let log = '';
    const listen = (text) => {
      log += text;
      if (/ready to accept connections/i.test(log)) resolve();
    };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', listen);
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${program} did not start: ${log}`)));
  });
  return async () => {
    const gone = once(child, 'exit');
    child.kill(`SIG${signal}`);
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
}

/** PostgreSQL refuses to run as root. */
function ofServer() {
  if (process.getuid() !== 0) return {};
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'])));
  return { uid, gid };
}

/** Below the ports that systems give away by themselves, so that nobody is given it before it is used. */
function somePort() {
  return randomInt(10_000, 30_000);
}
