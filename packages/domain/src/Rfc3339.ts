/** Times as RFC 3339 writes them, which is what events may say. It converts nothing by itself. */

export const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/

/** The last millisecond whose year has four digits, as RFC 3339 wants. */
export const timeMax = Date.parse("9999-12-31T23:59:59.999Z")
