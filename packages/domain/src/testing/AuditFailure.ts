/** A judgement: what the rules did is not what the auditor's books say. It says what was expected, not who is right. */
export class AuditFailure extends Error {
  override readonly name = "AuditFailure"
}

/** @throws AuditFailure unless the claim holds */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new AuditFailure(otherwise)
}

/**
 * Names the step of a history at which something failed.
 * @throws AuditFailure
 */
export const atStep = <A>(step: number, happens: () => A): A => {
  try {
    return happens()
  } catch (cause) {
    throw new AuditFailure(`step ${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
