import { existsSync } from 'node:fs';
import { endianness } from 'node:os';
import { messageOf } from '../../base/error.ts';
import { addon } from '../addon.ts';
import type { Feature } from './probe.ts';
import { feature, firstLine, type Finding } from './probe.ts';

/** Packet filters, traffic control, forwarding. */
export async function networkFeatures(): Promise<Feature[]> {
  return [
    feature('nftables', await nftablesFinding(), {
      present: 'Rules can be loaded, which port mappings and network policies need',
      absent: 'Port mappings and network policies are not possible',
    }),
    feature('tc', fileFinding('/proc/net/psched', 'Traffic control is built in'), {
      present: 'Bandwidth limits can be set',
      absent: 'Bandwidth limits are not possible',
    }),
    feature('ipv6', fileFinding('/proc/net/if_inet6', 'IPv6 is there'), {
      present: 'Pods may have IPv6 addresses',
      absent: 'Pods have IPv4 addresses only',
    }),
    feature('tun', fileFinding('/dev/net/tun', '/dev/net/tun'), {
      present: 'Containers may be given TUN and TAP devices',
      absent: 'Containers that need /dev/net/tun (VPNs) do not work',
    }),
    feature('ip-forward', forwardFinding(), {
      present: 'Pods reach other machines',
      absent: 'Pods reach this machine only, until net.ipv4.ip_forward is set to 1',
    }),
    feature('bpf', bpfFinding(), {
      present: 'Devices are restricted by a program at the control group',
      absent: 'Devices of a container cannot be restricted',
    }),
  ];
}

function fileFinding(path: string, detail: string): Finding {
  const available = existsSync(path);
  return { available, detail: available ? detail : `No ${path}` };
}

function forwardFinding(): Finding {
  const value = firstLine('/proc/sys/net/ipv4/ip_forward');
  return { available: value === '1', detail: `net.ipv4.ip_forward = ${value ?? 'unknown'}` };
}

/** bpf has the number 321 on x86 and 280 on machines with the common table. */
function bpfFinding(): Finding {
  const architecture = process.arch === 'x64' ? 'x86_64' : 'aarch64';
  const number = addon.syscallNumber('bpf', architecture);
  const enosys = 38;
  const available = addon.probeCall(number) !== enosys;
  return { available, detail: available ? 'bpf is there' : 'The kernel is built without bpf' };
}

/** Asks nf_tables for its generation: that changes nothing, but loads the module if need be. */
async function nftablesFinding(): Promise<Finding> {
  const netfilter = 12;
  let socket = -1;
  try {
    socket = await addon.netlinkOpen(netfilter, -1);
    const answer = await addon.netlinkExchangeLater(socket, generationRequest(), 1, false, 2000);
    return judge(answer);
  } catch (error) {
    return { available: false, detail: messageOf(error) };
  } finally {
    if (socket >= 0) addon.netlinkClose(socket);
  }
}

// struct nlmsghdr { __u32 len; __u16 type; __u16 flags; __u32 seq; __u32 pid; };
// struct nfgenmsg { __u8 nfgen_family; __u8 version; __be16 res_id; };
const headerBytes = 16;
const little = endianness() === 'LE';

function generationRequest(): Buffer {
  const getGeneration = (10 << 8) | 16;
  const request = 1;
  const bytes = Buffer.alloc(headerBytes + 4);
  const words = [bytes.length, getGeneration | (request << 16), 1, 0];
  words.forEach((word, index) => {
    if (little) bytes.writeUInt32LE(word, 4 * index);
    else bytes.writeUInt32BE(index === 1 ? (getGeneration << 16) | request : word, 4 * index);
  });
  return bytes;
}

/** NLMSG_ERROR is type 2, followed by the negative errno. */
function judge(answer: Buffer): Finding {
  if (answer.length < headerBytes + 4) return { available: false, detail: 'No answer' };
  const type = little ? answer.readUInt16LE(4) : answer.readUInt16BE(4);
  if (type !== 2) return { available: true, detail: 'nf_tables answers' };
  const errno = little ? answer.readInt32LE(headerBytes) : answer.readInt32BE(headerBytes);
  return { available: errno === 0, detail: `nf_tables refuses, errno ${-errno}` };
}
