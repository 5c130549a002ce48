/** Chapter 5, images and layers: S5.1 to S5.10. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import t from 'tap';
import { type DockerRegistry, startDockerRegistry } from '../image/docker-registry.ts';
import { missing, Reader } from './reader.ts';

const skip = missing('jq', 'docker-registry', 'openssl', 'htpasswd', 'skopeo', 'curl');
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(110_000);
const registry: DockerRegistry = await startDockerRegistry();
t.teardown(() => registry[Symbol.asyncDispose]());
const { host, credentials } = registry;
const configuration = `${registry.folder}/keelson.yaml`;
const dockerConfig = `${registry.folder}/config.json`;
const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
writeFileSync(dockerConfig, JSON.stringify({ auths: { [host]: { auth } } }));
writeFileSync(
  configuration,
  JSON.stringify({ image: { certsFolder: registry.certsFolder, dockerConfig } }),
);
const reader = await Reader.start({ flags: ['--config', configuration] });
t.teardown(() => reader[Symbol.asyncDispose]());
const { folder } = reader;
const see = reader.see.bind(reader);

t.test('stand-ins for the images of the book, through the registry', async (t) => {
  const html = 'usr/share/nginx/html/50x.html';
  await reader.makeImage('base', { 'etc/debian_version': '12.5\n', [html]: 'error\n' });
  const layers = {
    nginx: 'cd /usr/share/nginx/html; echo Welcome to nginx > index.html',
    'redis:6.0.13-alpine': 'echo "Redis version=6.0.13, bits=64" > /etc/redis-version',
    'redis:6.2.3-alpine': 'echo "Redis version=6.2.3, bits=64" > /etc/redis-version',
  };
  for (const [name, script] of Object.entries(layers)) {
    await see(`keelson run --name maker base sh -c '${script}'
      keelson commit maker ${host}/${name}
      keelson rm maker; keelson push ${host}/${name}`);
  }
  await see(
    `keelson rmi ${host}/nginx ${host}/redis:6.0.13-alpine ${host}/redis:6.2.3-alpine base`,
  );
  t.match(await see('keelson images -q | wc -l'), '1', 'busybox alone');
});

t.test('S5.1 an image brings its own files', async (t) => {
  t.match(await see(`keelson pull ${host}/nginx`), /Pulling from|sha256:|latest/);
  await see(`keelson tag ${host}/nginx nginx`);
  t.match(await see('keelson images'), /^nginx +latest +[0-9a-f]{12} /m);
  await see(`keelson run -d --name nginx nginx httpd -f -p 80 -h /usr/share/nginx/html`);
  t.match(await see('keelson exec nginx readlink -f /bin/sh'), '/bin/busybox');
  t.match(await see('keelson exec nginx ls -1 /etc'), /^debian_version$/m);
});

t.test('S5.2 what a container writes is counted', async (t) => {
  await see('keelson exec nginx dd if=/dev/urandom of=/tmp/data bs=1M count=10');
  const bytes = Number(await see("keelson inspect -s nginx | jq '.[0].SizeRw'"));
  t.ok(bytes >= 10_485_760 && bytes < 11_000_000, `${bytes} bytes`);
});

t.test('S5.3 layers that are there already are not fetched again', async (t) => {
  await see(`keelson pull ${host}/redis:6.0.13-alpine`);
  const second = await see(`keelson pull ${host}/redis:6.2.3-alpine`);
  t.match(second, /Already exists/);
  t.equal(second.match(/Already exists/g)?.length, 1, 'the common layer');
  const use = await see('keelson system df -v');
  t.match(use, /REPOSITORY.*SHARED SIZE +UNIQUE SIZE +CONTAINERS/);
  const row = use.split('\n').find((line) => line.includes('6.2.3-alpine')) ?? '';
  const [shared = '', unique = ''] = row.match(/[\d.]+ ?[kM]?B/g)?.slice(-2) ?? [];
  t.match(shared, /MB/, `shared ${shared}, unique ${unique}: ${row}`);
});

t.test('S5.4 two versions side by side', async (t) => {
  for (const [name, version] of [
    ['redis1', '6.0.13'],
    ['redis2', '6.2.3'],
  ]) {
    const image = `${host}/redis:${version}-alpine`;
    await see(`keelson run -d --name ${name} ${image} sh -c 'cat /etc/redis-version; sleep 60'`);
    t.match(
      await see(`sleep 0.3; keelson logs ${name} | grep version`),
      `Redis version=${version}`,
    );
  }
  await see('keelson rm -f redis1 redis2');
});

t.test('S5.5 and S5.6 an image of the reader goes to the registry', async (t) => {
  // There is no builder: a container is changed and committed, which is what a RUN line does.
  const page = 'echo Hello World > /usr/share/nginx/html/index.html';
  await see(`keelson run --name builder nginx sh -c '${page}' && keelson commit builder hello
    keelson rm builder; keelson tag hello ${host}/hello`);
  const ids = await see(`keelson images -q hello; keelson images -q ${host}/hello`);
  t.equal(new Set(ids.split('\n')).size, 1, 'two names, one image');
  const pushed = await see(`keelson push ${host}/hello`);
  t.match(pushed, /sha256:[0-9a-f]{64}/);
  const { username, password } = credentials;
  const access = `--cacert ${registry.folder}/ca.crt -u ${username}:${password}`;
  const accept = "-H 'Accept: application/vnd.oci.image.manifest.v1+json'";
  const url = `https://${host}/v2/hello/manifests/latest`;
  const layers = await see(`curl -s ${access} ${accept} ${url} | jq '.layers | length'`);
  t.equal(layers, '3');
  await see(`keelson rmi hello ${host}/hello && keelson pull ${host}/hello`);
  const shown = await see(`keelson run --rm ${host}/hello cat /usr/share/nginx/html/index.html`);
  t.equal(shown, 'Hello World');
});

t.test('S5.7 an overlay by hand', async (t) => {
  const place = `${folder}/overlay`;
  await see(`mkdir ${place} && mount -t tmpfs overlay-test ${place} && cd ${place}
    mkdir lower upper work mount upper2 work2 mount2
    echo hello1 > lower/hello1; echo hello2 > upper/hello2
    mount -t overlay -o rw,lowerdir=lower,upperdir=upper,workdir=work overlay mount`);
  t.equal(await see(`cat ${place}/mount/hello*`), 'hello1\nhello2');
  await see(`echo hello3 > ${place}/mount/hello3; rm ${place}/mount/hello1`);
  t.equal(await see(`cd ${place}; ls mount; ls lower`), 'hello2\nhello3\nhello1');
  t.match(await see(`ls -l ${place}/upper`), /^c.* root root 0, 0 .* hello1$/m);
  await see(
    `cd ${place}; mount -t overlay -o lowerdir=lower,upperdir=upper2,workdir=work2 overlay mount2`,
  );
  t.equal(await see(`ls ${place}/mount2`), 'hello1');
  await see(`umount ${place}/mount ${place}/mount2 ${place}`);
});

t.test("S5.8 a container's files from the host", async (t) => {
  const data = "jq -r '.[0].GraphDriver.Data";
  const merged = `ROOT=$(keelson inspect nginx | ${data}.MergedDir')`;
  t.match(await see(`${merged}; ls -l $ROOT/tmp/data`), / 10485760 /);
  t.match(await see(`ls -l $(keelson inspect nginx | ${data}.UpperDir')/tmp/data`), / 10485760 /);
  const options = await see(
    `keelson exec nginx sh -c "mount | grep ' on / '"; keelson inspect nginx | ${data}.LowerDir'`,
  );
  t.match(options, /overlay on \/ type overlay/);
  const lower = (options.split('\n').at(-1) ?? '').split(':');
  const layers = await see("keelson inspect --type image nginx | jq '.[0].RootFS.Layers | length'");
  t.equal(lower.length, Number(layers), 'one lower folder for each layer');
});

t.test('S5.9 the OCI layout', async (t) => {
  await see(`cd ${folder}; keelson save --format oci -o nginx.oci nginx; mkdir layout
    tar -C layout -xf nginx.oci`);
  t.equal(await see(`jq -r .imageLayoutVersion ${folder}/layout/oci-layout`), '1.0.0');
  const walk = `cd ${folder}/layout
    MANIFEST=$(jq -r .manifests[0].digest index.json | sed -e 's/sha256://')
    LAYER=$(jq -r .layers[0].digest blobs/sha256/$MANIFEST | sed -e 's/sha256://')`;
  t.match(await see(`${walk}; jq -r '.manifests[0].mediaType' index.json`), 'manifest.v1+json');
  t.match(await see(`${walk}; tar tvf blobs/sha256/$LAYER`), /bin\/busybox/);
  const blobs = (await see(`ls ${folder}/layout/blobs/sha256`)).split('\n');
  for (const name of blobs) {
    const bytes = readFileSync(`${folder}/layout/blobs/sha256/${name}`);
    t.equal(createHash('sha256').update(bytes).digest('hex'), name);
  }
  t.match(await see(`skopeo inspect oci:${folder}/layout | jq -r .Layers[0]`), /^sha256:/);
  await see('keelson rm -f nginx');
  t.same(await reader.runtime.leftovers(), []);
});
