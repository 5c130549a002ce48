import type { JsonObject } from './json.ts';

/** One interface of one container on one network. */
export interface Attachment {
  readonly containerId: string;
  /** Path of the network namespace; absent for DEL when it is gone. */
  readonly netns?: string;
  readonly interfaceName: string;
  /** For CNI_ARGS: K8S_POD_NAME and others. */
  readonly arguments?: Readonly<Record<string, string>>;
  /** All that can be offered as `runtimeConfig`: portMappings, bandwidth, ips, mac, dns. */
  readonly capabilityArguments?: JsonObject;
}

/** The environment of a plugin's call for this attachment. */
export function environmentOf(attachment: Attachment): Record<string, string> {
  const args = Object.entries(attachment.arguments ?? {});
  return {
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: attachment.netns ?? '',
    CNI_IFNAME: attachment.interfaceName,
    // Plugins refuse arguments that they do not know, unless they are told to ignore them.
    ...(args.length > 0 && { CNI_ARGS: argumentText(args) }),
  };
}

function argumentText(args: readonly (readonly [string, string])[]): string {
  return [['IgnoreUnknown', '1'] as const, ...args].map((entry) => entry.join('=')).join(';');
}
