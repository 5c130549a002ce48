import type { ApiClient, Stored } from '../../../api/client/client.ts';
import { resources } from '../../../api/client/resources.ts';
import { equal, type JsonObject } from '../../../api/json.ts';
import { matchesLabels, readLabelSelector } from '../../../api/selector/label-selector.ts';
import { ApiError } from '../../../api/status.ts';
import type { ClusterRole, PolicyRule } from '../../../api/types/generated/rbac-v1.ts';
import type { LabelSelector } from '../../../api/types/generated/meta-v1.ts';
import { Wakeup } from '../../../base/wakeup.ts';

/** Keeps the rules of roles that are put together of others. Ends with the signal. */
export class RoleAggregator {
  readonly #roles = new Map<string, ClusterRole>();
  readonly #wakeup = new Wakeup();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wakeup.wake(), { once: true });
  }

  set(key: string, role: JsonObject | undefined): void {
    if (role === undefined) this.#roles.delete(key);
    else this.#roles.set(key, role as unknown as ClusterRole);
    this.#wakeup.wake();
  }

  /** `failed` is told what could not be done; it is tried again. */
  async run(client: ApiClient, failed: (error: unknown) => void): Promise<void> {
    let retryMs: number | undefined;
    for (;;) {
      await this.#wakeup.wait(retryMs);
      if (this.#signal.aborted) return;
      retryMs = undefined;
      const roles = [...this.#roles.values()];
      for (const role of roles) {
        const wanted = aggregated(role, roles);
        if (equal(wanted.rules, role.rules)) continue;
        await client
          .update(resources.clusterRoles, wanted as Stored<ClusterRole>)
          .catch((error) => {
            // A newer one is on its way here.
            if (error instanceof ApiError && /Conflict|NotFound/.test(error.reason)) return;
            retryMs = 1000;
            failed(error);
          });
      }
    }
  }
}

/** A role with the rules of all that its selectors choose; any other as it is. */
export function aggregated(role: ClusterRole, roles: readonly ClusterRole[]): ClusterRole {
  const selectors = role.aggregationRule?.clusterRoleSelectors;
  if (selectors === undefined) return role;
  const chosen = roles
    .filter((other) => other.metadata.name !== role.metadata.name)
    .filter((other) => selectors.some((selector) => isChosen(selector, other)))
    .toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const rule of chosen.flatMap((other) => other.rules ?? [])) {
    if (!rules.some((known) => equal(known, rule))) rules.push(rule);
  }
  return { ...role, rules };
}

function isChosen(selector: LabelSelector, { metadata }: ClusterRole): boolean {
  return matchesLabels(readLabelSelector(selector), metadata.labels ?? {});
}
