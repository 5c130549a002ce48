import type { JsonObject } from '../../../api/json.ts';
import { apiVersionOf } from '../../../api/kind.ts';
import { ApiError } from '../../../api/status.ts';
import { sendJson } from '../../answer.ts';
import type { Api } from '../../api.ts';
import { type Exchange, notAllowed } from '../../exchange.ts';
import { decodeBody, mediaType, readBody } from '../../read-body.ts';
import { checkFields, readWriteOptions } from '../../write-options.ts';
import { reviewAccess, reviewOwnAccess, reviewOwnRules } from './review-access.ts';
import { reviewSelf, reviewToken } from './review-identity.ts';

/** One that is answered; its object as it was sent, and who sent it. */
export type Review = (api: Api, object: JsonObject, exchange: Exchange) => Promise<JsonObject>;

const reviews: Readonly<Record<string, Review>> = {
  SelfSubjectReview: reviewSelf,
  TokenReview: reviewToken,
  SubjectAccessReview: reviewAccess,
  LocalSubjectAccessReview: reviewAccess,
  SelfSubjectAccessReview: reviewOwnAccess,
  SelfSubjectRulesReview: reviewOwnRules,
};

/** Objects that are questions: answered when they are created, and kept nowhere. */
export async function serveReview(api: Api, exchange: Exchange): Promise<void> {
  const { request, response, route } = exchange;
  const { kind } = route;
  const review = reviews[kind.kind];
  if (request.method !== 'POST' || route.name !== '') throw notAllowed();
  if (review === undefined) {
    throw new ApiError('MethodNotAllowed', `${kind.plural} is not served yet`);
  }
  const received = decodeBody(mediaType(request), await readBody(request), kind);
  checkFields(received, readWriteOptions(exchange));
  const status = await review(api, received.object, exchange);
  await sendJson(response, 201, {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: { creationTimestamp: null, ...(received.object['metadata'] as JsonObject) },
    ...(received.object['spec'] !== undefined && { spec: received.object['spec'] }),
    status,
  });
}
