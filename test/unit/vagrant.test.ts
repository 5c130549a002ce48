/** The lab's machines as Vagrant and shellcheck see them. That they work is shown elsewhere. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';

const folder = fileURLToPath(new URL('../../vagrant', import.meta.url));

function has(program: string): boolean {
  return spawnSync('which', [program], { stdio: 'ignore' }).status === 0;
}

const withoutVagrant = !has('vagrant') && 'needs the Debian package vagrant';
const withoutShellcheck = !has('shellcheck') && 'needs the Debian package shellcheck';

function validate(t: Test, environment: Readonly<Record<string, string>>): string {
  const home = t.testdir({});
  const { stdout, stderr } = spawnSync('vagrant', ['validate', '--ignore-provider'], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...process.env,
      VAGRANT_HOME: `${home}/home`,
      VAGRANT_DOTFILE_PATH: `${home}/state`,
      VAGRANT_CHECKPOINT_DISABLE: '1',
      ...environment,
    },
  });
  return stdout + stderr;
}

t.test('every profile is a valid Vagrantfile', { skip: withoutVagrant }, (t) => {
  for (const [profile, nodes] of [
    ['runtime', '1'],
    ['cluster', '6'],
  ] as const) {
    const output = validate(t, { KEELSON_PROFILE: profile, KEELSON_NODES: nodes });
    t.match(output, 'Vagrantfile validated successfully.', profile);
    t.equal(output.match(/==> host0\d/g)?.length, Number(nodes), output);
  }
  t.end();
});

t.test('what cannot be made is refused', { skip: withoutVagrant }, (t) => {
  t.match(validate(t, { KEELSON_NODES: '7' }), 'KEELSON_NODES is not 1 to 6');
  t.match(validate(t, { KEELSON_DRIVER: 'xen' }), 'KEELSON_DRIVER is not kvm or qemu');
  t.end();
});

t.test(
  'what the machines of a cluster share fits the coordinator',
  { skip: withoutVagrant },
  (t) => {
    validate(t, { KEELSON_PROFILE: 'cluster' });
    const secrets = `${t.testdirName}/state/keelson`;
    t.match(readFileSync(`${secrets}/token`, 'utf8'), /^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    const text = execFileSync(
      'openssl',
      ['x509', '-noout', '-text', '-in', `${secrets}/authority.pem`],
      {
        encoding: 'utf8',
      },
    );
    t.match(text, 'CA:TRUE');
    t.match(readFileSync(`${secrets}/authority.pem`, 'utf8'), '-----BEGIN PRIVATE KEY-----');
    t.notOk(existsSync(`${folder}/.vagrant/machines`), 'nothing is written beside the Vagrantfile');
    t.end();
  },
);

t.test('shellcheck finds nothing in the scripts', { skip: withoutShellcheck }, (t) => {
  const scripts = ['provision', ...globSync('profiles/*.sh', { cwd: folder })];
  t.ok(scripts.length >= 5);
  const { stdout, status } = spawnSync('shellcheck', scripts, { cwd: folder, encoding: 'utf8' });
  t.equal(status, 0, stdout);
  t.end();
});
