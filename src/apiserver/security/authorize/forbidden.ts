import { ApiError, forbidden } from '../../../api/status.ts';
import type { User } from '../user.ts';
import { type Attributes, isPath } from './attributes.ts';

/** The refusal in the words of Kubernetes, which name who wanted to do what where. */
export function forbiddenRequest(user: User, attributes: Attributes, reason: string): ApiError {
  const { verb } = attributes;
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  const because = reason === '' ? '' : `: ${reason}`;
  if (isPath(attributes)) {
    const words = `forbidden: ${who} path ${JSON.stringify(attributes.path)}${because}`;
    return new ApiError('Forbidden', words);
  }
  const { group, resource, subresource, namespace, name } = attributes;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const what = `resource ${JSON.stringify(whole)} in API group ${JSON.stringify(group)} ${where}`;
  return forbidden({ group, plural: resource }, name, `${who} ${what}${because}`);
}
