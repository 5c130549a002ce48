import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import { containerLinkPlugin } from '../container-link.ts';
import { checkMaster, createOnMaster, masterIn, requireMaster } from '../master.ts';

const maximumVlan = 4094;

/** An interface of the host seen through an 802.1Q tag. */
export const vlan = containerLinkPlugin({
  type: 'vlan',
  kind: 'vlan',
  needsIpam: () => true,
  detectDuplicates: true,
  keepsDns: false,

  parse(request) {
    const fields = new Fields(request.config, 'the vlan configuration');
    const configuration = masterIn(fields);
    if (configuration.master === '') {
      const text = '"master" field is required: the interface to create the VLAN for';
      throw new CniError(CniCode.invalidConfiguration, text);
    }
    const id = fields.index('vlanId') ?? 0;
    if (id > maximumVlan) {
      throw new CniError(
        CniCode.invalidConfiguration,
        `invalid VLAN ID ${id} (must be between 0 and ${maximumVlan})`,
      );
    }
    return { ...configuration, id };
  },

  async create(place, configuration) {
    const { id } = configuration;
    await createOnMaster(place, configuration, { kind: 'vlan', data: { id } });
  },

  async check(found, place, configuration) {
    await checkMaster(found, place, configuration);
    const id = found.data?.['id'];
    if (id === configuration.id) return;
    throw new CniError(
      CniCode.internal,
      `Container VLAN ${String(id)} does not match expected value: ${configuration.id}`,
    );
  },

  status: requireMaster,
});
