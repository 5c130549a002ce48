import type { ApiClient } from '../../api/client/client.ts';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { writeWhole } from '../../base/state-file.ts';
import type { Store } from '../../store/store.ts';
import { Registry } from '../registry.ts';
import { type AnonymousAccess, Authenticator } from './authenticate/authenticator.ts';
import { openTokenKeys } from './authenticate/json-web-token.ts';
import { KnownObjects } from './authenticate/objects.ts';
import { issuer, ServiceAccountTokens } from './authenticate/service-account-token.ts';
import { RoleAggregator } from './authorize/aggregate-roles.ts';
import { Authorizer } from './authorize/authorizer.ts';
import { followStore } from './authorize/follow-store.ts';
import { NodeRelations } from './authorize/node-relations.ts';
import { RoleIndex } from './authorize/role-index.ts';
import { type Authority, openAuthority } from './authority/authority.ts';
import { ServingCertificate } from './authority/serving-certificate.ts';
import { makeDefaults } from './default/make-defaults.ts';
import type { Auditing } from './audit/audit-trail.ts';
import { InFlight } from './in-flight.ts';
import { RequestGate } from './request-gate.ts';
import type { Security } from './security.ts';

export interface SecurityOptions {
  readonly store: Store;
  /** Where keys and certificates lie; mode 0700. */
  readonly folder: string;
  /** Names and addresses that the server is called by. */
  readonly names: readonly string[];
  readonly anonymous: AnonymousAccess;
  /** Of certificates that are renewed while running. */
  readonly lifetimeMs: number;
  readonly audit: Auditing | undefined;
  readonly log: Pick<Logger, 'warn'>;
}

/** A cluster's authority, its keys, and the gate before its API. */
export interface ClusterSecurity extends Security, Disposable {
  readonly authority: Authority;
  readonly gate: RequestGate;
}

const keySetPath = '/openid/v1/jwks';

/** Opens the folder with a cluster's authority and keys; makes what it lacks at the first start. */
export async function openSecurity(options: SecurityOptions): Promise<ClusterSecurity> {
  const { store, folder, anonymous, names, lifetimeMs, log } = options;
  const [authority, keys] = await Promise.all([
    openAuthority(`${folder}/authority.pem`),
    openTokenKeys(`${folder}/service-account.pem`),
  ]);
  // For people and other programs; nothing here reads it.
  await writeWhole(`${folder}/authority.crt`, authority.certificate);
  const path = `${folder}/serving.pem`;
  const failed = (error: unknown) => log.warn(`renewing "${path}": ${messageOf(error)}`);
  const serving = await ServingCertificate.open({ authority, path, names, lifetimeMs, failed });
  const objects = new KnownObjects(new Registry(store));
  const tokens = new ServiceAccountTokens(keys, objects);
  const ending = new AbortController();
  const roles = new RoleIndex();
  const relations = new NodeRelations();
  const authorizer = new Authorizer(roles, relations);
  const authenticator = new Authenticator({ tokens, objects, anonymous });
  const gate = new RequestGate({ authenticator, authorizer, tokens });
  const prepare = async (client: ApiClient): Promise<void> => {
    const aggregator = new RoleAggregator(ending.signal);
    await makeDefaults(client);
    await followStore({ store, log, signal: ending.signal }, { roles, relations, aggregator });
    void aggregator.run(client, (error) => {
      log.warn(`putting roles together: ${messageOf(error)}`);
    });
  };
  return {
    authority,
    gate,
    inFlight: new InFlight(),
    audit: options.audit,
    serving,
    documents: new Map([
      [keySetPath, keys.webKeys],
      ['/.well-known/openid-configuration', openIdConfiguration],
    ]),
    prepare,
    [Symbol.dispose]: () => {
      ending.abort();
      serving[Symbol.dispose]();
    },
  };
}

const openIdConfiguration = {
  issuer,
  jwks_uri: `${issuer}${keySetPath}`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256', 'RS256'],
};
