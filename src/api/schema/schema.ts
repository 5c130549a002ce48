import type { Kind } from '../kind.ts';
import type { Field, MessageType } from './type.ts';
import { parseField, parseTypes, type TypeText } from './parse.ts';
import apiextensionsV1 from './apiextensions-v1.ts';
import appsV1 from './generated/apps-v1.ts';
import authenticationV1 from './generated/authentication-v1.ts';
import authorizationV1 from './generated/authorization-v1.ts';
import autoscalingV1 from './generated/autoscaling-v1.ts';
import autoscalingV2 from './generated/autoscaling-v2.ts';
import batchV1 from './generated/batch-v1.ts';
import certificatesV1 from './generated/certificates-v1.ts';
import coordinationV1 from './generated/coordination-v1.ts';
import coreV1 from './generated/core-v1.ts';
import discoveryV1 from './generated/discovery-v1.ts';
import eventsV1 from './generated/events-v1.ts';
import metaV1 from './generated/meta-v1.ts';
import networkingV1 from './generated/networking-v1.ts';
import nodeV1 from './generated/node-v1.ts';
import policyV1 from './generated/policy-v1.ts';
import rbacV1 from './generated/rbac-v1.ts';
import schedulingV1 from './generated/scheduling-v1.ts';
import storageV1 from './generated/storage-v1.ts';
import metricsV1beta1 from './metrics-v1beta1.ts';
import networkingV1beta1 from './networking-v1beta1.ts';

const packages: Readonly<Record<string, string>> = {
  'apiextensions.v1': apiextensionsV1,
  'apps.v1': appsV1,
  'authentication.v1': authenticationV1,
  'authorization.v1': authorizationV1,
  'autoscaling.v1': autoscalingV1,
  'autoscaling.v2': autoscalingV2,
  'batch.v1': batchV1,
  'certificates.v1': certificatesV1,
  'coordination.v1': coordinationV1,
  'core.v1': coreV1,
  'discovery.v1': discoveryV1,
  'events.v1': eventsV1,
  'meta.v1': metaV1,
  'metrics.v1beta1': metricsV1beta1,
  'networking.v1': networkingV1,
  'networking.v1beta1': networkingV1beta1,
  'node.v1': nodeV1,
  'policy.v1': policyV1,
  'rbac.v1': rbacV1,
  'scheduling.v1': schedulingV1,
  'storage.v1': storageV1,
};

const texts = new Map<string, ReadonlyMap<string, TypeText>>();
const types = new Map<string, MessageType>();

/**
 * The fields of a message type, as `core.v1.Pod`. Made when first asked for: a process that serves
 * few kinds does not pay for the others.
 */
export function messageType(name: string): MessageType {
  const known = types.get(name);
  if (known !== undefined) return known;
  const made = new LazyType(name, textOf(name));
  types.set(name, made);
  return made;
}

/** The fields of a kind: of one of a definition's, what its schema says. */
export function typeOfKind({ custom, type }: Kind): MessageType {
  return custom?.type ?? messageType(type);
}

/** The names of all message types of a package, as `core.v1`. */
export function typeNames(packageName: string): string[] {
  return [...textsOf(packageName).keys()].map((name) => `${packageName}.${name}`);
}

export const packageNames: readonly string[] = Object.keys(packages);

function textOf(name: string): TypeText {
  const at = name.lastIndexOf('.');
  const text = textsOf(name.slice(0, at)).get(name.slice(at + 1));
  if (text === undefined) throw new Error(`the schema has no type ${name}`);
  return text;
}

function textsOf(packageName: string): ReadonlyMap<string, TypeText> {
  const known = texts.get(packageName);
  if (known !== undefined) return known;
  const parsed = parseTypes(packages[packageName] ?? '');
  texts.set(packageName, parsed);
  return parsed;
}

/** Fields are parsed when first looked at; types refer to each other in circles. */
class LazyType implements MessageType {
  readonly name: string;
  readonly atomic: boolean;
  readonly #text: TypeText;
  #fields: readonly Field[] | undefined;
  #byName: ReadonlyMap<string, Field> | undefined;
  #byNumber: ReadonlyMap<number, Field> | undefined;

  constructor(name: string, text: TypeText) {
    this.name = name;
    this.atomic = text.atomic;
    this.#text = text;
  }

  get fields(): readonly Field[] {
    if (this.#fields !== undefined) return this.#fields;
    const packageName = this.name.slice(0, this.name.lastIndexOf('.'));
    const resolve = (type: string) =>
      messageType(type.includes('.') ? type : `${packageName}.${type}`);
    this.#fields = this.#text.fields.map((line) => parseField(line, resolve));
    return this.#fields;
  }

  get byName(): ReadonlyMap<string, Field> {
    this.#byName ??= new Map(
      this.fields.flatMap((field) =>
        field.inline && field.message !== undefined
          ? [...field.message.byName]
          : [[field.name, field] as const],
      ),
    );
    return this.#byName;
  }

  get byNumber(): ReadonlyMap<number, Field> {
    this.#byNumber ??= new Map(this.fields.map((field) => [field.number, field]));
    return this.#byNumber;
  }
}
