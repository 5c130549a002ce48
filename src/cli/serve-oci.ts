import { join } from 'node:path';
import type { Logger } from '../base/log.ts';
import { Scopes } from '../cgroup/systemd/scopes.ts';
import { openHierarchy } from '../cgroup/hierarchy.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import { SeccompCache } from '../kernel/seccomp/seccomp-cache.ts';
import { OciService } from '../oci/service.ts';

/** The planner of `keelson oci`, resident in the runtime. */
export function serveOci(config: RuntimeConfig, log: Logger): OciService {
  const seccomp = new SeccompCache(join(config.state, 'seccomp'));
  const context = {
    hierarchy: openHierarchy(),
    scopes: new Scopes(),
    missingControllers: config.missingControllers,
    compileSeccomp: seccomp.compile.bind(seccomp),
  };
  return new OciService(config.state, context, log);
}
