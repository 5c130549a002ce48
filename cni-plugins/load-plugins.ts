import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CniPlugin } from '../src/cni/plugin.ts';

/**
 * The plugins of these types alone: a process that runs one plugin would spend a third of its time
 * on loading the others. Their files are named after the types; what is not found so is looked for
 * in the registry.
 */
export async function loadPlugins(
  types: readonly string[],
): Promise<ReadonlyMap<string, CniPlugin>> {
  const found = new Map<string, CniPlugin>();
  for (const type of types) {
    const plugin = await loadOne(type);
    if (plugin !== undefined) found.set(type, plugin);
  }
  return found;
}

async function loadOne(type: string): Promise<CniPlugin | undefined> {
  const file = new URL(`${type}/${type}.ts`, import.meta.url);
  if (/^[a-z][a-z-]*$/.test(type) && existsSync(fileURLToPath(file))) {
    const module: unknown = await import(file.href);
    const plugin = Object.values(Object(module)).find((value) => isPlugin(value, type));
    if (plugin !== undefined) return plugin as CniPlugin;
  }
  const { plugins } = await import('./registry.ts');
  return plugins.get(type);
}

function isPlugin(value: unknown, type: string): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === type;
}
