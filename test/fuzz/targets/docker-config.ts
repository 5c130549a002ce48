import { parseImageSettings } from '../../../src/image/settings.ts';
import { isJsonObject, objectField, parseJsonText } from '../../../src/image/json.ts';
import { credentialsOf } from '../../../src/image/registry/credentials.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** `~/.docker/config.json`, and the settings of registries beside it. */
export const target: FuzzTarget = {
  run(input) {
    const document = parseJsonText(input.toString(), 'Docker configuration');
    for (const entry of Object.values(objectField(document, 'auths'))) {
      if (!isJsonObject(entry)) continue;
      const { username = '', password = '' } = credentialsOf(entry) ?? {};
      hold(typeof username === 'string' && typeof password === 'string', 'texts alone');
    }
    if (Object.hasOwn(document, 'image')) parseImageSettings(document['image']);
  },
  seeds: [
    JSON.stringify({
      auths: {
        'https://index.docker.io/v1/': { auth: Buffer.from('user:pa:ss').toString('base64') },
        'host:5000': { username: 'u', password: 'p', identitytoken: 't' },
      },
      credHelpers: { 'gcr.io': 'gcloud' },
      credsStore: 'pass',
      image: {
        registries: { 'docker.io': { mirrors: ['https://mirror.local'], plainHttp: true } },
        maxConcurrentDownloads: 3,
      },
    }),
  ],
  words: ['auths', 'auth', 'dXNlcjpw', 'registrytoken', 'image', 'registries', 'mirrors'],
  json: true,
};
