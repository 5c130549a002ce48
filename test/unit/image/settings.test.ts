import t from 'tap';
import { isDomainError } from '../../../src/base/error.ts';
import { defaultImageSettings, parseImageSettings } from '../../../src/image/settings.ts';

t.test('an absent section is the defaults, a partial one changes what it names', (t) => {
  t.same(parseImageSettings(undefined), defaultImageSettings);
  t.same(parseImageSettings(null), defaultImageSettings);
  const settings = parseImageSettings({
    keepBlobs: false,
    maxConcurrentDownloads: 8,
    registries: {
      'docker.io': { mirrors: ['https://mirror.example:5000/hub'] },
      'plain.example': { plainHttp: true },
      'own.example': { caFile: '/ca', clientCertFile: '/cert', clientKeyFile: '/key' },
      'empty.example': null,
    },
  });
  t.equal(settings.keepBlobs, false);
  t.equal(settings.maxConcurrentDownloads, 8);
  t.equal(settings.stallTimeoutMs, defaultImageSettings.stallTimeoutMs);
  t.same(settings.registries['docker.io'], { mirrors: ['https://mirror.example:5000/hub'] });
  t.same(settings.registries['empty.example'], {});
  t.end();
});

t.test('what is unknown or wrong is refused by its name', (t) => {
  const cases: [section: unknown, words: RegExp][] = [
    [[], /^image is not a map/],
    [{ keepBlob: true }, /unknown field "keepBlob"/],
    [{ keepBlobs: 'yes' }, /image.keepBlobs is not true or false/],
    [{ maxConcurrentDownloads: 0 }, /image.maxConcurrentDownloads is not an integer from 1/],
    [{ stallTimeoutMs: '5s' }, /image.stallTimeoutMs/],
    [{ registries: [] }, /image.registries is not a map/],
    [registries({ mirror: [] }), /image.registries.a.example has the unknown field "mirror"/],
    [registries({ mirrors: 'https://x' }), /mirrors is not a list/],
    [registries({ mirrors: ['mirror.example'] }), /mirrors is not/],
    [registries({ mirrors: ['ftp://mirror.example'] }), /mirrors is not/],
    [registries({ mirrors: ['https://user:secret@mirror.example'] }), /without user/],
    [registries({ mirrors: ['https://mirror.example/?x=1'] }), /without user and query/],
    [registries({ plainHttp: 1 }), /plainHttp is not true or false/],
    [registries({ clientCertFile: '/cert' }), /together/],
    [registries({ caFile: true }), /caFile is not a text/],
  ];
  for (const [section, words] of cases) {
    try {
      parseImageSettings(section);
      t.fail(`accepted ${JSON.stringify(section)}`);
    } catch (error) {
      t.ok(isDomainError(error, 'invalid') && words.test(error.message), String(error));
    }
  }
  t.end();
});

function registries(value: unknown): object {
  return { registries: { 'a.example': value } };
}
