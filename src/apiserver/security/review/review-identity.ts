import { isList, type JsonObject, objectIn, textOf } from '../../../api/json.ts';
import type { UserInfo } from '../../../api/types/generated/authentication-v1.ts';
import { badRequest } from '../../../api/status.ts';
import type { Api } from '../../api.ts';
import type { Exchange } from '../../exchange.ts';
import { issuer } from '../authenticate/service-account-token.ts';
import type { User } from '../user.ts';

/** `kubectl auth whoami` */
export async function reviewSelf(
  _api: Api,
  _object: JsonObject,
  { user }: Exchange,
): Promise<JsonObject> {
  return { userInfo: infoOf(user) };
}

/** Whom a token stands for, asked by who was shown it. */
export async function reviewToken(api: Api, object: JsonObject): Promise<JsonObject> {
  const spec = objectIn(object, 'spec');
  const token = textOf(spec['token']);
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const { audiences } = spec;
  const asked = isList(audiences) && audiences.length > 0 ? audiences : [issuer];
  const holder = await api.gate.holder(token);
  if (holder === undefined) return { error: 'invalid bearer token', user: {} };
  const shared = holder.audiences.filter((audience) => asked.includes(audience));
  if (shared.length === 0) {
    const [wanted, known] = [asked, holder.audiences].map((list) => JSON.stringify(list));
    return {
      error: `token audiences ${known} is invalid for the target audiences ${wanted}`,
      user: {},
    };
  }
  return { authenticated: true, user: infoOf(holder.user), audiences: shared };
}

/** Who it is as reviews tell it. */
export function infoOf({ name, uid, groups, extra }: User): UserInfo & JsonObject {
  return {
    username: name,
    ...(uid !== '' && { uid }),
    groups,
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
