import { isIPv6 } from 'node:net';
import type { ApiClient, Stored } from '../../../api/client/client.ts';
import { resources } from '../../../api/client/resources.ts';
import { ApiError } from '../../../api/status.ts';
import { writeTime } from '../../../api/time.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../../api/types/generated/certificates-v1.ts';
import { isDomainError, messageOf } from '../../../base/error.ts';
import type { Logger } from '../../../base/log.ts';
import type { Authority } from '../authority/authority.ts';
import type { Gate } from '../gate.ts';
import { parseRequest } from './parse-request.ts';
import { clientFault, signerNames, signers } from './signer.ts';

export interface ControllerOptions {
  readonly authority: Authority;
  readonly gate: Pick<Gate, 'decide'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

type Stage = Stored<CertificateSigningRequest>;

const yearMs = 365 * 24 * 3600 * 1000;
const hourMs = 3600 * 1000;
const retryMs = 1000;
const pendingMs = 500;
const cleanMs = 10 * 60_000;

/**
 * Answers requests for certificates: approves those of kubelets that may join, signs what is
 * approved, and removes what was answered, or never was, after a while.
 */
export class CertificateController {
  readonly #options: ControllerOptions;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** Works until the signal; throws when it lost its watch. */
  async run(client: ApiClient, signal: AbortSignal): Promise<void> {
    const { items, resourceVersion } = await client.list(resources.certificateSigningRequests);
    for (const item of items) await this.#answer(client, item);
    const timer = setInterval(() => void this.#clean(client), cleanMs);
    timer.unref();
    try {
      const watched = { resourceVersion, signal };
      for await (const batch of client.watch(resources.certificateSigningRequests, watched)) {
        for (const event of batch) {
          if (event.type === 'ADDED' || event.type === 'MODIFIED') {
            await this.#answer(client, event.object);
          }
        }
      }
    } finally {
      clearInterval(timer);
    }
  }

  /** Never rejects: one request must not hold up the others. */
  async #answer(client: ApiClient, request: Stage): Promise<void> {
    try {
      await this.#approve(client, request);
      await this.#sign(client, request);
    } catch (error) {
      if (error instanceof ApiError && /Conflict|NotFound/.test(error.reason)) return;
      this.#options.log.warn(`certificate "${request.metadata.name}": ${messageOf(error)}`);
      setTimeout(() => void this.#again(client, request.metadata.name), retryMs).unref();
    }
  }

  async #again(client: ApiClient, name: string): Promise<void> {
    const place = { namespace: '', name };
    const found = await client.get(resources.certificateSigningRequests, place).catch(() => {});
    if (found !== undefined) await this.#answer(client, found);
  }

  async #approve(client: ApiClient, request: Stage): Promise<void> {
    const { spec } = request;
    if (isAnswered(request)) return;
    if (spec.signerName === signerNames.serving) return await this.#approveServing(client, request);
    if (spec.signerName !== signerNames.kubelet) return;
    const parsed = await parseRequest(spec.request);
    const fault = signers[signerNames.kubelet]?.faultOf(parsed, spec) ?? clientFault(parsed, spec);
    if (fault !== undefined) return;
    const { username = '', uid = '', groups = [], extra = {} } = spec;
    const user = { name: username, uid, groups, extra };
    const about = { verb: 'create', group: 'certificates.k8s.io', namespace: '', name: '' };
    const may = (subresource: string) => {
      const resource = 'certificatesigningrequests';
      return this.#options.gate.decide(user, { ...about, resource, subresource }).allowed;
    };
    const isSelf = username === parsed.commonName && may('selfnodeclient');
    if (!isSelf && !may('nodeclient')) return;
    const what = isSelf ? 'self kubelet client certificate' : 'kubelet client certificate';
    const message = `Auto approving ${what} after SubjectAccessReview.`;
    await this.#write(client, request, approved(message));
  }

  /** A node serves under the names and addresses that it is known by, and under no others. */
  async #approveServing(client: ApiClient, request: Stage): Promise<void> {
    const { spec } = request;
    const parsed = await parseRequest(spec.request);
    const fault = signers[signerNames.serving]?.faultOf(parsed, spec);
    if (fault !== undefined || spec.username !== parsed.commonName) return;
    const name = parsed.commonName.slice('system:node:'.length);
    const own = await addressesOf(client, name);
    if (!parsed.names.every((word) => own.has(canonical(word)))) {
      // A kubelet may ask before it has said where it is.
      if (Date.now() - Date.parse(request.metadata.creationTimestamp) > hourMs) return;
      setTimeout(() => void this.#again(client, request.metadata.name), pendingMs).unref();
      return;
    }
    const message = "Auto approving kubelet serving certificate for its node's own addresses.";
    await this.#write(client, request, approved(message));
  }

  async #sign(client: ApiClient, request: Stage): Promise<void> {
    const { spec, status, metadata } = request;
    const signer = signers[spec.signerName];
    const types = (status?.conditions ?? []).map(({ type }) => type);
    if (signer === undefined || !types.includes('Approved') || types.includes('Denied')) return;
    if (types.includes('Failed') || (status?.certificate ?? '') !== '') return;
    const parsed = await parseRequest(spec.request).catch((error: unknown) => {
      if (isDomainError(error, 'invalid')) return error;
      throw error;
    });
    const fault = parsed instanceof Error ? parsed.message : signer.faultOf(parsed, spec);
    if (fault !== undefined || parsed instanceof Error) {
      const failure = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure' };
      const condition = { ...failure, message: fault ?? '' };
      await this.#write(client, request, { subresource: 'status', condition });
      return;
    }
    const plan = {
      commonName: parsed.commonName,
      organizations: parsed.organizations,
      names: signer.usage === 'server' ? parsed.names : [],
      usage: signer.usage,
      lifetimeMs: Math.min((spec.expirationSeconds ?? Infinity) * 1000, yearMs),
    };
    const certificate = await this.#options.authority.sign(plan, parsed.publicKey);
    const encoded = Buffer.from(certificate).toString('base64');
    await client.updateStatus(resources.certificateSigningRequests, {
      ...request,
      status: { ...status, certificate: encoded },
    });
    this.#options.log.info(`signed "${metadata.name}" for "${parsed.commonName}"`);
  }

  async #write(client: ApiClient, { metadata, status }: Stage, change: Change): Promise<void> {
    const now = writeTime(Math.floor(Date.now() / 1000));
    const times = { lastUpdateTime: now, lastTransitionTime: now };
    const conditions = [...(status?.conditions ?? []), { ...change.condition, ...times }];
    await client.patch(
      resources.certificateSigningRequests,
      { namespace: '', name: metadata.name },
      {
        type: 'merge',
        document: {
          metadata: { resourceVersion: metadata.resourceVersion },
          status: { conditions },
        },
        subresource: change.subresource,
      },
    );
  }

  /** Never rejects. */
  async #clean(client: ApiClient): Promise<void> {
    try {
      const { items } = await client.list(resources.certificateSigningRequests);
      for (const { metadata } of items.filter(isOver)) {
        await client.delete(resources.certificateSigningRequests, {
          namespace: '',
          name: metadata.name,
        });
      }
    } catch (error) {
      this.#options.log.warn(`removing old certificate requests: ${messageOf(error)}`);
    }
  }
}

function approved(message: string): Change {
  const said = { type: 'Approved', status: 'True', reason: 'AutoApproved' };
  return { subresource: 'approval', condition: { ...said, message } };
}

async function addressesOf(client: ApiClient, name: string): Promise<ReadonlySet<string>> {
  const node = await client
    .get(resources.nodes, { namespace: '', name })
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
      throw error;
    });
  return new Set((node?.status?.addresses ?? []).map(({ address }) => canonical(address)));
}

/** Addresses of IPv6 have more than one spelling. */
function canonical(name: string): string {
  return isIPv6(name) ? new URL(`http://[${name}]`).hostname : name.toLowerCase();
}

interface Change {
  readonly subresource: 'approval' | 'status';
  readonly condition: CertificateSigningRequestCondition;
}

function isAnswered({ status }: Stage): boolean {
  return (status?.conditions ?? []).some(({ type }) => /^(Approved|Denied|Failed)$/.test(type));
}

/** An hour after it was answered, a day when it was not. */
function isOver({ metadata, status }: Stage): boolean {
  const [condition] = status?.conditions ?? [];
  const since = Date.parse(condition?.lastUpdateTime ?? metadata.creationTimestamp);
  return Date.now() - since > (condition === undefined ? 24 * hourMs : hourMs);
}
