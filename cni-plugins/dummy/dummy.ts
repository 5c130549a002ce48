import { isKernelError } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { link } from '../../src/netlink/index.ts';
import { containerLinkPlugin } from '../container-link.ts';
import { unsupportedKind } from '../master.ts';

/** An interface that leads nowhere, to hold addresses. */
export const dummy = containerLinkPlugin({
  type: 'dummy',
  kind: 'dummy',
  needsIpam: () => true,
  detectDuplicates: false,
  keepsDns: true,

  parse: () => undefined,

  async create({ request, container }) {
    try {
      await link.create(container.connection, { kind: 'dummy', name: request.interfaceName });
    } catch (error) {
      if (isKernelError(error, 'EOPNOTSUPP')) throw unsupportedKind('dummy');
      throw error;
    }
  },

  async check({ up, name }) {
    if (!up) throw new CniError(CniCode.internal, `Interface "${name}" is down`);
  },
});
