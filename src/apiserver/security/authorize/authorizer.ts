import { groupsOfAll, type User } from '../user.ts';
import type { Attributes } from './attributes.ts';
import type { Decision } from './decision.ts';
import { decideForNode } from './node-authorizer.ts';
import type { NodeRelations } from './node-relations.ts';
import type { RoleIndex } from './role-index.ts';

/** Asks whether somebody may: the administrators' group first, then what nodes may, then roles. */
export class Authorizer {
  readonly roles: RoleIndex;
  readonly #relations: NodeRelations;

  constructor(roles: RoleIndex, relations: NodeRelations) {
    this.roles = roles;
    this.#relations = relations;
  }

  decide(user: User, attributes: Attributes): Decision {
    if (user.groups.includes(groupsOfAll.masters)) {
      // The binding of this group says the same, but could be deleted.
      const { allowed, reason } = this.roles.decide(user, attributes);
      return { allowed: true, reason: allowed ? reason : '' };
    }
    const forNode = decideForNode(this.#relations, user, attributes);
    if (forNode?.allowed === true) return forNode;
    const byRoles = this.roles.decide(user, attributes);
    if (byRoles.allowed || byRoles.reason !== '') return byRoles;
    return forNode ?? byRoles;
  }
}
