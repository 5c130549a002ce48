import t from 'tap';
import { parseConfiguration } from '../../../../cni-plugins/dhcp/configuration.ts';
import type { PluginRequest } from '../../../../src/cni/plugin.ts';

function optionsOf(ipam: object, args: readonly (readonly [string, string])[] = []) {
  const request = {
    config: { ipam: { type: 'dhcp', ...ipam } },
    args: new Map(args),
    containerId: 'c1',
    networkName: 'net',
    interfaceName: 'eth0',
  };
  const { options } = parseConfiguration(request as unknown as PluginRequest);
  return Object.fromEntries([...options].map(([code, value]) => [code, Buffer.from(value)]));
}

const [hostName, parameterList, clientId] = [12, 55, 61];

t.test('router and mask are asked for, unless somebody says skipDefault', async (t) => {
  t.same(optionsOf({})[parameterList], Buffer.from([3, 1]));
  const wanted = { request: [{ option: '121' }, { option: 'host-name' }] };
  t.same(optionsOf(wanted)[parameterList], Buffer.from([121, 12, 3, 1]));
  const alone = { request: [{ skipDefault: true, option: '121' }] };
  t.same(optionsOf(alone)[parameterList], Buffer.from([121]));
  t.equal(optionsOf({ request: [{ skipDefault: true }] })[parameterList], undefined);
});

t.test('what is provided comes from CNI_ARGS before the configuration', async (t) => {
  const provide = [{ option: 'host-name', value: 'usual', fromArg: 'K8S_POD_NAME' }];
  t.equal(optionsOf({ provide })[hostName]?.toString(), 'usual');
  const given = optionsOf({ provide }, [['K8S_POD_NAME', 'web-0']]);
  t.equal(given[hostName]?.toString(), 'web-0');
  t.equal(optionsOf({ provide: [{ option: '12' }] })[hostName], undefined, 'nothing to say');
});

t.test('the client is named as the reference names it, unless it is told another name', (t) => {
  t.same(optionsOf({})[clientId], Buffer.from('\0c1/net/eth0'));
  const provide = [{ option: 'dhcp-client-identifier', value: 'mine' }];
  t.equal(optionsOf({ provide })[clientId]?.toString(), 'mine');
  t.end();
});
