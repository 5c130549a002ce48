import { isDomainError, messageOf } from '../base/error.ts';
import { applySettings, type Applied, type ApplyOptions } from './apply-settings.ts';
import { loadDeviceFilter } from './attach-device-filter.ts';
import { defaultDeviceRules, type DeviceRule } from './device-rule.ts';
import type { CgroupFolder } from './folder.ts';
import { planResources } from './plan-resources.ts';
import type { Resources } from './resources.ts';

export async function applyResources(
  folder: CgroupFolder,
  resources: Resources,
  options: ApplyOptions = {},
): Promise<Applied> {
  const settings = planResources(resources);
  // Loaded before anything is written: what can fail of the filter fails here.
  const filter = loadFilter(folder, resources.devices, options);
  const { notEnforced } = await applySettings(folder, settings, {
    checkMemoryUsage: resources.memory?.checkBeforeUpdate === true,
    ...options,
  });
  filter.attach?.();
  return { notEnforced: [...notEnforced, ...filter.notEnforced] };
}

interface Filter extends Applied {
  readonly attach?: () => void;
}

function loadFilter(
  folder: CgroupFolder,
  rules: readonly DeviceRule[] | undefined,
  options: ApplyOptions,
): Filter {
  if (rules === undefined) return { notEnforced: [] };
  try {
    const { attach } = loadDeviceFilter(folder, [...rules, ...defaultDeviceRules]);
    return { attach, notEnforced: [] };
  } catch (error) {
    if (options.missingControllers !== 'warn' || !isDomainError(error, 'unsupported')) throw error;
    return { notEnforced: [messageOf(error)] };
  }
}
