import { nameOfKey, type ApiClient } from '../../api/client/client.ts';
import { Informer } from '../../api/client/informer.ts';
import { resources } from '../../api/client/resources.ts';
import type { Secret } from '../../api/types/generated/core-v1.ts';
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { ingressLimits } from '../../base/ingress-limits.ts';
import type { Logger } from '../../base/log.ts';

export interface SecretFollowing {
  readonly client: ApiClient;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Told of each Secret's data, and with undefined of one that is gone or not wanted any more. */
  readonly changed: (secret: string, data: Readonly<Record<string, string>> | undefined) => void;
}

/** Follows Secrets one by one, for a node may read none but those that it needs. */
export class SecretFollower {
  readonly #options: SecretFollowing;
  readonly #followed = new Map<string, AbortController>();

  constructor(options: SecretFollowing) {
    this.#options = options;
  }

  /** From now on these: `default/web-tls`. */
  want(secrets: readonly string[]): void {
    const wanted = new Set(secrets.slice(0, ingressLimits.secrets));
    for (const [secret, stop] of this.#followed) {
      if (wanted.has(secret)) continue;
      stop.abort();
      this.#followed.delete(secret);
      this.#options.changed(secret, undefined);
    }
    for (const secret of wanted) if (!this.#followed.has(secret)) this.#follow(secret);
  }

  #follow(secret: string): void {
    const { client, log, signal, changed } = this.#options;
    const { namespace, name } = nameOfKey(secret);
    const stop = new AbortController();
    this.#followed.set(secret, stop);
    let said = '';
    const informer = new Informer<Secret>({
      client,
      clock: systemClock,
      resource: resources.secrets,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      onError(error) {
        const reason = messageOf(error);
        if (reason !== said) log.warn(`Cannot read Secret "${secret}": ${reason}`);
        said = reason;
      },
    });
    informer.onChange((now) => {
      if (!stop.signal.aborted) changed(secret, now?.data);
    });
    void informer.run(AbortSignal.any([signal, stop.signal]));
  }
}
