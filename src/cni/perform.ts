import { fstatSync, statSync } from 'node:fs';
import { messageOf } from '../base/error.ts';
import { CniCode, CniError } from './cni-error.ts';
import type { Journal, JournalEntry, JournalKey, JournalRecord } from './journal.ts';
import { Fields, type JsonObject } from './json.ts';
import { parseRequest, type RawRequest } from './parse-request.ts';
import type { CniPlugin, PluginRequest } from './plugin.ts';
import { decodeResult, encodeResult } from './result.ts';
import { impliedSpecVersion, isSpecVersion } from './spec-version.ts';

/** What stands around a plugin's own work. */
export interface PerformOptions {
  readonly signal: AbortSignal;
  /** Absent for delegates, whose caller's record covers them. */
  readonly journal?: Journal | undefined;
}

/**
 * Does what a call asks of a plugin, with the journal's records around it. Gives ADD's result in
 * the shape of the configuration's version. Throws what the plugin throws.
 */
export async function perform(
  plugin: CniPlugin,
  raw: RawRequest,
  options: PerformOptions,
): Promise<JsonObject | undefined> {
  const given = parseRequest(plugin, raw);
  const { journal, signal } = options;
  if (journal === undefined) return await performUnrecorded(plugin, given, signal);
  const request = given.verb === 'DEL' ? withRecordedResult(plugin, given, journal) : given;
  const call: RecordedCall = { plugin, request, raw, signal, journal };
  if (request.verb === 'ADD') return await recordedAdd(call);
  if (request.verb === 'GC') await recordedCollect(call);
  else await performUnrecorded(plugin, request, signal);
  if (request.verb === 'DEL') journal.remove(keyOf(call));
  return undefined;
}

/** Undoes ADDs whose process was killed in the midst; what fails is told, and stays for GC. */
export async function undoInterrupted(
  plugins: ReadonlyMap<string, CniPlugin>,
  { journal, signal, invoke }: PerformOptions & { journal: Journal } & Pick<RawRequest, 'invoke'>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const record of journal.list()) {
    const plugin = plugins.get(record.entry.type);
    if (plugin === undefined || record.result !== undefined || record.underWay) continue;
    try {
      await undo(record, { plugin, invoke, signal, journal });
    } catch (error) {
      problems.push(`${record.entry.type} ${record.entry.containerId}: ${messageOf(error)}`);
    }
  }
  return problems;
}

interface UndoTools {
  readonly plugin: CniPlugin;
  readonly invoke: RawRequest['invoke'];
  readonly signal: AbortSignal;
  readonly journal: Journal;
}

interface RecordedCall {
  readonly plugin: CniPlugin;
  readonly request: PluginRequest;
  readonly raw: RawRequest;
  readonly signal: AbortSignal;
  readonly journal: Journal;
}

async function performUnrecorded(
  plugin: CniPlugin,
  request: PluginRequest,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  if (request.verb === 'ADD') {
    return encodeResult(await plugin.add(request, signal), request.specVersion);
  }
  await plugin[methods[request.verb]](request, signal);
  return undefined;
}

const methods = {
  DEL: 'delete',
  CHECK: 'check',
  STATUS: 'status',
  GC: 'collectGarbage',
} as const;

/** A runtime that lost its cache, or speaks an old version, does not say what the ADD gave. */
function withRecordedResult(
  plugin: CniPlugin,
  request: PluginRequest,
  journal: Journal,
): PluginRequest {
  if (request.previousResult !== undefined) return request;
  const { done } = journal.read(keyOf({ plugin, request }));
  if (done?.result === undefined) return request;
  const version = new Fields(done.entry.config, 'the recorded configuration').string('cniVersion');
  const known = isSpecVersion(version) ? version : impliedSpecVersion;
  return { ...request, previousResult: decodeResult(done.result, known) };
}

async function recordedAdd(call: RecordedCall): Promise<JsonObject | undefined> {
  const { plugin, request, signal, journal } = call;
  await undoEarlier(call);
  const record = journal.begin(entryOf(call));
  if (record === undefined) throw busy(request);
  try {
    const result = encodeResult(await plugin.add(request, signal), request.specVersion);
    record.done(result);
    return result;
  } catch (error) {
    if (error instanceof SuppressedError) record.failed();
    else record.undone();
    throw error;
  }
}

/** An ADD of the same attachment whose process was killed is undone before the next one. */
async function undoEarlier({ plugin, raw, signal, journal, ...call }: RecordedCall): Promise<void> {
  const { begun } = journal.read(keyOf({ plugin, ...call }));
  if (begun === undefined || begun.underWay) return;
  await undo(begun, { plugin, invoke: raw.invoke, signal, journal });
}

async function recordedCollect(call: RecordedCall): Promise<void> {
  const { plugin, request, signal, journal, raw } = call;
  const valid = new Set(request.validAttachments.map(nameOf));
  const failures: unknown[] = [];
  const { networkName: network } = request;
  for (const record of journal.list({ type: plugin.type, network })) {
    if (record.underWay || valid.has(nameOf(record.entry))) continue;
    await collected(failures, undo(record, { plugin, invoke: raw.invoke, signal, journal }));
  }
  // Another runtime's ADD under way is in nobody's list yet.
  const underWay = journal
    .list()
    .filter((record) => record.underWay && record.entry.network === network)
    .map(({ entry }) => entry);
  const validAttachments = [...request.validAttachments, ...underWay];
  await collected(failures, plugin.collectGarbage({ ...request, validAttachments }, signal));
  if (failures.length === 0) return;
  const [first] = failures;
  if (failures.length === 1) throw first;
  const code = first instanceof CniError ? first.code : CniCode.internal;
  throw new CniError(code, failures.map(messageOf).join('; '));
}

async function collected(failures: unknown[], work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    failures.push(error);
  }
}

/** DEL by the record. Beside a done ADD a begun one was a second, and what is there is not its. */
async function undo(
  { entry, result }: JournalRecord,
  { plugin, invoke, signal, journal }: UndoTools,
): Promise<void> {
  if (result === undefined && journal.read(entry).done !== undefined) {
    journal.removeBegun(entry);
    return;
  }
  const { CNI_NETNS: path = '', ...rest } = entry.environment;
  const netns = entry.netns !== undefined && identityOf(path) === entry.netns ? path : '';
  const environment = { ...rest, CNI_NETNS: netns, CNI_COMMAND: 'DEL' };
  const input = { ...entry.config, ...(result && { prevResult: result }) };
  await plugin.delete(parseRequest(plugin, { environment, input, invoke }), signal);
  journal.remove(entry);
}

function entryOf(call: RecordedCall): JournalEntry {
  const { environment, netnsFd } = call.raw;
  const identity = identityOf(netnsFd ?? environment['CNI_NETNS'] ?? '');
  return {
    ...keyOf(call),
    environment: Object.fromEntries(
      Object.entries(environment).flatMap(([name, value]) =>
        name.startsWith('CNI_') && value !== undefined ? [[name, value]] : [],
      ),
    ),
    config: call.request.config,
    ...(identity !== undefined && { netns: identity }),
  };
}

function keyOf({ plugin, request }: Pick<RecordedCall, 'plugin' | 'request'>): JournalKey {
  const { networkName: network, containerId, interfaceName } = request;
  return { type: plugin.type, network, containerId, interfaceName };
}

function nameOf(key: Pick<JournalKey, 'containerId' | 'interfaceName'>): string {
  return `${key.containerId} ${key.interfaceName}`;
}

function identityOf(netns: string | number): string | undefined {
  try {
    const { dev, ino } = typeof netns === 'number' ? fstatSync(netns) : statSync(netns);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function busy({ containerId, interfaceName }: PluginRequest): CniError {
  return new CniError(
    CniCode.tryAgainLater,
    `Another ADD of container "${containerId}" interface "${interfaceName}" is under way`,
  );
}
