export const serviceFlags: ReadonlyArray<string>
export const serviceEnvironment: Readonly<Record<string, string>>
