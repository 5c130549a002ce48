import { parse } from 'yaml';
import { isObject, type Json, type JsonObject } from '../../api/json.ts';
import { DomainError, messageOf } from '../../base/error.ts';
import type { Values } from './field.ts';
import { configurationFields } from './fields.ts';
import { readSection } from './section.ts';

/** By the fields' own names. Durations are in milliseconds, sizes in bytes. */
export type KubeletConfiguration = Values<typeof configurationFields>;

export interface ReadConfiguration {
  readonly configuration: KubeletConfiguration;
  /** All of it as a file would have it, what was left out with its default. */
  readonly document: JsonObject;
  /** What is known, was asked for and has no effect, in one sentence. */
  readonly warning?: string;
}

const apiVersion = 'kubelet.config.k8s.io/v1beta1';

/** Reads a KubeletConfiguration in YAML or JSON; none at all is all defaults. Throws `invalid`. */
export function readKubeletConfiguration(text: string): ReadConfiguration {
  const { apiVersion: version, kind, ...given } = parseDocument(text);
  if (text.trim() !== '' && (version !== apiVersion || kind !== 'KubeletConfiguration')) {
    const found = `${JSON.stringify(kind)} of ${JSON.stringify(version)}`;
    throw new DomainError('invalid', `${found} is no KubeletConfiguration of "${apiVersion}"`);
  }
  const { values, document, ignored } = readSection(configurationFields, given, '');
  check(values);
  const configuration = withDefaultThresholds(values, given);
  return {
    configuration,
    document: { kind: 'KubeletConfiguration', apiVersion, ...document },
    ...(ignored.length > 0 && { warning: `Without effect here: ${ignored.join(', ')}` }),
  };
}

function parseDocument(text: string): JsonObject {
  let value: Json;
  try {
    value = (parse(text, { maxAliasCount: 0 }) ?? {}) as Json;
  } catch (error) {
    throw new DomainError('invalid', `The kubelet's configuration: ${messageOf(error)}`);
  }
  if (isObject(value)) return value;
  throw new DomainError('invalid', "The kubelet's configuration is not a mapping");
}

/** What no field can see by itself. */
function check(values: KubeletConfiguration): void {
  const { imageGCLowThresholdPercent: low, imageGCHighThresholdPercent: high } = values;
  if (low >= high) {
    throw new DomainError(
      'invalid',
      `imageGCLowThresholdPercent is ${low}, not below imageGCHighThresholdPercent, ${high}`,
    );
  }
  for (const signal of values.evictionSoft.keys()) {
    if (values.evictionSoftGracePeriod.has(signal)) continue;
    const words = `evictionSoft.${signal} has no period in evictionSoftGracePeriod`;
    throw new DomainError('invalid', words);
  }
  if (values.shutdownGracePeriodCriticalPods > values.shutdownGracePeriod) {
    const words = 'shutdownGracePeriodCriticalPods is longer than shutdownGracePeriod';
    throw new DomainError('invalid', words);
  }
  if ((values.tlsCertFile === '') !== (values.tlsPrivateKeyFile === '')) {
    throw new DomainError('invalid', 'tlsCertFile and tlsPrivateKeyFile belong together');
  }
}

/** What is given replaces all of the default thresholds, unless asked otherwise. */
function withDefaultThresholds(
  values: KubeletConfiguration,
  given: JsonObject,
): KubeletConfiguration {
  if (!values.mergeDefaultEvictionSettings || given['evictionHard'] === undefined) return values;
  const { fallback, read } = configurationFields.evictionHard;
  const defaults = read(fallback, 'evictionHard');
  return { ...values, evictionHard: new Map([...defaults, ...values.evictionHard]) };
}
