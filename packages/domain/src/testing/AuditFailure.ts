/** A judgement: what the rules did is not what the auditor's books say. It says what was expected, not who is right. */
export class AuditFailure extends Error {
  override readonly name = "AuditFailure"
}

/** @throws AuditFailure unless the claim holds */
export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new AuditFailure(otherwise)
}
