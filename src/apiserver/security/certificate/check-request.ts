import { equal, isList, type Json, type JsonObject, objectIn, textOf } from '../../../api/json.ts';
import { forbidden } from '../../../api/status.ts';
import type {
  CertificateSigningRequestCondition,
  CertificateSigningRequestSpec,
} from '../../../api/types/generated/certificates-v1.ts';
import { type Fault, invalid, invalidObject } from '../../../api/validate/fault.ts';
import { messageOf } from '../../../base/error.ts';
import type { Decision } from '../authorize/decision.ts';
import type { ResourceAttributes } from '../authorize/attributes.ts';
import type { WriteAttempt } from '../gate.ts';
import { groupsOfAll, type User } from '../user.ts';
import { type ParsedRequest, parseRequest } from './parse-request.ts';
import { signerNames } from './signer.ts';

type Decide = (user: User, attributes: ResourceAttributes) => Decision;

/**
 * Requests for certificates are readable, nobody makes himself an administrator by one, and only
 * who may `approve` or `sign` for a signer says yes in its name. Throws `Invalid`, `Forbidden`.
 */
export async function checkRequest(attempt: WriteAttempt, decide: Decide): Promise<void> {
  const { place, operation, subresource, object, old, user } = attempt;
  if (place.kind.builtIn !== 'CertificateSigningRequest' || object === undefined) return;
  const signer = textOf(objectIn(object, 'spec')['signerName']);
  if (operation === 'create') return await checkNew(attempt, object);
  if (subresource === 'approval' && !maySay(decide, user, { verb: 'approve', signer })) {
    const why = `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`;
    throw forbidden(place.kind, place.name, why);
  }
  const signs = subresource === 'status' && !equal(certificateIn(object), certificateIn(old));
  if (signs && !maySay(decide, user, { verb: 'sign', signer })) {
    const why = `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`;
    throw forbidden(place.kind, place.name, why);
  }
}

function certificateIn(object: JsonObject | undefined): Json | undefined {
  return objectIn(object, 'status')['certificate'];
}

async function checkNew({ place }: WriteAttempt, object: JsonObject): Promise<void> {
  const spec = objectIn(object, 'spec') as CertificateSigningRequestSpec;
  const request = await parse(spec).catch((error: unknown) => messageOf(error));
  const faults = [...specFaults(spec), ...(typeof request === 'string' ? [broken(request)] : [])];
  if (faults.length > 0) throw invalidObject(place.kind, place.name, faults);
  if (typeof request === 'string' || spec.signerName !== signerNames.client) return;
  if (!request.organizations.includes(groupsOfAll.masters)) return;
  const group = `${groupsOfAll.masters} group`;
  const why = `use of ${signerNames.client} signer with ${group} is not allowed`;
  throw forbidden(place.kind, place.name, why);
}

function parse({ request }: CertificateSigningRequestSpec): Promise<ParsedRequest> {
  return parseRequest(textOf(request));
}

function broken(why: string): Fault {
  return invalid('spec.request', '<request>', why);
}

function specFaults({ signerName, expirationSeconds, usages }: CertificateSigningRequestSpec) {
  const faults: Fault[] = [];
  if (!/^[a-z0-9.-]+\.[a-z0-9.-]+\/[\w.:-]+$/.test(textOf(signerName))) {
    const words = 'must be a fully qualified domain and path of the form "example.com/signer-name"';
    faults.push(invalid('spec.signerName', textOf(signerName), words));
  }
  if (expirationSeconds !== undefined && expirationSeconds < 600) {
    const words = 'may not specify a duration less than 600 seconds (10 minutes)';
    faults.push(invalid('spec.expirationSeconds', expirationSeconds, words));
  }
  if (usages === undefined || usages.length === 0) {
    faults.push({ reason: 'FieldValueRequired', path: 'spec.usages', words: 'Required value' });
  }
  return faults;
}

/** For one signer, or for all of its domain. */
function maySay(
  decide: Decide,
  user: User,
  { verb, signer }: { readonly verb: string; readonly signer: string },
): boolean {
  const about = { verb, group: 'certificates.k8s.io', resource: 'signers', subresource: '' };
  const domain = `${signer.split('/')[0] ?? ''}/*`;
  return [signer, domain].some((name) => decide(user, { ...about, namespace: '', name }).allowed);
}

/** An answer is given once: never yes and no, and not taken back. */
export function conditionFaults(object: JsonObject, old: JsonObject): readonly Fault[] {
  const [now, before] = [conditionsOf(object), conditionsOf(old)];
  const types = new Set(now.map(({ type }) => type));
  const path = 'status.conditions';
  const faults: Fault[] = [];
  if (types.has('Approved') && types.has('Denied')) {
    const words = 'Approved and Denied conditions are mutually exclusive';
    faults.push(invalid(path, 'Denied', words));
  }
  for (const { type } of before) {
    if (types.has(type)) continue;
    const words = `Forbidden: updates may not remove a condition of type ${JSON.stringify(type)}`;
    faults.push({ reason: 'FieldValueForbidden', path, words });
  }
  return faults;
}

export function conditionsOf(object: JsonObject): readonly CertificateSigningRequestCondition[] {
  const { conditions } = objectIn(object, 'status');
  return isList(conditions) ? (conditions as unknown as CertificateSigningRequestCondition[]) : [];
}
