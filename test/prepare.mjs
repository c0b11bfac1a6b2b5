// What the tests need besides npm packages: looked for, and where it is missing and can be had, installed.
import { spawnSync } from 'node:child_process';

const needs = [
  {
    debianPackage: 'python3-python-flask-jwt-extended',
    purpose: 'Flask-JWT-Extended, for the system Python, to exchange tokens with',
    isThere: () => runs('/usr/bin/python3', ['-c', 'import flask_jwt_extended']),
  },
  {
    debianPackage: 'python3-cryptography',
    purpose: "the system Python's cryptography, to exchange tokens that key pairs signed",
    isThere: () => runs('/usr/bin/python3', ['-c', 'import cryptography']),
  },
  {
    debianPackage: 'curl',
    purpose: 'curl, to take the README at its word',
    isThere: () => runs('curl', ['--version']),
  },
  {
    debianPackage: 'redis-server',
    purpose: 'redis-server, to keep revocations in',
    isThere: () => runs('redis-server', ['--version']) && runs('redis-cli', ['--version']),
  },
  {
    debianPackage: 'postgresql',
    purpose: 'PostgreSQL, to keep revocations in',
    isThere: () => runs('sh', ['-c', 'ls /usr/lib/postgresql/*/bin/postgres']),
  },
  {
    debianPackage: 'chromium',
    purpose: 'Chromium, to see the demo as a person does',
    isThere: () => runs('chromium', ['--version']),
  },
];

const missing = needs.filter((need) => !need.isThere());
if (missing.length > 0) install(missing);

for (const need of missing.filter((need) => !need.isThere())) {
  console.error(
    `The tests need ${need.purpose}: please install Debian's package ${need.debianPackage}.`,
  );
  process.exitCode = 1;
}

function install(wanted) {
  const apt = privileged('apt-get');
  if (apt === undefined) return;
  const packages = wanted.map((need) => need.debianPackage);
  run(apt, ['update', '-qq']);
  run(apt, ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** The command as root, with `sudo` where that asks for no password; `undefined` where neither is possible. */
function privileged(command) {
  if (!runs(command, ['--version'])) return undefined;
  if (process.getuid?.() === 0) return [command];
  return runs('sudo', ['-n', 'true']) ? ['sudo', '-n', command] : undefined;
}

function run([command, ...first], rest) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync(command, [...first, ...rest], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
