import type { Taint, Toleration } from '../../api/types/generated/core-v1.ts';

/** Whether one of the tolerations lets a pod stand the taint. */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some((toleration) => toleratesTaint(toleration, taint));
}

function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  const { key = '', effect = '', operator = 'Equal', value = '' } = toleration;
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  if (operator === 'Equal' || operator === '') return key !== '' && value === (taint.value ?? '');
  return compares(operator, value, taint.value ?? '');
}

/** `Gt` and `Lt`: the taint's value against the toleration's, whole numbers both. */
function compares(operator: string, bound: string, value: string): boolean {
  const whole = /^(0|-?[1-9]\d{0,18})$/;
  if (!whole.test(bound) || !whole.test(value)) return false;
  if (operator === 'Gt') return BigInt(value) > BigInt(bound);
  return operator === 'Lt' && BigInt(value) < BigInt(bound);
}

/** Whether the taint keeps pods off the node that do not tolerate it. */
export function isHard({ effect }: Taint): boolean {
  return effect === 'NoSchedule' || effect === 'NoExecute';
}
