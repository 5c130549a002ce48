/**
 * Creates the objects of a YAML file in the cluster of $KUBECONFIG, for machines without kubectl:
 * node scripts/apply.ts FILE. Objects that are there already stay as they are.
 */
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { HttpClient } from '../src/api/client/http-client.ts';
import { readKubeconfig } from '../src/api/client/kubeconfig.ts';
import type { ApiObject } from '../src/api/client/resources.ts';
import { textOf } from '../src/api/json.ts';
import { findKind } from '../src/api/kinds.ts';
import { ApiError } from '../src/api/status.ts';

const [path = ''] = process.argv.slice(2);
const address = await readKubeconfig(process.env['KUBECONFIG'] ?? '');
await using client = new HttpClient(address, 'scripts-up');
for (const document of parseAllDocuments(readFileSync(path, 'utf8'))) {
  const object = document.toJS() as ApiObject;
  const kind = findKind(textOf(object['apiVersion']), textOf(object['kind']));
  if (kind === undefined) throw new Error(`${path}: unknown kind ${textOf(object['kind'])}`);
  const name = `${kind.plural}/${object.metadata?.name ?? ''}`;
  try {
    const namespace = kind.namespaced ? { namespace: 'default' } : {};
    await client.create({ kind }, { ...object, metadata: { ...namespace, ...object.metadata } });
    console.log(`${name} created`);
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    console.log(`${name} is there already`);
  }
}
