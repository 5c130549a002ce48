import { elementsOfService } from '../../../../src/network/services/plan-elements.ts';
import type { PlannedElement } from '../../../../src/network/services/planned-element.ts';
import { planService } from '../../../../src/network/services/plan-service.ts';
import { node, service, slice } from '../../../unit/network/services/objects.ts';

/** A Service of so many endpoints, whose addresses follow from a number. */
export function elementsOfMany(endpoints: number, number: number): PlannedElement[] {
  // Not the address of the DNS server, which no Service gets.
  const tail = `${((number >> 8) & 127) + 128}.${number & 255}`;
  const clusterIP = `10.${96 + (number >> 15)}.${tail}`;
  const made = Array.from({ length: endpoints }, (_, i) => `10.${150 + i}.${tail}`);
  return elementsOfService(planService(service({ clusterIP }), [slice(made)], node));
}
