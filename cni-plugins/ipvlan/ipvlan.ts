import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { containerLinkPlugin } from '../container-link.ts';
import { checkMaster, checkMode, createOnMaster, masterIn, requireMaster } from '../master.ts';

const modes = ['l2', 'l3', 'l3s'] as const;

/** An interface with the link address of the host's, told apart from it by its IP addresses. */
export const ipvlan = containerLinkPlugin({
  type: 'ipvlan',
  kind: 'ipvlan',
  needsIpam: ({ previousResult }) => (previousResult?.addresses.length ?? 0) === 0,
  detectDuplicates: true,
  keepsDns: false,

  parse(request) {
    const fields = new Fields(request.config, 'the ipvlan configuration');
    const text = fields.string('mode') || 'l2';
    const mode = modes.find((name) => name === text);
    if (mode === undefined) {
      throw new CniError(CniCode.invalidConfiguration, `unknown ipvlan mode: "${text}"`);
    }
    const configuration = masterIn(fields);
    return { ...configuration, master: configuration.master || chainedMaster(request), mode };
  },

  async create(place, configuration) {
    const { mode } = configuration;
    await createOnMaster(place, configuration, { kind: 'ipvlan', data: { mode } });
  },

  async check(found, place, configuration) {
    await checkMaster(found, place, configuration);
    checkMode('ipvlan', found, configuration.mode);
  },

  status: requireMaster,
});

/** After another plugin, the one interface that it made; CHECK has ADD's own result there. */
function chainedMaster({ verb, previousResult }: PluginRequest): string {
  if (previousResult === undefined || verb !== 'ADD') return '';
  const [first, second] = previousResult.interfaces;
  if (first !== undefined && second === undefined && first.name !== '') return first.name;
  throw new CniError(
    CniCode.invalidConfiguration,
    'chained master failure. PrevResult lacks a single named interface',
  );
}
