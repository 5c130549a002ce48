import type { IncomingMessage } from 'node:http';
import { ApiError, badRequest } from '../../api/status.ts';
import { messageOf } from '../../base/error.ts';
import type { Api } from '../api.ts';
import { type Exchange, naturalIn, placeOfRoute } from '../exchange.ts';
import { chooseContainer, kubeletPath, locateAtKubelet } from './locate-container.ts';
import { passBack, passOn } from './pass-on.ts';
import { addressText, type Target } from './target.ts';

const options = [
  'follow',
  'previous',
  'timestamps',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'stream',
];
const longestComplaintBytes = 10_000;

/** `pods/NAME/log`: what a container has written, from its kubelet. */
export async function serveLog(api: Api, exchange: Exchange): Promise<void> {
  const { route, query, request, response, signal } = exchange;
  const place = placeOfRoute(route);
  const pod = await api.registry.get(place);
  for (const name of ['tailLines', 'limitBytes', 'sinceSeconds']) naturalIn(query, name);
  if (query.has('sinceSeconds') && query.has('sinceTime')) {
    throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  const container = chooseContainer(pod, place.name, query.get('container') ?? '');
  const asked = new URLSearchParams(
    options.flatMap((name) => query.getAll(name).map((value): [string, string] => [name, value])),
  );
  const words = asked.size === 0 ? '' : `?${asked.toString()}`;
  const path = kubeletPath('containerLogs', place, container) + words;
  const target = await locateAtKubelet(api, pod, path);
  // Nothing was written yet where nothing ran.
  if (target === undefined) return void response.writeHead(200, plainText).end();
  const headers = { 'user-agent': request.headers['user-agent'] ?? '' };
  const answer = await passOn(api.kubelets, { target, method: 'GET', headers, signal }).catch(
    (error: unknown) => {
      throw unreachable(target, error);
    },
  );
  await checkAnswer(answer, `( pods/log ${place.name})`);
  await passBack(answer, response, () => plainText);
}

const plainText = { 'content-type': 'text/plain' };

function unreachable(target: Target, error: unknown): ApiError {
  const url = `https://${addressText(target)}${target.path}`;
  return new ApiError('InternalError', `Get ${JSON.stringify(url)}: ${messageOf(error)}`);
}

/** What a kubelet refuses is told in its words. */
async function checkAnswer(answer: IncomingMessage, about: string): Promise<void> {
  const code = answer.statusCode ?? 500;
  if (code >= 200 && code <= 206) return;
  const text = await readSome(answer);
  if (code === 400) throw badRequest(text);
  if (code === 404) {
    const words = `the server could not find the requested resource ${about}`;
    throw new ApiError('NotFound', words);
  }
  if (code === 401 || code === 403) {
    throw new ApiError('Forbidden', `the kubelet does not let this server in: ${text}`);
  }
  throw new ApiError('InternalError', `Internal error occurred: ${text}`);
}

async function readSome(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of answer as AsyncIterable<Buffer>) {
    text += part.toString('utf8');
    if (text.length > longestComplaintBytes) break;
  }
  return text.slice(0, longestComplaintBytes).trim();
}
