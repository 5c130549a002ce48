import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import { containerLinkPlugin } from '../container-link.ts';
import { refuseUnknownArguments, requestedMac } from '../mac.ts';
import { checkMaster, checkMode, createOnMaster, masterIn, requireMaster } from '../master.ts';

const modes = ['bridge', 'private', 'vepa', 'passthru'] as const;

/** An interface with a link address of its own on one of the host's, as if on the same wire. */
export const macvlan = containerLinkPlugin({
  type: 'macvlan',
  kind: 'macvlan',
  needsIpam: () => false,
  detectDuplicates: true,
  keepsDns: false,

  parse(request) {
    refuseUnknownArguments(request);
    const fields = new Fields(request.config, 'the macvlan configuration');
    const text = fields.string('mode') || 'bridge';
    const mode = modes.find((name) => name === text);
    if (mode === undefined) {
      throw new CniError(CniCode.invalidConfiguration, `unknown macvlan mode: "${text}"`);
    }
    return {
      ...masterIn(fields),
      mode,
      mac: requestedMac(request, fields.string('mac')),
      broadcastQueueLength: fields.index('bcqueuelen') || undefined,
    };
  },

  async create(place, configuration) {
    const { mode, mac, broadcastQueueLength } = configuration;
    await createOnMaster(place, configuration, {
      kind: 'macvlan',
      ...(mac !== undefined && { address: mac }),
      data: { mode, ...(broadcastQueueLength !== undefined && { broadcastQueueLength }) },
    });
  },

  async check(found, place, configuration) {
    await checkMaster(found, place, configuration);
    checkMode('macvlan', found, configuration.mode);
  },

  status: requireMaster,
});
