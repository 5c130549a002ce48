import { parseConfigDocument } from '../../../src/image/image-config.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Image configurations: what a container runs as comes from them. */
export const target: FuzzTarget = {
  run(input) {
    const { config, diffIds, createdAtMs, history } = parseConfigDocument(input);
    const texts = [config.user, config.workingDir, config.stopSignal, ...config.env];
    for (const text of [...texts, ...config.entrypoint, ...config.cmd, ...config.volumes]) {
      hold(typeof text === 'string' && !text.includes('\0'), 'what execve gets has no NUL');
    }
    for (const id of diffIds) hold(/^sha256:[0-9a-f]{64}$/.test(id), 'a layer id is one');
    hold(Number.isFinite(createdAtMs), 'a time is a number');
    for (const entry of history) hold(Number.isFinite(entry.createdAtMs), 'a time is a number');
  },
  seeds: [
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      variant: 'v8',
      created: '2024-01-02T03:04:05.678901234Z',
      config: {
        User: 'worker:1000',
        Env: ['PATH=/bin', 'A=b=c'],
        Entrypoint: ['/bin/sh', '-c'],
        Cmd: ['true'],
        WorkingDir: '/srv',
        StopSignal: 'SIGQUIT',
        ExposedPorts: { '80/tcp': {} },
        Volumes: { '/data': {} },
        Labels: { a: 'b' },
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${'b'.repeat(64)}`] },
      history: [{ created: '2024-01-02T03:04:05Z', created_by: 'x', empty_layer: true }],
    }),
    '{"os":"linux","architecture":"arm64","rootfs":{"type":"layers","diff_ids":[]}}',
  ],
  words: ['User', 'Env', 'Volumes', 'diff_ids', 'empty_layer', '0001-01-01T00:00:00Z', 'A\0=b'],
  json: true,
};
