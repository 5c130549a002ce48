import { once } from 'node:events';
import { type IncomingMessage, request as startRequest } from 'node:http';

export interface Asked {
  readonly host?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Answered {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export async function ask(port: number, asked: Asked = {}): Promise<Answered> {
  const { host = 'web.example', path = '/', method = 'GET', headers = {}, body } = asked;
  const sent = startRequest({
    host: '127.0.0.1',
    port,
    path,
    method,
    headers: { host, ...headers },
    agent: false,
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return await read(answer);
}

export async function read(answer: IncomingMessage): Promise<Answered> {
  return { code: answer.statusCode ?? 0, headers: answer.headers, text: await bodyOf(answer) };
}

export async function bodyOf(message: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of message) text += String(chunk);
  return text;
}
